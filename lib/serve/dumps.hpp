// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "serve/bundle.hpp"

namespace intelmq::serve {

/// The bundles in a directory: ID.tar, and ID.json with what is to be told of it. Members may be
/// called on any thread.
class Dumps {
 public:
  static constexpr std::size_t most = 100;

  explicit Dumps(std::string directory) : directory_{std::move(directory)} {}

  /// Makes the directory and removes what a crash left of unfinished dumps.
  Result<void> prepare() const;

  std::string path_of(const std::string& id) const { return directory_ + '/' + id + ".tar"; }
  /// Where the members of a dump are gathered before it is written.
  std::string workshop_of(const std::string& id) const { return directory_ + '/' + id + ".work"; }
  /// Ends a dump's gathering, however it went.
  void clear_workshop(const std::string& id) const;

  /// Makes a bundle that lies at its place known: {"id", "path", "bytes", "sha256", "created",
  /// "purpose", "manifest"}. Without success the bundle is removed.
  Result<Json> add(const std::string& id, const Bundle& bundle) const;
  /// By id, the newest first.
  std::vector<Json> list() const;
  /// Nothing: there is none.
  std::optional<Json> find(const std::string& id) const;
  bool remove(const std::string& id) const;

 private:
  std::string directory_;
};

}  // namespace intelmq::serve
