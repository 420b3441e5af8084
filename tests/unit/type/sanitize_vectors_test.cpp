// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

#include "type/fqdn.hpp"
#include "type/ip.hpp"
#include "type/json_text.hpp"
#include "type/number.hpp"
#include "type/url.hpp"

// What the Python original makes of single values; absent unless INTELMQ_VECTORS names the
// directory of the recorded vectors.

using namespace intelmq;

namespace {

using Sanitise = std::function<std::optional<std::string>(std::string_view)>;
using Valid = std::function<bool(std::string_view)>;

bool is_string(std::string_view raw) { return kind_of(raw) == JsonKind::string; }

std::string quoted(const std::string& text) {
  std::string out;
  append_string(out, text);
  return out;
}

std::optional<std::string> quoted(const std::optional<std::string>& text) {
  return text ? std::optional{quoted(*text)} : std::nullopt;
}

std::string python_str(std::string_view raw) {
  std::string out;
  REQUIRE(append_python_str(out, raw));
  return out;
}

std::optional<std::string> ip(std::string_view raw) {
  if (raw == "true" || raw == "false") return quoted(sanitise_ip_number(raw == "true" ? "1" : "0"));
  if (kind_of(raw) == JsonKind::number) return quoted(sanitise_ip_number(raw));
  return quoted(sanitise_ip(python_str(raw)));
}

std::optional<std::string> network(std::string_view raw) {
  return is_string(raw) ? quoted(sanitise_network(decode_string(raw))) : std::nullopt;
}

std::optional<std::string> fqdn(std::string_view raw) {
  if (raw == "null" || raw == "false") return std::nullopt;
  return quoted(sanitise_fqdn(python_str(raw)));
}

std::optional<std::string> url(std::string_view raw) {
  if (raw == "null") return std::nullopt;
  return quoted(sanitise_url(python_str(raw)));
}

std::optional<std::string> integer(std::string_view raw) {
  if (raw == "true" || raw == "false") return raw == "true" ? "1" : "0";
  if (is_string(raw)) return python_int(decode_string(raw));
  if (kind_of(raw) != JsonKind::number) return std::nullopt;
  return is_integer(raw) ? std::string{raw} : truncate_to_int(*python_float(raw));
}

std::optional<std::string> real(std::string_view raw) {
  if (raw == "true" || raw == "false") return raw == "true" ? "1.0" : "0.0";
  if (raw == "null") return std::nullopt;
  const auto number = python_float(python_str(raw));
  if (!number) return std::nullopt;
  const std::string text = float_repr(*number);
  return text == "inf" ? R"({"__float__": "inf"})" : text;
}

Valid text_rule(bool (*rule)(std::string_view)) {
  return [rule](std::string_view raw) { return is_string(raw) && rule(decode_string(raw)); };
}

std::string raw_text(simdjson::ondemand::value value) {
  std::string_view raw = value.raw_json_token();
  if (raw.front() == '[') {
    simdjson::ondemand::array array = value.get_array();
    raw = array.raw_json();
  } else if (raw.front() == '{') {
    simdjson::ondemand::object object = value.get_object();
    raw = object.raw_json();
  }
  return std::string{raw.substr(0, raw.find_last_not_of(" \t\r\n") + 1)};
}

std::string normal(std::string_view raw) {
  std::string out;
  REQUIRE(append_python_json(out, raw));
  return out;
}

// Returns the number of vectors seen.
std::size_t check_type(simdjson::ondemand::array vectors, const Sanitise& sanitise,
                       const Valid& valid) {
  std::size_t count = 0;
  for (simdjson::ondemand::object vector : vectors) {
    const std::string in = raw_text(vector["in"]);
    const bool valid_as_is = vector["valid_as_is"];
    const std::string sanitised = raw_text(vector["sanitized"]);
    INFO(in);
    CHECK(valid(in) == valid_as_is);
    CHECK(sanitise(in).value_or("null") == normal(sanitised));
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("single values are treated as the original treats them") {
  const char* directory = std::getenv("INTELMQ_VECTORS");
  if (directory == nullptr) {
    std::cout << "skipped: INTELMQ_VECTORS not set\n";
    return;
  }
  const auto json =
      simdjson::padded_string::load(std::string{directory} + "/original/sanitize.json").value();
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document all = parser.iterate(json);
  const auto number = [](std::string_view raw) { return kind_of(raw) == JsonKind::number; };
  CHECK(check_type(all["IPAddress"], ip, text_rule(valid_ip)) >= 32);
  CHECK(check_type(all["IPNetwork"], network, text_rule(valid_network)) >= 11);
  CHECK(check_type(all["FQDN"], fqdn, text_rule(valid_fqdn)) >= 27);
  CHECK(check_type(all["URL"], url, text_rule(valid_url)) >= 21);
  CHECK(check_type(all["Integer"], integer, is_integer) >= 14);
  CHECK(check_type(all["Float"], real, number) >= 16);
}
