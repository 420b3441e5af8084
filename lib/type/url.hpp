// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// The parts of a URL as Python 3.11's urllib.parse names them. Nothing is decoded.
struct SplitUrl {
  std::string scheme;  ///< Lower case.
  std::string netloc;
  std::string path;
  std::string params;  ///< Behind the `;` of the last path segment; only from parse_url().
  std::string query;
  std::string fragment;

  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> hostname;  ///< Lower case, without brackets; absent if empty.
  std::optional<long> port;             ///< 0 to 65535; absent if there is none or it is bad.
  bool port_error = false;              ///< Whether there is a port that is no such number.
};

/// urlsplit(text): leading controls and blanks and every tab and line break are dropped. An error
/// for bad brackets and for a host that NFKC would turn into other parts of a URL.
Result<SplitUrl> split_url(std::string_view text);

/// urlparse(text): as split_url(), with `params` cut off the path.
Result<SplitUrl> parse_url(std::string_view text);

/// Whether a URL field may hold a text as it is; `error` where Python raises instead of answering.
enum class UrlCheck { valid, invalid, error };
UrlCheck check_url(std::string_view text);
bool valid_url(std::string_view text);

/// A URL field made of text: stripped, `hxxp` mended, `file:` without host given `localhost`;
/// nothing if it has no host then, or cannot be split.
std::optional<std::string> sanitise_url(std::string_view text);

}  // namespace intelmq
