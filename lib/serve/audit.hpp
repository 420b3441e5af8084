// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "serve/work.hpp"

namespace intelmq::serve {

/// Which records of the audit log to read.
struct AuditQuery {
  std::string since;        ///< RFC 3339, UTC; empty: from the beginning.
  std::string actor;        ///< The name of who did it; empty: anybody.
  std::size_t limit = 100;  ///< The last so many.
};

/// Who did what, in lines that nobody can change unnoticed.
class Audit {
 public:
  virtual ~Audit() = default;
  /// Appends a record (an object; time, number and hash are added) and calls once it is on disk,
  /// or cannot be. Records are written in the order of the calls.
  virtual void write(Json record, std::function<void(Result<void>)> then) = 0;
  /// Reads records back; older than the last 8 MiB of the file are not looked at.
  virtual void read(AuditQuery query, std::function<void(Result<std::vector<Json>>)> then) = 0;
  /// Opens the file by its name again, after it was renamed; the chain goes on in the new one.
  virtual void reopen() = 0;

  /// Lines {"time", "seq", "prev", ..., "hash"} are appended to this file, mode 0600. `hash` is
  /// the SHA-256 of the line up to it, `prev` that of the line before, over restarts too. Error:
  /// the file cannot be opened, or its last line is not one of ours. `written` is told each line
  /// once it is on disk.
  using Written = std::function<void(std::string_view line)>;
  static Result<std::unique_ptr<Audit>> open(Work work, std::string path, Written written = {});
};

/// What `verify_audit` found.
struct AuditChain {
  std::uint64_t lines = 0;
  std::uint64_t first = 0, last = 0;  ///< Their numbers.
  std::string before, hash;  ///< `prev` of the first line (zeros: the chain begins here), `hash` of
                             ///< the last: they connect files.
};
/// Checks every line of the file. Error: names the first bad line and what is wrong with it.
Result<AuditChain> verify_audit(const std::string& path);

}  // namespace intelmq::serve
