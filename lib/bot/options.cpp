// SPDX-License-Identifier: Apache-2.0
#include "bot/options.hpp"

#include <algorithm>
#include <array>

namespace intelmq {
namespace {

using std::string_view;

template <auto Member>
Parameter option(Group group, string_view name, string_view summary) {
  return param<Member>(name, summary, Need::optional, group);
}

template <auto Member>
Parameter inspect(string_view name, string_view summary) {
  return param<Member>(name, summary, Need::optional, Group::inspect);
}

void add_feed(std::vector<Parameter>& out, Shape shape) {
  const Group g = Group::feed;
  if (shape == Shape::collector) {
    out.push_back(option<&Options::name>(g, "name", "Name of the feed: feed.name."));
  } else {
    out.push_back(option<&Options::name>(g, "feed_name",
                                         "With --input-format raw: name of the feed, feed.name."));
    out.push_back(option<&Options::feed_url>(
        g, "feed_url", "With --input-format raw: where the feed comes from, feed.url."));
  }
  out.push_back(option<&Options::code>(g, "code", "Short code of the feed: feed.code."));
  out.push_back(option<&Options::provider>(g, "provider", "Who provides the feed: feed.provider."));
  out.push_back(option<&Options::documentation>(
      g, "documentation", "Where the feed is documented: feed.documentation."));
  out.push_back(option<&Options::accuracy>(
      g, "accuracy", "How far the feed can be trusted, 0 to 100: feed.accuracy."));
  if (shape != Shape::parser) return;
  out.push_back(option<&Options::default_fields>(
      g, "default_fields", "Fields and values that every event gets unless it has them."));
  out.push_back(option<&Options::copy_collector_provided_fields>(
      g, "copy_collector_provided_fields", "More fields of the report that its events get."));
}

void add_streams(std::vector<Parameter>& out, Shape shape) {
  const Group g = Group::streams;
  if (shape != Shape::collector)
    out.push_back(option<&Options::source>(
        g, "source",
        "Where events come from: - (standard input), file:PATH, dir:PATH or a queue "
        "such as redis://HOST/DB/QUEUE (see intelmq-queues(7))."));
  if (shape != Shape::output)
    out.push_back(option<&Options::destination>(
        g, "destination",
        "Where events go to: - (standard output), file:PATH, dir:PATH or a queue such as "
        "redis://HOST/DB/QUEUE (see intelmq-queues(7)); PATH=URL for a named path of the bot."));
  if (shape != Shape::output)
    out.push_back(option<&Options::load_balance>(
        g, "load_balance",
        "An event goes to one destination of its path, in turn, instead of to all."));
  if (shape == Shape::parser)
    out.push_back(option<&Options::input_format>(
        g, "input_format", "What arrives: reports, or raw, the feed itself."));
  if (shape == Shape::collector)
    out.push_back(option<&Options::output_format>(
        g, "output_format", "What leaves: reports, or raw, the feed itself."));
  if (shape != Shape::collector && shape != Shape::parser) {
    out.push_back(option<&Options::validate>(
        g, "validate", "Check and sanitise every field of every event, not only those in use."));
  }
  if (shape != Shape::collector)
    out.push_back(option<&Options::max_line>(
        g, "max_line", "Longest line; what is longer goes to the dead letters."));
  if (shape == Shape::batch || shape == Shape::output) {
    out.push_back(
        option<&Options::batch_size>(g, "batch_size", "Most events that are handled together."));
    out.push_back(option<&Options::batch_wait>(g, "batch_wait",
                                               "Longest time that an event waits for others."));
  }
}

void add_errors(std::vector<Parameter>& out) {
  const Group g = Group::errors;
  out.push_back(option<&Options::dead_letters>(
      g, "dead_letters", "File that records which failed are appended to, with the reason."));
  out.push_back(option<&Options::max_errors>(
      g, "max_errors", "Failed records that are acceptable: a number or a percentage such as 5%."));
  out.push_back(option<&Options::strict>(g, "strict", "Stop at the first record that fails."));
  out.push_back(option<&Options::error_procedure>(
      g, "error_procedure",
      "As in IntelMQ: pass goes on after failed records and ends with 0, stop stops."));
  out.push_back(option<&Options::error_max_retries>(
      g, "error_max_retries",
      "As in IntelMQ: how often an output tries again; implies the error procedure pass."));
  out.push_back(option<&Options::error_retry_delay>(g, "error_retry_delay",
                                                    "Time between two tries of an output."));
}

void add_running(std::vector<Parameter>& out, Shape shape) {
  const Group g = Group::running;
  out.push_back(option<&Options::parameters>(
      g, "parameters", "File with parameters by their IntelMQ names, JSON or YAML."));
  out.push_back(option<&Options::runtime>(
      g, "runtime",
      "IntelMQ's runtime.yaml; takes parameters and queues of the bot named by --id."));
  out.push_back(option<&Options::id>(g, "id", "Id of the bot in --runtime and --statistics."));
  out.push_back(
      option<&Options::harmonization>(g, "harmonization", "The site's own harmonization.conf."));
  out.push_back(option<&Options::stats>(
      g, "stats",
      "At the end print one line of JSON with what was read, written, dropped, failed."));
  out.push_back(option<&Options::statistics>(
      g, "statistics",
      "Redis server that gets these numbers every two seconds, as IntelMQ writes them: "
      "redis://[[USER:]PASSWORD@]HOST[:PORT][/DB]."));
  out.push_back(option<&Options::run_mode>(
      g, "run_mode",
      shape == Shape::collector ? "As in IntelMQ: continuous collects again and again, scheduled "
                                  "once. Without --runtime, "
                                  "or with --destination, scheduled is the default."
                                : "As in IntelMQ: scheduled ends the bot after one record."));
  out.push_back(option<&Options::rate_limit>(
      g, "rate_limit",
      shape == Shape::collector
          ? "With the run mode continuous: time from one collection to the next."
          : "Time to wait after each record; each is delivered before."));
  out.push_back(option<&Options::logging_level>(g, "logging_level",
                                                "Least level of messages on standard error."));
}

void add_inspect(std::vector<Parameter>& out) {
  out.push_back(inspect<&Options::help>("help", "Show this help."));
  out.push_back(inspect<&Options::version>("version", "Show the version."));
  out.push_back(
      inspect<&Options::describe>("describe", "Print what the bot says of itself, as JSON."));
  out.push_back(inspect<&Options::config_test>(
      "config_test", "Check parameters and data files; no connection is made."));
  out.push_back(inspect<&Options::connection_test>(
      "connection_test", "Open what the bot reads from and writes to, and nothing more."));
  out.push_back(inspect<&Options::self_test>("self_test",
                                             "Run the bot's examples with the given parameters."));
  out.push_back(inspect<&Options::show_parameters>(
      "show_parameters", "Print each parameter with its value and where it comes from."));
  out.push_back(inspect<&Options::json>(
      "json", "With one of the four above: answer with an object of JSON."));
  out.push_back(inspect<&Options::generate>(
      "generate", "Print a man page, shell completion, markdown page or JSON schema."));
}

/// What IntelMQ's global section and its bots' sections may hold beside a native bot's own.
constexpr std::array intelmq_only = {string_view{"autoupdate_cached_database"},
                                     string_view{"bot_id"},
                                     string_view{"description"},
                                     string_view{"enabled"},
                                     string_view{"error_dump_message"},
                                     string_view{"error_log_exception"},
                                     string_view{"error_log_message"},
                                     string_view{"group"},
                                     string_view{"groupname"},
                                     string_view{"http_header"},
                                     string_view{"http_password"},
                                     string_view{"http_proxy"},
                                     string_view{"http_timeout_max_tries"},
                                     string_view{"http_timeout_sec"},
                                     string_view{"http_user_agent"},
                                     string_view{"http_username"},
                                     string_view{"http_verify_cert"},
                                     string_view{"https_proxy"},
                                     string_view{"instances_threads"},
                                     string_view{"log_processed_messages_count"},
                                     string_view{"log_processed_messages_seconds"},
                                     string_view{"logging_handler"},
                                     string_view{"logging_max_copies"},
                                     string_view{"logging_max_size"},
                                     string_view{"logging_path"},
                                     string_view{"logging_syslog"},
                                     string_view{"module"},
                                     string_view{"process_manager"},
                                     string_view{"redis_cache_db"},
                                     string_view{"redis_cache_host"},
                                     string_view{"redis_cache_password"},
                                     string_view{"redis_cache_port"},
                                     string_view{"redis_cache_ttl"},
                                     string_view{"retry_delay"},
                                     string_view{"ssl_ca_certificate"},
                                     string_view{"ssl_client_certificate"},
                                     string_view{"testing"}};

}  // namespace

std::vector<Parameter> common_parameters(Shape shape) {
  std::vector<Parameter> out;
  out.reserve(48);
  if (shape == Shape::parser || shape == Shape::collector) add_feed(out, shape);
  add_streams(out, shape);
  add_errors(out);
  add_running(out, shape);
  add_inspect(out);
  return out;
}

bool is_intelmq_only(string_view name) {
  return std::find(intelmq_only.begin(), intelmq_only.end(), name) != intelmq_only.end() ||
         name == "name" || name == "code" || name == "provider" || name == "documentation" ||
         name == "accuracy";
}

}  // namespace intelmq
