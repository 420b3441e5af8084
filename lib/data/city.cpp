// SPDX-License-Identifier: Apache-2.0
#include "data/city.hpp"

namespace intelmq {
namespace {

enum Name : unsigned {  // in the order of CityReader::names_
  kCountry,
  kRegisteredCountry,
  kLocation,
  kCity,
  kCountryCode,
  kLatitude,
  kLongitude,
  kIsoCode,
  kNames,
  kEn
};

}  // namespace

std::string_view CityReader::text(std::uint32_t offset) const {
  return database_->text(offset, {}).value_or(std::string_view{});
}

std::string_view CityReader::country_code(std::uint32_t country) {
  if (country == Mmdb::nowhere) return {};
  const std::uint32_t map = database_->target(country);
  Country& known = countries_[map * 2654435769u >> 24];
  if (known.offset != map) known = {map, text(database_->member(map, names_, kIsoCode))};
  return known.code;
}

City CityReader::read(std::uint32_t offset) {
  const Mmdb::Members found = database_->members(offset, names_);
  const bool nested = found[kLocation] != Mmdb::nowhere;
  const Mmdb::Members place = nested ? database_->members(found[kLocation], names_) : found;
  // None of these depends on another: let memory look for all of them at once.
  for (const std::uint32_t at : {found[kCity], place[kLatitude], place[kLongitude]})
    database_->prefetch(database_->target(at));
  City out;
  out.registered_cc = country_code(found[kRegisteredCountry]);
  out.city = text(database_->member(database_->member(found[kCity], names_, kNames), names_, kEn));
  if (out.city.empty()) out.city = text(found[kCity]);
  out.cc = text(found[kCountryCode]);
  if (out.cc.empty()) out.cc = country_code(found[kCountry]);
  out.latitude = database_->number(place[kLatitude], {});
  out.longitude = database_->number(place[kLongitude], {});
  return out;
}

}  // namespace intelmq
