// SPDX-License-Identifier: Apache-2.0
// What the runner shows of records to the program that started the bot.
#include <time.h>

#include <algorithm>

#include "bot/runner.hpp"

namespace intelmq {
namespace {

constexpr std::size_t most_taps = 8;
constexpr std::int64_t most_tapped = 1000;     // lines of one tap
constexpr std::size_t most_shown = 64u << 10;  // bytes of a record
constexpr std::uint64_t most_failed = 10;      // shown within a second

/// A record as JSON; null: it is none, or a long one.
Json shown(std::string_view text) {
  if (text.size() > most_shown) return {};
  return Json::parse(text).value_or(Json());
}

}  // namespace

/// The next lines that leave are shown, too.
void Runner::tap(const Control::Request& request) {
  const std::int64_t limit = request.body["limit"].integer().value_or(10);
  if (taps_.size() >= most_taps)
    return p_.control->refuse(request, "rate-limited", "there are 8 taps already");
  if (limit < 1 || limit > most_tapped)
    return p_.control->refuse(request, "validation", "limit is not between 1 and 1000");
  const Json& number = request.body["tap"];
  taps_.push_back({number.is_null() ? request.id : number, request.body["path"].text(), limit, 0});
  p_.paths.watch([this](const std::string& path, std::string_view lines) { show(path, lines); });
  p_.control->succeed(request);
}

void Runner::show(const std::string& path, std::string_view lines) {
  while (!lines.empty() && !taps_.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    for (Tap& tap : taps_) {
      if (!tap.path.empty() && tap.path != path) continue;
      // Events leave faster than anybody looks at them.
      if (!p_.control->has_room()) {
        ++tap.left_out;
        continue;
      }
      --tap.left;
      p_.control->event("tap", Json::object()
                                   .set("tap", tap.id)
                                   .set("path", path)
                                   .set("event", shown(line))
                                   .set("left", tap.left)
                                   .set("left_out", tap.left_out));
    }
    std::erase_if(taps_, [](const Tap& tap) { return tap.left == 0; });
  }
  if (taps_.empty()) p_.paths.watch({});
}

/// A record that failed, unless others did within the same second.
void Runner::show_failed(std::string_view original, std::string_view reason,
                         std::string_view code) {
  const std::int64_t now = time(nullptr);
  if (now != failed_second_) failed_shown_ = 0;
  failed_second_ = now;
  if (failed_shown_ >= most_failed || !p_.control->has_room()) {
    ++failed_left_out_;
    return;
  }
  ++failed_shown_;
  const std::string program = p_.bot.description.program();
  DeadLetter letter{program,
                    reason,
                    code,
                    record_.source,
                    record_.line,
                    record_.offset,
                    original.substr(0, most_shown),
                    record_.total,
                    record_.digest};
  if (original.size() > most_shown) letter.size = original.size();
  std::string line;
  write_letter(line, letter);
  p_.control->event("message", Json::object()
                                   .set("reason", reason)
                                   .set("code", code)
                                   .set("path", "_on_error")
                                   .set("record", Json::parse(line).value_or(Json()))
                                   .set("left_out", failed_left_out_));
  failed_left_out_ = 0;
}

/// The first event that was taken and has no verdict yet; null: there is none.
Json Runner::message() const {
  if (batch_.empty()) return Json::object().set("message", Json());
  const Held& held = *held_.front();
  return Json::object().set("message", shown({held.line.data(), held.where.size}));
}

/// What the bot remembers, as files in the directory that was handed over.
void Runner::dump(const Control::Request& request) {
  if (!request.file)
    return p_.control->refuse(request, "malformed-request", "no directory was handed over");
  if (!settle_all())
    return p_.control->refuse(request, "internal", "what was in hand could not be delivered");
  const auto files = p_.instance->dump(request.file.get());
  if (!files) return p_.control->refuse(request, "insufficient-storage", files.error().text);
  Json names = Json::array();
  for (const std::string& name : *files) names.push(name);
  p_.control->succeed(request, Json::object()
                                   .set("schema", p_.bot.description.state.empty() ? 0 : 1)
                                   .set("files", std::move(names)));
}

}  // namespace intelmq
