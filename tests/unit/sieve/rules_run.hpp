// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sieve/program.hpp"

namespace sieve_test {

inline intelmq::Timestamp noon() { return {1'718'452'800, 0}; }  // 2024-06-15T12:00:00

/// What rules make of one event.
struct Outcome {
  std::string line;    ///< The event as written, or "dropped", "rejected", "refused".
  std::string reason;  ///< Of a drop, a rejection or the refusal to load.
  std::vector<std::string> paths, warnings, ran;
};

inline Outcome run(std::string_view source, std::string event) {
  using namespace intelmq;
  EventRules rules;
  rules.now = noon;
  auto program = sieve::Program::compile(source, "f", rules.harmonization);
  if (!program) return {"refused", program.error().text, {}, {}, {}};
  const std::size_t size = event.size();
  event.append(64, '\0');
  Event made(rules);
  LineError error;
  if (!made.read(event.data(), size, error)) return {"unreadable", error.reason, {}, {}, {}};
  std::vector<std::string_view> ran;
  program->run(made, ran);
  Outcome out{"", std::string(made.reason()), made.paths(), program->warnings(), {}};
  for (const std::string_view action : ran) out.ran.emplace_back(action);
  if (made.verdict() == Verdict::drop) out.line = "dropped";
  if (made.verdict() == Verdict::reject) out.line = "rejected";
  if (made.verdict() != Verdict::keep) return out;
  OutBuffer line;
  made.write(line);
  out.line = line.text();
  return out;
}

/// Whether the condition holds for the event; "refused" and "rejected" are no answer.
inline std::string holds(std::string_view condition, std::string event) {
  const Outcome out = run("if " + std::string(condition) + " { drop }", std::move(event));
  if (out.line == "dropped") return "yes";
  return out.line == "refused" || out.line == "rejected" ? out.line : "no";
}

inline std::string refusal(std::string_view source) {
  const Outcome out = run(source, "{}");
  return out.line == "refused" ? out.reason : "accepted";
}

}  // namespace sieve_test
