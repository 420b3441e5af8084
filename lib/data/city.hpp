// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "data/mmdb.hpp"

namespace intelmq {

/// Where a network is, as one record of a city or country database has it. Unknown text is empty;
/// the rest lives as long as the database.
struct City {
  std::string_view cc;                        ///< Country code, ISO 3166-1 alpha-2.
  std::optional<double> latitude, longitude;  ///< Degrees; 0 is handed on as stored.
  std::string_view city;                      ///< English name.
  std::string_view registered_cc;             ///< Country the network is registered in.
};

/// Reads the records of one database, which must outlive it. Two layouts are known: MaxMind's
/// nested one (country.iso_code, registered_country.iso_code, location.latitude,
/// location.longitude, city.names.en) and the flat one of ip-location-db (country_code, latitude,
/// longitude, city).
class CityReader {
 public:
  explicit CityReader(const Mmdb& database) : database_{&database} {}

  /// The record `Mmdb::find` found. Never fails: what is missing or damaged stays empty.
  City read(std::uint32_t offset);

 private:
  std::string_view text(std::uint32_t offset) const;
  std::string_view country_code(std::uint32_t country);

  const Mmdb* database_;
  MmdbNames names_{"country",  "registered_country", "location", "city",  "country_code",
                   "latitude", "longitude",          "iso_code", "names", "en"};
  struct Country {
    std::uint32_t offset = Mmdb::nowhere;
    std::string_view code;
  };
  std::array<Country, 256> countries_;  // many networks share few
};

}  // namespace intelmq
