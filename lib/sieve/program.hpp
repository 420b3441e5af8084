// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/event.hpp"
#include "event/harmonization.hpp"
#include "sieve/rules.hpp"

namespace intelmq::sieve {

/// A path that a rules file sends events to, and where it says so.
struct PathUse {
  std::string name;
  std::uint32_t line = 0;
};

/// What a rules file does with fields.
struct FieldUses {
  std::vector<FieldName> reads, sets, removes;
  bool any = false;  ///< Some names are known only at run time.
};

/// A compiled rules file. Everything that can be decided before the first event is.
class Program {
 public:
  /// Compiles a source; `file` is the name in messages.
  /// Error: `FILE:LINE:COLUMN: what; remedy`.
  static Result<Program> compile(std::string_view source, std::string_view file,
                                 const Harmonization& harmonization);
  /// Compiles a file. Error: as above, or why it cannot be read.
  static Result<Program> load(const std::string& path, const Harmonization& harmonization);

  /// Runs the rules over an event: sets and removes fields, drops it, routes it. What the rules
  /// cannot do with its values rejects it.
  void run(Event& event);
  /// Also appends the action texts of what ran, as JSON strings.
  void run(Event& event, std::vector<std::string_view>& ran);

  /// Rules that can never match and the like, each with `FILE:LINE:COLUMN: `.
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<PathUse>& paths() const { return paths_; }
  const FieldUses& fields() const { return fields_; }

 private:
  friend class Compiler;
  Program() = default;
  void run(Event& event, std::vector<std::string_view>* ran);

  Code code_;
  std::vector<std::uint32_t> keys_;     // the numbers that events have for the code's names, ...
  std::uint64_t key_numbers_ = 0;       // ... and the state of their numbers to which these belong
  std::vector<std::string> variables_;  // their names
  std::vector<std::string> warnings_;
  std::vector<PathUse> paths_;
  FieldUses fields_;
  std::string scratch_, other_scratch_;
  std::vector<std::string_view> have_, wanted_;
  std::vector<std::optional<std::string_view>> values_;
};

}  // namespace intelmq::sieve
