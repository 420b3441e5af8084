// SPDX-License-Identifier: Apache-2.0
#include "event/hash_input.hpp"

#include <algorithm>

#include "type/json_text.hpp"

namespace intelmq {
namespace {

constexpr char separator = '\xc0';

void append_pair(std::string& out, std::string_view name, std::string_view raw) {
  out += name;
  out += separator;
  append_python_repr(out, raw);
  out += separator;
}

}  // namespace

HashInput::HashInput(KeyFilter filter, std::vector<FieldName> keys)
    : filter_{filter}, keys_{std::move(keys)} {
  std::sort(keys_.begin(), keys_.end(),
            [](const FieldName& a, const FieldName& b) { return a.text() < b.text(); });
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
}

void HashInput::read(Event& event, std::string& out) const {
  out.clear();
  if (filter_ == KeyFilter::whitelist)
    read_listed(event, out);
  else
    read_others(event, out);
}

void HashInput::read_listed(Event& event, std::string& out) const {
  for (const FieldName& key : keys_) {
    // A message has no key `extra` of its own, only `extra.<name>`.
    if (key.id() == field::time.observation.id || key.id() == field::extra.id) continue;
    if (const auto raw = event.raw_value(key)) append_pair(out, key.text(), *raw);
  }
}

void HashInput::read_others(Event& event, std::string& out) const {
  event.validate_fields();
  thread_local std::vector<Event::Member> members;
  members.clear();
  event.each([&](const Event::Member& member) {
    if (member.name == name_of(field::time.observation)) return;
    const bool listed = std::any_of(keys_.begin(), keys_.end(), [&](const FieldName& key) {
      return key.text() == member.name;
    });
    if (!listed) members.push_back(member);
  });
  std::sort(members.begin(), members.end(),
            [](const Event::Member& a, const Event::Member& b) { return a.name < b.name; });
  for (const Event::Member& member : members) append_pair(out, member.name, member.raw);
}

}  // namespace intelmq
