// SPDX-License-Identifier: Apache-2.0
#include "bot/counts.hpp"

namespace intelmq {
namespace {

constexpr std::size_t max_reasons = 200;

Json as_json(const Counts::Reasons& reasons) {
  Json out = Json::object();
  for (const auto& [reason, count] : reasons) out.set(reason, static_cast<std::int64_t>(count));
  return out;
}

/// Without an ending such as ` at byte 12`.
std::string_view without_place(std::string_view reason) {
  constexpr std::string_view words = " at byte ";
  const std::size_t at = reason.rfind(words);
  if (at == std::string_view::npos) return reason;
  const bool last =
      reason.find_first_not_of("0123456789", at + words.size()) == std::string_view::npos;
  return last ? reason.substr(0, at) : reason;
}

}  // namespace

std::uint64_t& Counts::slot(Reasons& reasons, std::string_view reason) {
  if (const auto found = reasons.find(reason); found != reasons.end()) return found->second;
  return reasons[reasons.size() < max_reasons ? std::string(reason) : std::string("other reasons")];
}

std::uint64_t Counts::sent(std::string_view path) const {
  const auto found = paths_.find(path);
  return (found == paths_.end() ? 0 : found->second) + (path == "_default" ? unnamed : 0);
}

std::uint64_t Counts::sum(const Reasons& reasons) {
  std::uint64_t out = 0;
  for (const auto& [reason, count] : reasons) out += count;
  return out;
}

Json Counts::json(const std::string& program, double seconds) const {
  const auto number = [](std::uint64_t value) { return Json(static_cast<std::int64_t>(value)); };
  Json out = Json::object();
  out.set("bot", program).set("read", number(read)).set("written", number(written));
  out.set("dropped", as_json(dropped_))
      .set("failed", as_json(failed_))
      .set("paths", as_json(paths_));
  if (reports) out.set("reports", number(reports));
  if (emitted) out.set("emitted", number(emitted));
  if (duplicate_keys) out.set("duplicate_keys", number(duplicate_keys));
  out.set("seconds", Json::number(std::to_string(seconds)));
  return out;
}

std::string reason_kind(std::string_view reason) {
  reason = without_place(reason);
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < reason.size(); ++i) {
    if (reason[i] == '\'') {
      if (quoted && (i + 1 == reason.size() || reason[i + 1] == ' ' || reason[i + 1] == ':' ||
                     reason[i + 1] == ',' || reason[i + 1] == ';')) {
        quoted = false;
        if (i + 1 < reason.size() && reason[i + 1] == ' ') ++i;
        continue;
      }
      if (!quoted && (i == 0 || reason[i - 1] == ' ')) quoted = true;
      continue;
    }
    if (!quoted) out += reason[i];
  }
  return out;
}

}  // namespace intelmq
