// SPDX-License-Identifier: Apache-2.0
#include "base/module.hpp"
#include "queue/adapter.hpp"
#include "queue/adapter_of.hpp"
#include "queue/amqp_queue.hpp"
#include "queue/directory.hpp"
#include "queue/file_queue.hpp"
#include "queue/kafka_queue.hpp"
#include "queue/redis_queue.hpp"
#include "queue/statistics_sink.hpp"
#include "queue/stdio.hpp"
#include "queue/url_options.hpp"

namespace intelmq {
namespace {

struct Shared {
  std::string_view scheme, module;
};

// Several schemes of one module; any other is a module of its own name.
constexpr Shared shared[] = {
    {"redis", "redis"},        {"rediss", "redis"},        {"redis+unix", "redis"},
    {"redis-stream", "redis"}, {"rediss-stream", "redis"}, {"redis-stream+unix", "redis"},
    {"amqp", "amqp"},          {"amqps", "amqp"},          {"kafka", "kafka"}};

std::string module_of(const std::string& scheme) {
  for (const Shared& row : shared)
    if (row.scheme == scheme) return std::string(row.module);
  return scheme;
}

std::string found_schemes() {
  std::string out;
  for (const Shared& row : shared)
    if (find_module("queue-" + std::string(row.module)))
      out += ", " + std::string(row.scheme) + ":";
  return out;
}

}  // namespace

// The URL itself may hold a password: only its scheme is shown.
Result<void*> adapter_symbol(const std::string& scheme, std::string_view symbol) {
  const std::string module = "queue-" + module_of(scheme);
  if (!find_module(module)) {
    return fail(scheme + ":...: no adapter for '" + scheme +
                "'; known: -, file:, dir:" + found_schemes());
  }
  return load_module(module, symbol);
}

bool is_built_in_scheme(std::string_view scheme) {
  return scheme.empty() || scheme == "-" || scheme == "file" || scheme == "dir";
}

Result<void> check_queue_url(std::string_view url, bool reads) {
  const auto verdict = [](const auto& parsed) -> Result<void> {
    if (parsed) return {};
    return tl::unexpected<Error>(parsed.error());
  };
  const std::string scheme = url_scheme(url);
  if (is_built_in_scheme(scheme)) return verdict(QueueUrl::parse(url));
  if (auto module =
          adapter_symbol(scheme, reads ? "intelmq_open_source" : "intelmq_open_destination");
      !module)
    return tl::unexpected<Error>(module.error());
  const std::string kind = module_of(scheme);
  if (kind == "redis") return verdict(RedisQueue::parse(url));
  if (kind == "amqp") return verdict(AmqpQueue::parse(url));
  if (kind == "kafka")
    return verdict(
        KafkaQueue::parse(url, reads ? KafkaQueue::End::source : KafkaQueue::End::destination));
  return {};
}

Result<std::unique_ptr<Source>> open_source(std::string_view url, const SourceOptions& options) {
  const std::string scheme = url_scheme(url);
  if (!is_built_in_scheme(scheme)) {
    const Result<void*> symbol = adapter_symbol(scheme, "intelmq_open_source");
    if (!symbol) return tl::unexpected<Error>(symbol.error());
    Result<std::unique_ptr<Source>> opened;
    reinterpret_cast<decltype(&intelmq_open_source)> (*symbol)(url, options, opened);
    return opened;
  }
  const Result<QueueUrl> parsed = QueueUrl::parse(url);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (scheme == "-") return open_standard_input(options);
  return scheme == "file" ? open_file_source(*parsed, options)
                          : open_directory_source(*parsed, options);
}

Result<std::unique_ptr<Destination>> open_destination(std::string_view url,
                                                      const DestinationOptions& options) {
  const std::string scheme = url_scheme(url);
  if (!is_built_in_scheme(scheme)) {
    const Result<void*> symbol = adapter_symbol(scheme, "intelmq_open_destination");
    if (!symbol) return tl::unexpected<Error>(symbol.error());
    Result<std::unique_ptr<Destination>> opened;
    reinterpret_cast<decltype(&intelmq_open_destination)> (*symbol)(url, options, opened);
    return opened;
  }
  const Result<QueueUrl> parsed = QueueUrl::parse(url);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (scheme == "-") return open_standard_output(options);
  return scheme == "file" ? open_file_destination(*parsed) : open_directory_destination(*parsed);
}

Result<std::unique_ptr<StatisticsSink>> open_statistics(std::string_view url) {
  const std::string scheme = url_scheme(url);
  if (module_of(scheme) != "redis" || scheme.find("-stream") != scheme.npos)
    return fail(
        "statistics go to a Redis server; write redis://[[USER:]PASSWORD@]HOST[:PORT][/DB]");
  const Result<void*> symbol = adapter_symbol(scheme, "intelmq_open_statistics");
  if (!symbol) return tl::unexpected<Error>(symbol.error());
  Result<std::unique_ptr<StatisticsSink>> opened;
  reinterpret_cast<decltype(&intelmq_open_statistics)> (*symbol)(url, opened);
  return opened;
}

}  // namespace intelmq
