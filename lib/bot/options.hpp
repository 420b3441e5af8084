// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/bot.hpp"
#include "spec/parameter.hpp"

namespace intelmq {

enum class RecordFormat : std::uint8_t { report, raw };
constexpr auto names_of(RecordFormat) { return std::array<std::string_view, 2>{"report", "raw"}; }

enum class Surface : std::uint8_t { man, bash, zsh, fish, markdown, schema };
constexpr auto names_of(Surface) {
  return std::array<std::string_view, 6>{"man", "bash", "zsh", "fish", "markdown", "schema"};
}

enum class ErrorProcedure : std::uint8_t { pass, stop };
constexpr auto names_of(ErrorProcedure) { return std::array<std::string_view, 2>{"pass", "stop"}; }

enum class RunMode : std::uint8_t { continuous, scheduled };
constexpr auto names_of(RunMode) {
  return std::array<std::string_view, 2>{"continuous", "scheduled"};
}

constexpr auto names_of(LogLevel) {
  return std::array<std::string_view, 4>{"debug", "info", "warning", "error"};
}

/// The parameters that every program takes, and those of all parsers, collectors or outputs.
/// Which of them a bot has is decided by `common_parameters`.
struct Options {
  // streams
  std::string source = "-";
  std::vector<std::string> destination = {"-"};
  bool load_balance = false;
  RecordFormat input_format = RecordFormat::report;
  RecordFormat output_format = RecordFormat::report;
  ByteSize max_line{16u << 20};
  bool validate = false;
  std::int64_t batch_size = 64;
  Duration batch_wait = std::chrono::milliseconds(100);
  // feed
  std::optional<std::string> name, code, provider, documentation, feed_url;
  double accuracy = 100;
  Json default_fields;
  std::vector<FieldName> copy_collector_provided_fields;
  // errors
  std::optional<std::string> dead_letters;
  std::string max_errors = "0";
  bool strict = false;
  std::optional<ErrorProcedure> error_procedure;
  std::optional<std::int64_t> error_max_retries;
  Duration error_retry_delay = std::chrono::seconds(15);
  // running
  std::optional<std::string> parameters, runtime, id, harmonization;
  bool stats = false;
  std::optional<std::string> statistics;  ///< Nothing or empty: none are written.
  LogLevel logging_level = LogLevel::info;
  std::optional<RunMode> run_mode;
  Duration rate_limit;
  // inspect
  bool help = false, version = false, describe = false, config_test = false;
  bool connection_test = false, self_test = false, show_parameters = false, json = false;
  std::optional<Surface> generate;
};

/// The runner's parameters that a bot of this shape has, in the order in which help lists them.
std::vector<Parameter> common_parameters(Shape shape);

/// Parameters of IntelMQ that files may hold although a program started by a shell or a service
/// manager has no use for them; nothing looks at their values.
bool is_intelmq_only(std::string_view name);

}  // namespace intelmq
