// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "event/field.hpp"
#include "spec/parameter.hpp"

namespace intelmq {

enum class Kind : std::uint8_t { collector, parser, expert, transformer, output };
std::string_view name_of(Kind kind);

/// A field the bot may set. `always(f)` promises it on every event that leaves,
/// `given(w, f)` sets it only on events that have `w`.
struct Produced {
  Produced(FieldName field) : name{std::move(field)} {}
  Produced(FieldId field) : name{field} {}
  template <FieldType T>
  Produced(Field<T> field) : name{field} {}
  FieldName name;
  bool certain = false;
  std::optional<FieldName> when;
};
Produced always(FieldName field);
Produced given(FieldName when, FieldName field);

/// What a bot needs of an event and does to it. `extra` stands for all of `extra.*`.
struct FieldUse {
  std::vector<FieldName> needs;      ///< All of them, or the event passes byte for byte.
  std::vector<FieldName> needs_any;  ///< At least one of them, or the event passes byte for byte.
  std::vector<FieldName> reads;      ///< Looked at when there.
  std::vector<Produced> sets;
  std::vector<FieldName> removes;
  bool any_field = false;  ///< Which fields depends on the data or the configuration.
};

/// An example that is run as a test and shown in help, man page and README.
struct Example {
  std::string_view about;        ///< One line: what it shows.
  std::string_view args;         ///< Options, split as a shell would.
  std::string_view input;        ///< Lines on standard input.
  std::string_view output;       ///< Lines expected on standard output, compared as JSON.
  std::string_view failed = {};  ///< Part of the reason when a record is expected to fail.
};

struct Maintainer {
  std::string_view name, email;
};

/// Where newer data comes from unless its policy says otherwise.
struct DataSource {
  std::string_view protocol;  ///< "geoipupdate" or "http"; empty: nobody knows.
  std::string_view what;      ///< The edition, or the URL.
};

/// A file of external data with its age limits in days (0: no limit).
struct ExternalData {
  std::string_view name, kind, parameter;
  bool required = true;
  int warn_days = 0, max_days = 0, expire_days = 0;
  bool expired_is_ready = false;  ///< What has expired is used on, and the bot still ready.
  std::vector<std::string_view> database_types = {};  ///< MMDB: what the bot can read.
  DataSource source = {};
  std::int64_t bytes = 0;  ///< About; 0: unknown.
};

struct Resources {
  std::int64_t rss_bytes = 8'000'000;
  double cpu_us_per_event = 1.0;
  std::int64_t disk_bytes = 0;
  std::string_view growth = "constant";  ///< Of memory: "constant", or what it grows with.
};

enum class Scaling : std::uint8_t { stateless, partitioned, shared_state, singleton };

/// What one bot says about itself, with the type of its parameters erased.
struct Description {
  Kind kind = Kind::expert;
  std::string name;     ///< Without kind: "asn-lookup".
  std::string summary;  ///< One sentence.
  std::string details;  ///< Paragraphs for the man page, separated by blank lines.
  std::vector<Parameter> params;
  FieldUse fields;
  /// Fields as a function of the parameters, for bots whose configuration names them.
  std::function<FieldUse(const void* params)> fields_of;
  std::vector<std::string_view> paths;  ///< Named paths beside `_default`; "*": any.
  std::vector<Example> examples;
  std::vector<Maintainer> maintainers;
  std::vector<ExternalData> data;
  Resources resources;
  Scaling scaling = Scaling::stateless;
  std::string_view state;  ///< Empty: none; else what is remembered.
  /// The parameter that says where: `file:PATH...` or a path, else it is not in a file.
  std::string_view state_parameter;
  std::string_view output_format;  ///< Empty: dho/1.
  std::string_view module;         ///< The twin's module in IntelMQ; empty: derived or none.
  std::string_view operands;       ///< What the command line has behind the options; bots: nothing.
  double max_out = 1;              ///< Events out per event in; negative: unbounded.
  double min_out = 1;              ///< 0: the bot drops events.

  std::string program() const;  ///< "intelmq-expert-asn-lookup"
};

/// The data sheet as a bot writes it. Members left out mean "none".
template <class P>
struct Spec {
  std::string_view name;
  std::string_view summary;
  std::string_view details = {};
  std::vector<Parameter> params = {};
  std::vector<FieldName> needs = {};
  std::vector<FieldName> needs_any = {};
  std::vector<FieldName> reads = {};
  std::vector<Produced> sets = {};
  std::vector<FieldName> removes = {};
  bool any_field = false;
  FieldUse (*fields)(const P& params) = nullptr;
  std::vector<std::string_view> paths = {};
  std::vector<Example> examples = {};
  std::vector<Maintainer> maintainers = {};
  std::vector<ExternalData> data = {};
  Resources resources = {};
  Scaling scaling = Scaling::stateless;
  std::string_view state = {};
  std::string_view state_parameter = {};
  std::string_view output_format = {};
  std::string_view module = {};
  bool drops = false;  ///< Events may be dropped on purpose.
};

}  // namespace intelmq
