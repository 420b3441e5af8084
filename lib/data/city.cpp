// SPDX-License-Identifier: Apache-2.0
#include "data/city.hpp"

namespace intelmq {
namespace {

using Offset = std::optional<std::uint32_t>;

std::string text(const Mmdb& database, Offset offset, Mmdb::Path path) {
  return std::string(offset ? database.text(*offset, path).value_or("") : "");
}

std::optional<double> number(const Mmdb& database, Offset offset) {
  return offset ? database.number(*offset, {}) : std::nullopt;
}

}  // namespace

City read_city(const Mmdb& database, std::uint32_t offset) {
  using Keys = std::array<std::string_view, 2>;
  const auto [country, registered, location, city, flat_cc, flat_latitude, flat_longitude] =
      database.members(
          offset, std::array<std::string_view, 7>{"country", "registered_country", "location",
                                                  "city", "country_code", "latitude", "longitude"});
  City out;
  out.registered_cc = text(database, registered, {"iso_code"});
  out.city = text(database, city, {"names", "en"});
  if (out.city.empty()) out.city = text(database, city, {});
  out.cc = text(database, flat_cc, {});
  if (out.cc.empty()) out.cc = text(database, country, {"iso_code"});
  const Keys keys{"latitude", "longitude"};
  const auto [latitude, longitude] =
      location ? database.members(*location, keys) : std::array{flat_latitude, flat_longitude};
  out.latitude = number(database, latitude);
  out.longitude = number(database, longitude);
  return out;
}

}  // namespace intelmq
