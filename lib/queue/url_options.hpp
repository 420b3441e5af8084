// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// The URL of a source or destination: `SCHEME:PATH[?NAME=VALUE[&NAME=VALUE...]]`, or `-`.
/// Path and values may have %XX for any byte but NUL; a `?` in a path must be written `%3F`.
/// `file:///a` is the same as `file:/a`.
class QueueUrl {
 public:
  /// Error: names the URL up to its path, and what is wrong with it.
  static Result<QueueUrl> parse(std::string_view url);

  const std::string& scheme() const { return scheme_; }  ///< Small letters; `-` for stdio.
  const std::string& path() const { return path_; }

  /// Error: an option that is not among those, with a list of them.
  Result<void> allow(const std::vector<std::string_view>& known) const;
  /// 1, yes, true, on or nothing is true; 0, no, false, off and an absent option are false.
  Result<bool> flag(std::string_view name) const;
  /// A size in bytes, such as 4096, 64KiB, 16MiB, 1GiB (also k, M, G); greater than 0.
  Result<std::uint64_t> size(std::string_view name, std::uint64_t otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;

 private:
  const std::string* value_of(std::string_view name) const;
  std::string scheme_;
  std::string path_;
  std::vector<std::pair<std::string, std::string>> options_;
};

/// The text with %XX as the bytes they mean; nothing if one is incomplete or means NUL.
std::optional<std::string> percent_decoded(std::string_view text);

/// The scheme of a URL without looking at the rest; empty: it has none.
std::string url_scheme(std::string_view url);

}  // namespace intelmq
