// SPDX-License-Identifier: Apache-2.0
#include "serve/configuration.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/file.hpp"
#include "serve/clock.hpp"
#include "serve/files.hpp"
#include "serve/parameter_schema.hpp"

namespace intelmq::serve {
namespace {

const Json nothing = Json::object();

Json without(const Json& object, std::string_view name) {
  Json out = Json::object();
  for (const auto& [key, value] : object.members())
    if (key != name) out.set(key, value);
  return out;
}

const Json& member(const Json& object, std::string_view name) {
  const Json& found = object[name];
  return found.is_object() ? found : nothing;
}

/// The values a bot keeps from before until it starts anew.
Json held_back(const Json& held, const Json& overrides) {
  Json out = overrides;
  for (const auto& [name, old] : held.members()) out.set(name, old);
  return without_nulls(out);
}

/// What waits once the parameters in `differences` have been set.
Json now_waiting(const Json& waiting, const Json& differences, const Json& handed, Apply apply) {
  Json out = waiting;
  for (const Json& one : differences.items()) {
    const std::string& name = one["parameter"].text();
    if (apply != Apply::on_restart)
      out = without(out, name);
    else if (!out.has(name))
      out.set(name, handed[name]);
  }
  return out;
}

Json described(const Actor& actor) {
  Json out = Json::object().set("kind", actor.kind).set("name", actor.name);
  if (!actor.client.empty()) out.set("client", actor.client);
  if (!actor.issuer.empty()) out.set("issuer", actor.issuer);
  return out;
}

}  // namespace

Result<Configuration> Configuration::open(std::string directory) {
  for (const char* const below : {"", "/revisions"})
    if (auto made = make_private_directory(directory + below); !made)
      return tl::unexpected(made.error());
  Configuration out(std::move(directory));
  if (auto done = out.read(); !done) return tl::unexpected(done.error());
  return out;
}

Result<void> Configuration::read() {
  const std::string path = directory_ + "/overrides.json";
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto json = Json::parse(*text);
  const auto revision = json ? (*json)["revision"].integer() : std::nullopt;
  if (!revision || !(*json)["bots"].is_object())
    return fail(path + ": is damaged; remove it to start without parameters set by the API");
  state_.revision = static_cast<std::uint64_t>(*revision);
  state_.last = static_cast<std::uint64_t>((*json)["last"].integer().value_or(*revision));
  state_.bots = (*json)["bots"];
  before_ = state_;
  for (const std::uint64_t number : numbers())  // of a change that a crash cut short
    if (number > state_.revision) ::unlink(path_of(number).c_str());
  return {};
}

std::string Configuration::path_of(std::uint64_t number) const {
  return fmt::format("{}/revisions/{}.json", directory_, number);
}

std::vector<std::uint64_t> Configuration::numbers() const {
  std::vector<std::uint64_t> out;
  const auto names = list_directory(directory_ + "/revisions");
  if (!names) return out;
  for (const std::string& name : *names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && std::string_view(end) == ".json") out.push_back(number);
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

const Json& Configuration::overrides(std::string_view bot) const {
  return member(state_.bots, bot);
}

Configuration::Draft Configuration::draft(Json bots, Json differences, const Actor& actor,
                                          std::string why, Apply apply) const {
  Draft out;
  out.state = state_;
  out.state.revision = out.state.last = state_.last + 1;
  for (const auto& [bot, changed] : differences.members())
    out.state.waiting.set(bot,
                          now_waiting(member(state_.waiting, bot), changed, handed(bot), apply));
  out.record = Json::object()
                   .set("revision", static_cast<std::int64_t>(out.state.revision))
                   .set("at", time_text(unix_time()))
                   .set("actor", described(actor))
                   .set("why", std::move(why))
                   .set("apply", apply_names[static_cast<std::size_t>(apply)])
                   .set("diff", std::move(differences))
                   .set("bots", bots);
  out.state.bots = std::move(bots);
  return out;
}

Configuration::Draft Configuration::undo() const {
  Draft out;
  out.state = before_;
  out.state.last = state_.last;
  out.withdrawn = state_.revision;
  return out;
}

Result<void> Configuration::save(const Draft& draft) const {
  const State& state = draft.state;
  const auto write = [](const std::string& path, const Json& content) {
    return atomic_write(path, content.dump() + '\n', 0600);
  };
  if (draft.record)
    if (auto done = write(path_of(state.revision), *draft.record); !done) return done;
  const Json holds = Json::object()
                         .set("revision", static_cast<std::int64_t>(state.revision))
                         .set("last", static_cast<std::int64_t>(state.last))
                         .set("bots", state.bots);
  if (auto done = write(directory_ + "/overrides.json", holds); !done) {
    if (draft.record) ::unlink(path_of(state.revision).c_str());
    return done;
  }
  if (draft.withdrawn) ::unlink(path_of(*draft.withdrawn).c_str());
  const std::vector<std::uint64_t> known = numbers();
  for (std::size_t i = most_revisions; i < known.size(); ++i) ::unlink(path_of(known[i]).c_str());
  return {};
}

void Configuration::adopt(Draft draft) {
  before_ = std::exchange(state_, std::move(draft.state));
  ++generation_;
}

std::vector<Json> Configuration::revisions(std::uint64_t before, std::size_t most) const {
  std::vector<Json> out;
  for (const std::uint64_t number : numbers()) {
    if (out.size() == most) break;
    if (number >= before) continue;
    if (auto one = revision(number)) out.push_back(std::move(*one));
  }
  return out;
}

std::optional<Json> Configuration::revision(std::uint64_t number) const {
  const auto text = read_file(path_of(number));
  if (!text) return std::nullopt;
  auto json = Json::parse(*text);
  if (!json || !json->is_object()) return std::nullopt;
  return std::move(*json);
}

const Json& Configuration::hand_over(std::string_view bot, Occasion occasion) {
  if (occasion == Occasion::start) state_.waiting = without(state_.waiting, bot);
  state_.handed.set(std::string(bot), held_back(member(state_.waiting, bot), overrides(bot)));
  ++generation_;
  return state_.handed[bot];
}

const Json& Configuration::handed(std::string_view bot) const {
  return state_.handed.has(bot) ? state_.handed[bot] : overrides(bot);
}

Result<Json> Configuration::resolved(const Json& schema, const Json& values) {
  Json out = Json::object();
  for (const auto& [name, value] : values.members()) {
    auto one = serve::resolved(schema, name, value);
    if (!one) return tl::unexpected(one.error());
    out.set(name, std::move(*one));
  }
  return out;
}

Json Configuration::resolved(const Json& schema, const Json& values, Log& log) {
  Json out = Json::object();
  for (const auto& [name, value] : values.members()) {
    if (auto one = serve::resolved(schema, name, value))
      out.set(name, std::move(*one));
    else
      log.error(one.error().text);
  }
  return out;
}

}  // namespace intelmq::serve
