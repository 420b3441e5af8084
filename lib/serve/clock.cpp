// SPDX-License-Identifier: Apache-2.0
#include "serve/clock.hpp"

#include <time.h>

#include <cmath>
#include <cstdio>

#include "type/duration.hpp"

namespace intelmq::serve {

using std::chrono::milliseconds;

double unix_time() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Json time_text(double unix) {
  if (unix <= 0) return {};
  const auto milli = static_cast<std::int64_t>(std::llround(unix * 1000));
  const std::time_t seconds = milli / 1000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(milli % 1000));
  return Json(text);
}

milliseconds limit_of(const Json& options, std::string_view name, milliseconds otherwise) {
  const Json& value = options[name];
  if (const auto seconds = value.real())
    return milliseconds(static_cast<std::int64_t>(*seconds * 1000));
  const auto read = parse_iso_duration(value.text());
  return value.is_string() && read ? read->milliseconds() : otherwise;
}

}  // namespace intelmq::serve
