// SPDX-License-Identifier: Apache-2.0
#include "serve/freshness.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "type/url.hpp"

namespace intelmq::serve {
namespace {

constexpr std::array<std::string_view, 5> freshness_names = {"fresh", "ageing", "stale", "expired",
                                                             "missing"};

Result<Duration> limit(const Json& freshness, std::string_view name) {
  const Json& value = freshness[name];
  if (value.is_null()) return Duration{};
  auto read = parse_iso_duration(value.text());
  if (!read) return fail("freshness." + std::string(name) + ": " + read.error().text);
  return read;
}

/// Collects what is wrong with a policy.
class Checker {
 public:
  void wrong(const std::string& pointer, std::string_view code, std::string detail) {
    errors_.push_back({"#/" + pointer, std::string(code), std::move(detail)});
  }

  void known(const Json& object, const std::string& within,
             const std::vector<std::string_view>& names) {
    for (const auto& [name, value] : object.members())
      if (std::find(names.begin(), names.end(), name) == names.end())
        wrong(within + name, "unknown",
              "there is no member " + quote_for_message(name) +
                  did_you_mean(nearest(name, std::span<const std::string_view>{names})));
  }

  void duration(const Json& body, const std::string& name, Duration least, Duration most,
                Duration& out) {
    const Json& value = body[name];
    if (value.is_null()) return;
    const auto read = parse_iso_duration(value.text());
    if (!value.is_string() || !read)
      return wrong(name, "type", "expected an ISO 8601 duration such as PT24H");
    out = *read;
    if (out < least || out > most)
      wrong(name, "value", "expected " + least.iso_text() + " to " + most.iso_text());
  }

  void text(const Json& source, const std::string& name, bool needed,
            bool (*fits)(std::string_view), std::string_view form) {
    const Json& value = source[name];
    if (value.is_null() && !needed) return;
    if (value.is_null())
      wrong("source/" + name, "required", "is missing");
    else if (!value.is_string() || !fits(value.text()))
      wrong("source/" + name, "value", "expected " + std::string(form));
  }

  std::vector<FieldError> errors() { return std::move(errors_); }

 private:
  std::vector<FieldError> errors_;
};

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return (c | 32) >= 'a' ? (c | 32) <= 'z' : (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_type(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_url(std::string_view text) {
  if (text.size() > 2000) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; }))
    return false;
  const auto parts = split_url(text);
  return parts && (parts->scheme == "https" || parts->scheme == "http") && parts->hostname &&
         !parts->port_error && parts->netloc.find('@') == std::string::npos;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1";
}

/// The licence key goes there: never in clear over a network.
bool is_host(std::string_view text) {
  const std::string url =
      text.find("://") == text.npos ? "https://" + std::string(text) : std::string(text);
  if (!is_url(url)) return false;
  const auto parts = split_url(url);
  return parts->query.empty() && (parts->scheme == "https" || is_loopback(*parts->hostname));
}

constexpr std::string_view url_form =
    "a URL with https:// or http:// and without user and password: it is shown to who may read";

void check_source(const Json& source, Checker& checker) {
  if (!source.is_object()) return checker.wrong("source", "type", "expected an object");
  const std::string& protocol = source["protocol"].text();
  if (protocol == "geoipupdate") {
    checker.known(source, "source/", {"protocol", "edition", "host", "needs"});
    checker.text(source, "edition", true, is_word, "an edition such as GeoLite2-City");
    checker.text(source, "host", false, is_host, "a host, or its URL with https://");
  } else if (protocol == "http") {
    checker.known(source, "source/", {"protocol", "url", "sha256_url", "database_type", "needs"});
    checker.text(source, "url", true, is_url, url_form);
    checker.text(source, "sha256_url", false, is_url, url_form);
    checker.text(source, "database_type", false, is_type, "the database_type of the MMDB file");
  } else if (protocol == "none") {
    checker.known(source, "source/", {"protocol"});
  } else {
    checker.wrong("source/protocol", source.has("protocol") ? "value" : "required",
                  "expected geoipupdate, http or none");
  }
}

}  // namespace

Result<DataRule> read_data_rule(const Json& item) {
  DataRule out;
  out.name = item["name"].text();
  out.kind = item["kind"].text();
  const std::string& path = item["path"].text();
  constexpr std::string_view parameter = "parameter:";
  if (out.name.empty() || !path.starts_with(parameter))
    return fail("external_data: 'name' or 'path' is missing");
  out.parameter = path.substr(parameter.size());
  out.required = item["required"].boolean();
  const Json& freshness = item["freshness"];
  out.expired_is_ready = freshness["on_expire"].text() == "warn";
  for (auto& [name, value] : {std::pair<std::string_view, Duration&>{"warn", out.warn},
                              {"max", out.max},
                              {"expire", out.expire}}) {
    auto read = limit(freshness, name);
    if (!read) return tl::unexpected(read.error());
    value = *read;
  }
  for (const Json& type : item["database_type"].items()) out.types.push_back(type.text());
  out.source = item["source"];
  out.bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, item["bytes"].integer().value_or(0)));
  return out;
}

std::string_view name_of(Freshness freshness) {
  return freshness_names[static_cast<std::size_t>(freshness)];
}

Freshness freshness_of(const DataRule& rule, const DataCopy& copy, double now) {
  if (!copy.there) return Freshness::missing;
  const double age = now - copy.build_time;
  const auto reached = [age](Duration limit) {
    return limit.value.count() > 0 && age >= limit.seconds();
  };
  if (reached(rule.expire)) return Freshness::expired;
  if (reached(rule.max)) return Freshness::stale;
  return reached(rule.warn) ? Freshness::ageing : Freshness::fresh;
}

bool usable(const DataRule& rule, Freshness freshness) {
  if (freshness == Freshness::missing) return !rule.required;
  return freshness != Freshness::expired || rule.expired_is_ready;
}

Json DataPolicy::document() const {
  return Json::object()
      .set("auto", automatic)
      .set("interval", interval.iso_text())
      .set("jitter", jitter.iso_text())
      .set("source", source);
}

DataPolicy default_policy(const DataRule& rule) {
  DataPolicy out;
  out.source = rule.source.is_object() ? rule.source : Json::object().set("protocol", "none");
  return out;
}

Answer<DataPolicy> read_policy(const Json& body, const DataRule& rule) {
  using std::chrono::hours;
  Checker checker;
  DataPolicy out = default_policy(rule);
  checker.known(body, "", {"auto", "interval", "jitter", "source"});
  if (body["auto"].is_boolean())
    out.automatic = body["auto"].boolean();
  else if (!body["auto"].is_null())
    checker.wrong("auto", "type", "expected true or false");
  if (body.has("source")) {
    check_source(body["source"], checker);
    out.source = body["source"];
  }
  // Who asks oftener than that is locked out by the one and a nuisance to the other.
  const bool geoip = out.source["protocol"].text() == "geoipupdate";
  checker.duration(body, "interval", geoip ? Duration{hours(1)} : Duration{std::chrono::minutes(1)},
                   hours(24 * 366), out.interval);
  out.jitter = std::min(out.jitter, out.interval);
  checker.duration(body, "jitter", Duration{}, out.interval, out.jitter);
  auto errors = checker.errors();
  if (errors.empty()) return out;
  return tl::unexpected(
      Problem{"validation", "the policy does not fit", std::move(errors), Json::object(), {}});
}

}  // namespace intelmq::serve
