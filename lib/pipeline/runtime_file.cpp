// SPDX-License-Identifier: Apache-2.0
#include "pipeline/runtime_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "spec/botnet.hpp"

namespace intelmq {
namespace {

constexpr std::string_view global = "global";

/// A member of the bot's parameters, or of the section itself as older files have it.
const Json& member(const Json& section, std::string_view name) {
  const Json& inner = section["parameters"][name];
  return inner.is_null() ? section[name] : inner;
}

class Reader {
 public:
  explicit Reader(const Json& document) : document_{document} {}

  RuntimeFile read() {
    for (const auto& [id, section] : document_.members()) {
      if (id == global) continue;
      if (!section.is_object()) {
        complain(id, "is no section of a bot: write an object with module and parameters");
        continue;
      }
      read_bot(id, section);
    }
    return std::move(out_);
  }

 private:
  void complain(const std::string& id, std::string message) {
    out_.findings.push_back({rule::malformed, Severity::fail, id, std::move(message), {}, {}});
  }

  void read_bot(const std::string& id, const Json& section) {
    RuntimeBot bot;
    bot.id = id;
    bot.module = section["module"].text();
    bot.group = section["group"].text();
    if (bot.module.empty()) complain(id, "has no module");
    const Json& enabled = section["enabled"];
    bot.enabled = !enabled.is_boolean() || enabled.boolean();
    const Json& parameters = section["parameters"];
    if (!parameters.is_null() && !parameters.is_object())
      complain(id, "parameters: not an object of names and values");
    read_source(bot, section);
    read_destinations(bot, section);
    if (const auto threads = member(section, "instances_threads").integer())
      bot.instances = std::max<std::int64_t>(1, *threads);
    out_.bots.push_back(std::move(bot));
  }

  void read_source(RuntimeBot& bot, const Json& section) {
    const Json& source = member(section, "source_queue");
    bot.source_given = source.is_string() && !source.text().empty();
    bot.source_queue = bot.source_given ? source.text() : bot.id + "-queue";
    if (!source.is_null() && !source.is_string())
      complain(bot.id, "source_queue: not the name of a queue");
  }

  void read_destinations(RuntimeBot& bot, const Json& section) {
    const Json& value = member(section, "destination_queues");
    if (value.is_null()) return;
    const auto add = [&](const std::string& path, const Json& queues) {
      if (auto names = queue_names(queues))
        bot.destinations.emplace_back(path, std::move(*names));
      else
        complain(bot.id, fmt::format("destination_queues: {} has no list of queues",
                                     quote_for_message(path)));
    };
    if (!value.is_object()) return add("_default", value);
    for (const auto& [path, queues] : value.members()) add(path, queues);
  }

  const Json& document_;
  RuntimeFile out_;
};

}  // namespace

bool is_runtime(const Json& document) {
  if (!document.is_object()) return false;
  bool module = false;
  for (const auto& [id, section] : document.members()) {
    if (id != global && section.is_object() && section.has("module")) module = true;
  }
  return module;
}

RuntimeFile read_runtime(const Json& document) { return Reader(document).read(); }

}  // namespace intelmq
