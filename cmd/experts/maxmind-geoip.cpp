// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include "bot/bot.hpp"
#include "data/city.hpp"
#include "data/mmdb.hpp"
#include "data/record_texts.hpp"
#include "type/ip.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

struct Params {
  DataFile<Mmdb> database{"/opt/intelmq/var/lib/bots/maxmind_geoip/GeoLite2-City.mmdb"};
  bool overwrite = false;
  bool use_registered = false;
};

const Spec<Params> spec{
    .name = "maxmind-geoip",
    .summary = "Add country, city and coordinates of addresses from a local MMDB file.",
    .details =
        "Reads GeoLite2 and GeoIP2 city or country databases and the flat ones of DB-IP and "
        "others. Addresses that the database does not know pass unchanged; zero "
        "coordinates count as missing.",
    .params = {param<&Params::database>("database", "The MMDB file."),
               param<&Params::overwrite>("overwrite", "Replace values that are there already."),
               param<&Params::use_registered>(
                   "use_registered",
                   "Use the country the network is registered in instead of the "
                   "one it is used in.")},
    .needs_any = {field::source.ip, field::destination.ip},
    .sets = {given(field::source.ip, field::source.geolocation.cc),
             given(field::source.ip, field::source.geolocation.latitude),
             given(field::source.ip, field::source.geolocation.longitude),
             given(field::source.ip, field::source.geolocation.city),
             given(field::destination.ip, field::destination.geolocation.cc),
             given(field::destination.ip, field::destination.geolocation.latitude),
             given(field::destination.ip, field::destination.geolocation.longitude),
             given(field::destination.ip, field::destination.geolocation.city)},
    .examples =
        {{.about = "An address in the test database",
          .args = "--database tests/data/city.mmdb",
          .input = R"({"source.ip":"192.0.2.1"})",
          .output =
              R"({"source.ip":"192.0.2.1","source.geolocation.cc":"AT",)"
              R"("source.geolocation.latitude":48.2082,)"
              R"("source.geolocation.longitude":16.3738,"source.geolocation.city":"Vienna"})"},
         {.about = "What is there already stays",
          .args = "--database tests/data/city.mmdb",
          .input = R"({"source.ip":"192.0.2.1","source.geolocation.cc":"XX"})",
          .output =
              R"({"source.ip":"192.0.2.1","source.geolocation.cc":"XX",)"
              R"("source.geolocation.latitude":48.2082,)"
              R"("source.geolocation.longitude":16.3738,"source.geolocation.city":"Vienna"})"},
         {.about = "An address nobody knows",
          .args = "--database tests/data/city.mmdb",
          .input = R"({"source.ip":"10.0.0.1","extra.n":1e400})",
          .output = R"({"source.ip":"10.0.0.1","extra.n":1e400})"},
         {.about = "Hostile: no address at all",
          .args = "--database tests/data/city.mmdb",
          .input = R"({"source.ip":"192.0.2.1; rm -rf /"})",
          .output = "",
          .failed = "invalid value for source.ip"}},
    .data = {{.name = "geolite2-city",
              .kind = "mmdb",
              .parameter = "database",
              .warn_days = 8,
              .max_days = 14,
              .expire_days = 30,
              .database_types = {"GeoLite2-City", "GeoIP2-City", "GeoLite2-Country",
                                 "GeoIP2-Country", "DBIP-City-Lite", "DBIP-Country-Lite"},
              .source = {"geoipupdate", "GeoLite2-City"},
              .bytes = 65'000'000}},
    .resources = {.rss_bytes = 70'000'000, .cpu_us_per_event = 2},
};

/// The fields of one side of an event.
struct Side {
  Field<FieldType::IPAddress> ip;
  Field<FieldType::UppercaseString> cc;
  Field<FieldType::Float> latitude, longitude;
  Field<FieldType::String> city;
};
constexpr Side sides[] = {
    {field::source.ip, field::source.geolocation.cc, field::source.geolocation.latitude,
     field::source.geolocation.longitude, field::source.geolocation.city},
    {field::destination.ip, field::destination.geolocation.cc,
     field::destination.geolocation.latitude, field::destination.geolocation.longitude,
     field::destination.geolocation.city}};

class MaxmindGeoip {
 public:
  MaxmindGeoip(const Params& params, const Context& context)
      : database_{must(Mmdb::open(params.database.path))},
        overwrite_{params.overwrite},
        registered_{params.use_registered} {
    const auto age =
        (std::time(nullptr) - static_cast<std::time_t>(database_.metadata().build_epoch)) / 86400;
    if (age > spec.data[0].max_days)
      context.log.debug(params.database.path + " is " + std::to_string(age) + " days old");
  }

  void process(Event& event) {
    const auto source = address_of(event, sides[0]);
    const auto destination = address_of(event, sides[1]);
    if (!source && !destination) return;
    const auto places =
        database_.find(source ? *source : *destination, destination ? *destination : *source);
    for (const std::uint32_t place : places) {
      texts_.prefetch(place);
      database_.prefetch(place);
    }
    if (source) locate(event, sides[0], places[0]);
    if (destination) locate(event, sides[1], places[1]);
  }

 private:
  /// Most addresses stand in the event as they are.
  static std::optional<IpAddress> address_of(Event& event, const Side& side) {
    const auto raw = event.raw_value(side.ip);
    if (!raw) return std::nullopt;
    if (const auto address = IpAddress::parse(raw->substr(1, raw->size() - 2))) return address;
    const auto text = event[side.ip];
    return text ? IpAddress::parse(*text) : std::nullopt;
  }

  void locate(Event& event, const Side& side, std::uint32_t place) {
    if (place == Mmdb::nowhere) return;
    const RecordTexts::Texts texts =
        texts_.get(place, [this](std::uint32_t at, std::string& out) { return render(at, out); });
    put(event, side.cc, texts[0]);
    put(event, side.latitude, texts[1]);
    put(event, side.longitude, texts[2]);
    put(event, side.city, texts[3]);
  }

  void put(Event& event, FieldId id, std::string_view json) const {
    if (!json.empty() && (overwrite_ || !event.has(id))) event.set_verbatim(id, json);
  }

  /// Appends country code, latitude, longitude and city as raw JSON values, empty where the record
  /// has none, and tells where they end.
  std::array<std::uint32_t, 4> render(std::uint32_t offset, std::string& out) {
    const City place = cities_.read(offset);
    std::array<std::uint32_t, 4> end;
    const auto done = [&](std::size_t i) { end[i] = static_cast<std::uint32_t>(out.size()); };
    const std::string_view cc = registered_ ? place.registered_cc : place.cc;
    if (matches_country(cc)) append_string(out, cc);
    done(0);
    if (place.latitude && *place.latitude != 0) out += float_repr(*place.latitude);
    done(1);
    if (place.longitude && *place.longitude != 0) out += float_repr(*place.longitude);
    done(2);
    if (!place.city.empty()) append_string(out, place.city);
    done(3);
    return end;
  }

  static bool matches_country(std::string_view cc) {
    const auto capital = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    return cc.size() == 2 && capital(cc[0]) && capital(cc[1]);
  }

  Mmdb database_;
  CityReader cities_{database_};
  RecordTexts texts_;
  bool overwrite_, registered_;
};

}  // namespace

const Bot& this_bot() { return define<MaxmindGeoip>(spec); }

}  // namespace intelmq
