// SPDX-License-Identifier: Apache-2.0
#include "bot/meter.hpp"

#include <catch2/catch.hpp>

namespace intelmq {
namespace {

TEST_CASE("one event of 64 is looked at") {
  Meter meter(FieldUse{}, 64);
  int looked = 0;
  for (int i = 0; i < 640; ++i) looked += meter.due() ? 1 : 0;
  CHECK(looked == 10);
}

TEST_CASE("durations fall into the bucket whose bound includes them") {
  Meter meter(FieldUse{}, 64);
  for (const double seconds : {1e-6, 1.1e-6, 10.0, 11.0}) meter.took(seconds);
  const Json got = meter.durations();
  const auto& counts = got["counts"].items();
  REQUIRE(counts.size() == got["upper"].items().size() + 1);
  CHECK(counts[0] == Json(1));
  CHECK(counts[1] == Json(1));
  CHECK(counts[counts.size() - 2] == Json(1));
  CHECK(counts.back() == Json(1));
  CHECK(got["count"] == Json(4));
}

TEST_CASE("fields that are still needed keep what was seen of them") {
  FieldUse use;
  use.needs = {field::source.ip};
  Meter meter(use, 64);
  const EventRules rules;
  Event event(rules);
  meter.see(event);
  event.add_text(field::source.ip, "192.0.2.1", Existing::keep);
  meter.see(event);
  CHECK(meter.fields().dump() == R"({"source.ip": [1, 2]})");
  use.needs_any = {field::destination.ip};
  meter.set_fields(use);
  CHECK(meter.fields().dump() == R"({"source.ip": [1, 2], "destination.ip": [0, 0]})");
}

}  // namespace
}  // namespace intelmq
