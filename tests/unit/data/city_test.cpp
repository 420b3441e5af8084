// SPDX-License-Identifier: Apache-2.0
#include "data/city.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace {

using intelmq::City;
using intelmq::CityReader;
using intelmq::Mmdb;

const std::filesystem::path data = std::filesystem::path("tests") / "data";

// Cities are views into their database, so these stay open.
const Mmdb& opened(const char* name) {
  static std::map<std::string, Mmdb> databases;
  auto found = databases.find(name);
  if (found == databases.end()) {
    auto db = Mmdb::open(data / name);
    REQUIRE(db);
    found = databases.emplace(name, std::move(*db)).first;
  }
  return found->second;
}

City look_up(const char* name, unsigned a, unsigned b, unsigned c, unsigned d) {
  const Mmdb& db = opened(name);
  intelmq::IpAddress address{};
  address.bytes = {static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b),
                   static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(d)};
  const auto offset = db.find(address);
  REQUIRE(offset);
  return CityReader(db).read(*offset);
}

}  // namespace

TEST_CASE("city: both layouts give the same place", "[city]") {
  for (const char* name : {"city.mmdb", "flat.mmdb"}) {
    CAPTURE(name);
    const City city = look_up(name, 192, 0, 2, 1);
    CHECK(city.cc == "AT");
    CHECK(city.city == "Vienna");
    CHECK(city.latitude == 48.2082);  // the flat one stores floats
    CHECK(city.longitude == 16.3738);
  }
  CHECK(look_up("city.mmdb", 192, 0, 2, 1).registered_cc == "AT");
  CHECK(look_up("flat.mmdb", 192, 0, 2, 1).registered_cc.empty());
}

TEST_CASE("city: what is missing stays empty", "[city]") {
  for (const char* name : {"city.mmdb", "flat.mmdb"}) {
    CAPTURE(name);
    const City nameless = look_up(name, 198, 18, 0, 1);
    CHECK(nameless.city.empty());
    CHECK(nameless.cc == "AT");
    CHECK(nameless.latitude == 47.5);
    const City zero = look_up(name, 198, 18, 1, 1);
    CHECK(zero.latitude == 0.0);
    CHECK(zero.longitude == 0.0);
  }
  const City registered = look_up("city.mmdb", 198, 18, 2, 1);
  CHECK(registered.cc.empty());
  CHECK(registered.registered_cc == "DE");
  CHECK_FALSE(registered.latitude);
  CHECK_FALSE(registered.longitude);
  const City both = look_up("city.mmdb", 198, 18, 3, 1);
  CHECK(both.cc == "CZ");
  CHECK(both.registered_cc == "US");
  const City unplaced = look_up("city.mmdb", 198, 18, 4, 1);
  CHECK(unplaced.cc == "FR");
  CHECK_FALSE(unplaced.latitude);
}

TEST_CASE("city: an offset outside of the data is an empty city", "[city]") {
  const City city = CityReader(opened("city.mmdb")).read(0xfffffff0u);
  CHECK(city.cc.empty());
  CHECK(city.city.empty());
  CHECK_FALSE(city.latitude);
}

TEST_CASE("city: every demo network has a city", "[city]") {
  std::ifstream list(data / "demo-networks.txt");
  unsigned networks = 0;
  for (std::string line; std::getline(list, line); ++networks) {
    if (line.find(':') != std::string::npos) continue;
    std::array<unsigned, 3> part{};
    std::istringstream in(line);
    char point = 0;
    REQUIRE(in >> part[0] >> point >> part[1] >> point >> part[2]);
    CAPTURE(line);
    CHECK(look_up("city.mmdb", part[0], part[1], part[2], 200).city.size() > 2);
    CHECK(look_up("flat.mmdb", part[0], part[1], part[2], 200).cc.size() == 2);
  }
  CHECK(networks >= 60);
}

TEST_CASE("city: a reader remembers names and countries, but not wrongly", "[city]") {
  CityReader reader(opened("city.mmdb"));
  for (int round = 0; round < 2; ++round) {
    for (unsigned d : {2u, 3u, 4u}) {
      intelmq::IpAddress address{};
      address.bytes = {198, 18, static_cast<std::uint8_t>(d), 1};
      const auto offset = opened("city.mmdb").find(address);
      REQUIRE(offset);
      const City again = reader.read(*offset);
      const City fresh = look_up("city.mmdb", 198, 18, d, 1);
      CHECK(again.cc == fresh.cc);
      CHECK(again.registered_cc == fresh.registered_cc);
      CHECK(again.city == fresh.city);
      CHECK(again.latitude == fresh.latitude);
    }
  }
}
