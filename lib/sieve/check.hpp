// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/harmonization.hpp"
#include "sieve/moment.hpp"
#include "sieve/syntax.hpp"
#include "type/ip.hpp"
#include "type/regex.hpp"

namespace intelmq::sieve {

/// Checks names and values of a rules file against the fields and their types. The first mistake
/// is kept as the error; what is suspicious but cannot stop the original becomes a warning.
class Check {
 public:
  Check(std::string_view file, const Harmonization& harmonization,
        std::vector<std::string>& warnings)
      : file_{file}, harmonization_{harmonization}, warnings_{warnings} {}

  bool failed() const { return !error_.text.empty(); }
  const Error& error() const { return error_; }
  void fail(Place place, std::string_view text);

  /// The field of that name. If there is none: an error when the rule cannot work without it,
  /// else a warning and nothing.
  std::optional<FieldName> field(const Key& key, bool must_exist);
  /// Texts that are compared with an address must be addresses.
  void texts(const MatchSyntax& match);
  /// Numbers are only compared with fields that hold numbers.
  void numeric(const MatchSyntax& match);
  std::vector<IpNetwork> networks(const std::vector<Operand>& values);
  std::optional<Regex> regex(const Operand& value);
  /// A bound in time; a warning and nothing if it cannot be read.
  std::optional<Moment> moment(const Operand& value);
  /// The constant as an event carries it in that field; empty when that is only known at run time.
  /// An error if the field cannot hold it.
  std::string constant(const FieldName& field, std::string_view json, Place place);
  /// Seconds of the span behind += or -=.
  std::int64_t span(const Operand& value, std::string_view sign);

 private:
  void warn(Place place, std::string_view text);
  std::optional<FieldType> type_of(const Key& key) const;

  std::string file_;
  const Harmonization& harmonization_;
  std::vector<std::string>& warnings_;
  Error error_;
};

}  // namespace intelmq::sieve
