// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "spec/spec.hpp"

namespace intelmq {

/// What happens to an event that lacks what a bot needs.
enum class Lacking : std::uint8_t { passes, rejected, dropped };

/// A group of fields that a bot needs: all of them, or any.
struct NeededFields {
  std::vector<std::string> names;
  bool all = true;
  Lacking effect = Lacking::passes;

  /// `source.ip or source.fqdn`
  std::string text() const;
};

/// A field that a bot sets.
struct MadeField {
  std::string name;
  std::string when;  ///< Only on events that have this field; empty: on any.
  bool certain = false;
};

/// A `--describe` document (intelmq-describe/1) as the checks of pipelines see it.
struct Sheet {
  std::string program;  ///< "intelmq-expert-taxonomy"
  Kind kind = Kind::expert;
  std::string summary;
  std::string module;              ///< The twin in IntelMQ; may be empty.
  std::vector<std::string> paths;  ///< With `_default`; "*": any.
  std::vector<std::string> input_formats, output_formats;
  std::vector<NeededFields> needs;
  std::vector<MadeField> makes;
  std::vector<std::string> removes;
  bool keeps_all = true;           ///< Fields it does not mention pass through,
  std::vector<std::string> keeps;  ///< or else these alone.
  bool dynamic = false;            ///< It may set any field.
  bool drops = false;              ///< Not every event leaves.
  std::int64_t rss_bytes = 0;
  std::int64_t disk_bytes = 0;
  std::optional<std::int64_t> most_instances;
  Json document;

  /// Error: names the member that is missing or wrong.
  static Result<Sheet> read(Json document);

  bool has_path(std::string_view path) const;
};

/// The kind of that name: `collector`, `parser`, ...
std::optional<Kind> kind_named(std::string_view name);

/// The document without what only a single bot's page shows: parameters, exit codes, signals.
Json main_members(const Json& document);

}  // namespace intelmq
