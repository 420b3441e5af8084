// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/mmdb.hpp"

namespace intelmq {

/// Where a network is, as one record of a city or country database has it. Unknown text is empty.
struct City {
  std::string cc;                             ///< Country code, ISO 3166-1 alpha-2.
  std::optional<double> latitude, longitude;  ///< Degrees; 0 is handed on as stored.
  std::string city;                           ///< English name.
  std::string registered_cc;                  ///< Country the network is registered in.
};

/// Reads the record `Mmdb::find` found. Two layouts are known: MaxMind's nested one
/// (country.iso_code, registered_country.iso_code, location.latitude, location.longitude,
/// city.names.en) and the flat one of ip-location-db (country_code, latitude, longitude, city).
/// Never fails: what is missing or damaged stays empty.
City read_city(const Mmdb& database, std::uint32_t offset);

}  // namespace intelmq
