// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "type/regex.hpp"
#include "type/time_format.hpp"

namespace intelmq {

/// What the configuration of a table's parser says about its columns, in IntelMQ's forms.
struct ColumnOptions {
  Json columns;   ///< A list, or a text with commas; a column may name fields:
                  ///< `source.ip|source.fqdn`.
  Json required;  ///< For each column whether a cell that fits nowhere fails the row; null: all.
  Json regex_search;         ///< Field -> expression; the first match is the value.
  Json data_type;            ///< Field -> "json".
  Json type_translation;     ///< Text of the cell -> classification.type.
  std::string url_protocol;  ///< Put before a `.url` without `://`.
  std::string time_format;   ///< Of time.source; see time_format.hpp.
  bool has_type = false;     ///< Whether a fixed classification.type is configured.
};

/// Pairs of texts out of a parameter: an object, a list of objects, nothing (null or ""). Error:
/// names what the parameter is.
Result<std::vector<std::pair<std::string, std::string>>> text_pairs(const Json& value);

/// The names of the columns, blanks around them removed; empty ones count.
Result<std::vector<std::string>> column_names(const Json& columns);

/// Puts the cells of a row into the fields of an event.
class Columns {
 public:
  /// Error: names the parameter, the column and what is wrong with it.
  static Result<Columns> compile(const ColumnOptions& options, const Harmonization& fields);

  /// Sets the fields; the event is rejected when a cell that is required fits into none of its
  /// fields, a field is there already, or a time or JSON cannot be read. `unplain`: a bit
  /// for every cell that is not known to be empty or plain (see event/clean.hpp); the last one is
  /// for all cells from there on.
  void fill(std::span<const std::string_view> cells, Event& event,
            std::uint64_t unplain = ~std::uint64_t{0});

  /// Every field that a column may set.
  std::vector<FieldName> fields() const;

 private:
  enum class Form : std::uint8_t { text, time, url, type, json };
  enum class Tried : std::uint8_t { done, next, rejected };
  struct Target {
    FieldName field;
    Form form = Form::text;
    std::shared_ptr<const Regex> regex;
  };
  struct Column {
    std::vector<Target> targets;
    std::optional<FieldId> quick;  ///< Plain cells may go straight into this field.
    bool quick_time = false;       ///< Times in the usual form may.
    bool ignored = false;  ///< A cell that fits none of the targets is passed over in silence.
    bool required = true;
  };

  explicit Columns(TimeFormat time_format) : time_format_{std::move(time_format)} {}
  Result<Column> read_column(std::string_view names, const ColumnOptions& options,
                             const Harmonization& fields) const;
  Result<void> read_required(const Json& required);
  static bool fill_time(std::string_view cell, Event& event);
  bool fill_cell(const Column& column, std::string_view cell, Event& event);
  Tried try_target(const Target& target, std::string_view cell, Event& event);
  Tried add_time(const Target& target, std::string_view value, Event& event);
  Tried add_type(const Target& target, std::string_view value, Event& event);
  Tried add_json(const Target& target, std::string_view value, Event& event);
  Tried add_url(const Target& target, std::string_view value, Event& event);
  Tried add(const Target& target, std::string_view value, Event& event);
  Tried judge(Added added, Event& event);

  TimeFormat time_format_;
  bool fuzzy_ = true, has_type_ = false, plain_ = false;
  std::string url_protocol_;
  std::vector<std::pair<std::string, std::string>> translation_;
  std::vector<Column> columns_;
  Captures captures_;
  std::string scratch_, reason_;
};

}  // namespace intelmq
