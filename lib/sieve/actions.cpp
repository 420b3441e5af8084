// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "sieve/evaluation.hpp"
#include "type/json_text.hpp"
#include "type/timestamp.hpp"

namespace intelmq::sieve {
namespace {

/// The array with one more element.
std::string longer(std::string_view array, std::string_view value) {
  const std::size_t last = array.find_last_not_of(" \t\r\n", array.size() - 2);
  std::string out(array.substr(0, last + 1));
  if (last > 0) out += ", ";
  out += value;
  out += ']';
  return out;
}

bool is_bare(Verb verb) { return verb == Verb::drop || verb == Verb::keep || verb == Verb::path; }

}  // namespace

void Evaluation::run(const Action& action) {
  if (work_.ran && is_bare(action.verb)) work_.ran->push_back(action.explanation);
  switch (action.verb) {
    case Verb::drop:
      event_.drop(action.drop_reason);
      stopped_ = true;
      return;
    case Verb::keep: stopped_ = true; return;
    case Verb::path: route_ = &action; return;
    case Verb::assign: return assign(action);
    case Verb::append:
    case Verb::append_force: return append(action);
    default: return change(action);
  }
}

void Evaluation::assign(const Action& action) {
  const Raw raw = value(action.key);
  if (stopped()) return;
  if (!raw)
    return refuse(fmt::format("the event has no {} to put into ${}", target(action)->text(),
                              work_.names[std::get<Variable>(action.value)]));
  work_.variables[std::get<Variable>(action.value)] = event_.keep(*raw);
}

/// The field that an action changes; nothing when there is none to change.
const FieldName* Evaluation::target(const Action& action) {
  static const FieldName extra{field::extra};
  if (action.key.kind == FieldRef::Kind::field) return &code_.names[action.key.number];
  if (action.key.kind == FieldRef::Kind::extra) return &extra;
  if (action.key.kind == FieldRef::Kind::nowhere) return nullptr;
  const FieldName* name = named_by(action.key.number);
  if (!name && !stopped() && action.verb != Verb::update && action.verb != Verb::remove)
    refuse(fmt::format("the variable ${} does not hold the name of a field",
                       work_.names[action.key.number]));
  return name;
}

/// The way of most actions: a field known by name, and nothing or a known value for it.
bool Evaluation::changed_at_once(const Action& action) {
  if (action.key.kind != FieldRef::Kind::field) return false;
  const std::uint32_t key = work_.keys[action.key.number];
  const FieldName& name = code_.names[action.key.number];
  bool done = false;
  if (action.verb == Verb::remove) {
    done = event_.remove_key(name, key);
  } else {
    if (action.verbatim.empty() || event_.kind() != MessageKind::event) return false;
    done = event_.has_key(key) ? action.verb != Verb::add : action.verb != Verb::update;
    if (done) event_.set_constant(name, key, action.verbatim);
  }
  if (!done) return true;
  know_keys();
  if (work_.ran) work_.ran->push_back(action.explanation);
  return true;
}

void Evaluation::change(const Action& action) {
  if (changed_at_once(action)) return;
  const FieldName* name = target(action);
  if (!name) return;
  if (action.verb == Verb::remove) {
    if (event_.remove(*name) && work_.ran) work_.ran->push_back(action.explanation);
    return;
  }
  const bool there = event_.has(*name);
  if (there ? action.verb == Verb::add : action.verb == Verb::update) return;
  if (action.arithmetic != Arithmetic::none) {
    shift(action, *name);
  } else if (const Raw raw = json(action.value)) {
    store(*name, *raw);
  }
  if (work_.ran && !stopped()) work_.ran->push_back(action.explanation);
}

/// The seconds of += or -=, with their sign.
std::optional<std::int64_t> Evaluation::span_of(const Action& action) {
  std::int64_t seconds = action.seconds;
  if (const Variable* number = std::get_if<Variable>(&action.value)) {
    const auto text = text_variable(*number);
    if (!text) return std::nullopt;
    const auto span = parse_span(*text);
    if (!span) {
      refuse(quote_for_message(*text) + " is no length of time such as '1 hour'");
      return std::nullopt;
    }
    seconds = *span;
  }
  return action.arithmetic == Arithmetic::plus ? seconds : -seconds;
}

void Evaluation::shift(const Action& action, const FieldName& name) {
  const Raw raw = event_.raw_value(name);
  if (!raw && event_.verdict() == Verdict::reject)
    stopped_ = true;
  else if (!raw)
    refuse(fmt::format("the event has no {} to count from", name.text()));
  if (!raw) return;
  const auto seconds = span_of(action);
  if (!seconds) return;
  std::optional<std::string> text;
  if (raw->front() == '"')
    text = sanitise_timestamp(decoded(*raw, work_.text), event_.rules().now());
  const auto time = text ? parse_strict(*text) : std::nullopt;
  const auto moved = time ? shifted(*time, *seconds) : std::nullopt;
  if (!moved)
    return refuse(fmt::format("{} holds {}, which is no time to count from", name.text(),
                              quote_for_message(*raw)));
  store(name, '"' + moved->text() + '"');
}

void Evaluation::append(const Action& action) {
  const FieldName* name = target(action);
  if (!name) return;
  const Raw added = json(action.value);
  if (!added) return;
  const Raw raw = event_.raw_value(*name);
  if (event_.verdict() == Verdict::reject) {
    stopped_ = true;
    return;
  }
  if (!raw)
    store(*name, fmt::format("[{}]", *added));
  else if (kind_of(*raw) == JsonKind::array)
    store(*name, longer(*raw, *added));
  else if (action.verb == Verb::append_force)
    store(*name, fmt::format("[{}, {}]", *raw, *added));
  else
    return;
  if (work_.ran && !stopped()) work_.ran->push_back(action.explanation);
}

void Evaluation::store(const FieldName& name, std::string_view json) {
  const Added added = event_.add_json(name, json, Existing::replace);
  if (added == Added::invalid || added == Added::bad_key) refuse(event_.complaint());
  address_raw_ = {};
  know_keys();
}

void Evaluation::finish() {
  if (!route_ || event_.verdict() != Verdict::keep) return;
  event_.forget_paths();
  for (const std::string& path : route_->paths) event_.send_to(path);
}

}  // namespace intelmq::sieve
