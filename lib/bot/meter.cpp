// SPDX-License-Identifier: Apache-2.0
#include "bot/meter.hpp"

#include <algorithm>

namespace intelmq {
namespace {

Json number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

/// What was seen of fields that are still needed stays.
void Meter::set_fields(const FieldUse& fields) {
  std::vector<Presence> fresh;
  for (const auto* names : {&fields.needs, &fields.needs_any})
    for (const FieldName& name : *names) {
      const auto known = std::find_if(fields_.begin(), fields_.end(), [&](const Presence& one) {
        return one.name.text() == name.text();
      });
      fresh.push_back(known == fields_.end() ? Presence{name} : *known);
    }
  fields_ = std::move(fresh);
}

void Meter::see(const Event& event) {
  for (Presence& field : fields_) {
    ++field.seen;
    if (event.has(field.name)) ++field.present;
  }
}

void Meter::took(double seconds) {
  const auto* const bucket = std::lower_bound(upper.begin(), upper.end(), seconds);
  ++counts_[static_cast<std::size_t>(bucket - upper.begin())];
  sum_ += seconds;
  ++count_;
}

Json Meter::durations() const {
  Json bounds = Json::array(), counts = Json::array();
  for (const double bound : upper) bounds.push(bound);
  for (const std::uint64_t count : counts_) counts.push(number(count));
  return Json::object()
      .set("upper", std::move(bounds))
      .set("counts", std::move(counts))
      .set("sum", sum_)
      .set("count", number(count_));
}

Json Meter::fields() const {
  Json out = Json::object();
  for (const Presence& field : fields_)
    out.set(std::string(field.name.text()),
            Json::array().push(number(field.present)).push(number(field.seen)));
  return out;
}

}  // namespace intelmq
