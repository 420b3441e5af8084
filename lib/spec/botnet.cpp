// SPDX-License-Identifier: Apache-2.0
#include "spec/botnet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace intelmq {
namespace {

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

constexpr std::string_view source_side = "source_pipeline_";
constexpr std::string_view destination_side = "destination_pipeline_";
constexpr std::string_view statistics_side = "statistics_";

/// A server, by the parameters that begin with one of these.
class Broker {
 public:
  Broker(const std::function<Json(std::string_view)>& parameter, std::string_view prefix)
      : parameter_{parameter}, prefix_{prefix} {}

  Result<std::string> url(std::string_view queue) const {
    const std::string broker = ascii_lower(text("broker", "redis"));
    if (broker == "redis") return redis_url(text("db", "2"), queue);
    if (broker == "amqp") return amqp_url(queue);
    return fail(fmt::format("{}broker: {} is not known; redis and amqp are", prefix_,
                            quote_for_message(broker)));
  }
  std::string statistics_url() const { return redis_url(text("database", "3"), ""); }

 private:
  std::string text(std::string_view name, std::string_view otherwise) const {
    const Json value = parameter_(prefix_ + std::string(name));
    if (value.is_null() || (value.is_string() && value.text().empty()))
      return std::string(otherwise);
    return value.is_string() || value.is_number() ? value.text() : value.dump();
  }

  /// `HOST:PORT`.
  std::string server(std::string_view port) const {
    const std::string host = text("host", "127.0.0.1");
    const bool is_v6 = host.find(':') != host.npos && !host.starts_with('[');
    return fmt::format("{}:{}", is_v6 ? '[' + host + ']' : host, text("port", port));
  }

  /// Of a queue, or of the server if that is empty.
  std::string redis_url(std::string_view db, std::string_view queue) const {
    const std::string password = percent_encoded(text("password", ""));
    const std::string database = percent_encoded(db);
    const auto named = [&](std::string_view before) {
      return queue.empty() ? "" : std::string(before) + percent_encoded(queue);
    };
    std::string host = text("host", "");
    if (host.starts_with("unix://")) host.erase(0, 7);
    if (host.starts_with('/'))
      return fmt::format("redis+unix:{}?db={}{}{}{}", encoded_path(host), database,
                         named("&queue="), password.empty() ? "" : "&password=", password);
    return fmt::format("redis://{}{}{}{}/{}{}", password.empty() ? "" : ":", password,
                       password.empty() ? "" : "@", server("6379"), database, named("/"));
  }

  std::string amqp_url(std::string_view queue) const {
    const std::string exchange = text("amqp_exchange", "");
    return fmt::format(
        "{}://{}:{}@{}/{}/{}{}{}", ascii_lower(text("ssl", "false")) == "true" ? "amqps" : "amqp",
        percent_encoded(text("username", "guest")), percent_encoded(text("password", "guest")),
        server("5672"), percent_encoded(text("amqp_virtual_host", "/")), percent_encoded(queue),
        exchange.empty() ? "" : "?exchange=", percent_encoded(exchange));
  }

  static std::string encoded_path(std::string_view path) {
    std::string out;
    for (const char c : path) {
      if (c == '?' || c == '%')
        out += percent_encoded({&c, 1});
      else
        out += c;
    }
    return out;
  }

  const std::function<Json(std::string_view)>& parameter_;
  std::string prefix_;
};

Result<void> add_path(QueueUrls& out, const Broker& broker, const std::string& path,
                      const Json& queues) {
  const auto names = queue_names(queues);
  if (!names)
    return fail(fmt::format("destination_queues: {} is no list of queues for the path {}",
                            quote_for_message(queues.dump()), quote_for_message(path)));
  for (const std::string& name : *names) {
    auto url = broker.url(name);
    if (!url) return tl::unexpected(url.error());
    out.destinations.push_back(path + '=' + *url);
  }
  return {};
}

}  // namespace

std::optional<std::vector<std::string>> queue_names(const Json& value) {
  std::vector<std::string> out;
  if (value.is_string()) {
    std::string text = value.text();
    std::replace(text.begin(), text.end(), '\t', ' ');
    for (const std::string_view name : split(text, ' '))
      if (!trim(name).empty()) out.emplace_back(trim(name));
    return out;
  }
  if (!value.is_array()) return std::nullopt;
  for (const Json& item : value.items()) {
    if (!item.is_string()) return std::nullopt;
    out.push_back(item.text());
  }
  return out;
}

Result<QueueUrls> queue_urls(const std::function<Json(std::string_view)>& parameter,
                             std::string_view id) {
  QueueUrls out;
  const Json given = parameter("source_queue");
  const std::string source =
      given.is_string() && !given.text().empty() ? given.text() : std::string(id) + "-queue";
  auto url = Broker(parameter, source_side).url(source);
  if (!url) return tl::unexpected(url.error());
  out.source = std::move(*url);
  const Broker broker(parameter, destination_side);
  const Json paths = parameter("destination_queues");
  if (paths.is_null()) return out;
  if (!paths.is_object()) {
    if (auto added = add_path(out, broker, "_default", paths); !added)
      return tl::unexpected(added.error());
    return out;
  }
  for (const auto& [path, queues] : paths.members())
    if (auto added = add_path(out, broker, path, queues); !added)
      return tl::unexpected(added.error());
  return out;
}

std::string statistics_url(const std::function<Json(std::string_view)>& parameter) {
  return Broker(parameter, statistics_side).statistics_url();
}

bool is_botnet_parameter(std::string_view name) {
  return name == "source_queue" || name == "destination_queues" || name.starts_with(source_side) ||
         name.starts_with(destination_side) || name.starts_with(statistics_side);
}

}  // namespace intelmq
