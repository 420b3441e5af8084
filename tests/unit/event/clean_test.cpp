// SPDX-License-Identifier: Apache-2.0
#include "event/clean.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "event/event.hpp"
#include "event/harmonise.hpp"
#include "type/json_text.hpp"

using namespace intelmq;

namespace {

constexpr std::string_view samples[] = {"",
                                        "-",
                                        "N/A",
                                        " ",
                                        "a",
                                        "A",
                                        "a b",
                                        " a",
                                        "a ",
                                        "0",
                                        "1",
                                        "00",
                                        "01",
                                        "-1",
                                        "+1",
                                        "1.0",
                                        "1.5",
                                        "-1.5",
                                        "1.50",
                                        "0.1",
                                        "0.0001",
                                        "0.00001",
                                        "0.0",
                                        "-0.0",
                                        "48.1",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "443",
                                        "4294967295",
                                        "4294967296",
                                        "99999999999999999999",
                                        "123456789012345678",
                                        "12345678901234.5",
                                        "1234567890123456.5",
                                        "AS1",
                                        "as64496",
                                        "192.0.2.1",
                                        "192.0.2.01",
                                        "0.0.0.0",
                                        "192.0.2.1/32",
                                        "192.0.2.0/24",
                                        "2001:db8::1",
                                        "2001:DB8::1",
                                        "2001:0db8::1",
                                        "::ffff:1.2.3.4",
                                        "fe80::1%eth0",
                                        "example.com",
                                        "Example.com",
                                        "example.com.",
                                        ".example.com",
                                        "a..b",
                                        "-a.example",
                                        "123.456",
                                        "1.2.3.4.5",
                                        "xn--a.example",
                                        "host_name",
                                        "a/b",
                                        "http://a",
                                        "http://a/",
                                        "https://a/b?c#d",
                                        "hxxp://a/",
                                        "http://a/hxxp://b",
                                        "HTTP://a/",
                                        "http://",
                                        "http:// a/",
                                        "http://[::1]/",
                                        "http://a:99999/",
                                        "ftp://a/",
                                        "file:///a",
                                        "http://a b/",
                                        "2020-01-02T03:04:05+00:00",
                                        "2020-01-02T03:04:05.5+00:00",
                                        "2020-01-02T03:04:05+01:00",
                                        "2020-01-02 03:04:05",
                                        "2020-13-02T03:04:05+00:00",
                                        "2020-1-2T3:4:5+00:00",
                                        "spam",
                                        "c&c",
                                        "unknown",
                                        "malware",
                                        "SPAM",
                                        "true",
                                        "false",
                                        "True",
                                        "RIPE",
                                        "AMBER",
                                        "TLP:RED",
                                        "AT",
                                        "at",
                                        "aGVsbG8=",
                                        "{}",
                                        "{\"a\":1}",
                                        "a\"b",
                                        "a\\b",
                                        "a\nb",
                                        "\x7f",
                                        "\xc3\xa9",
                                        "tab\t"};

}  // namespace

TEST_CASE("a clean text is valid and its own sanitised form") {
  for (int t = 0; t <= static_cast<int>(FieldType::JSONDict); ++t) {
    const auto type = static_cast<FieldType>(t);
    for (const std::string_view text : samples) {
      if (!is_plain(text) || !is_clean(type, text)) continue;
      INFO(t << " " << text);
      const std::string raw = '"' + std::string(text) + '"';
      const auto better = sanitise(type, raw, Timestamp{});
      REQUIRE(better);
      CHECK(*better == (is_bare(type) ? std::string(text) : raw));
      CHECK(is_valid(type, *better));
    }
  }
}

TEST_CASE("plain text needs no escapes in JSON") {
  for (int c = 0; c < 256; ++c)
    for (std::size_t size : {1, 7, 8, 9, 16, 17})
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        std::string json;
        append_string(json, text);
        CHECK(is_plain(text) == (json == '"' + text + '"'));
      }
  CHECK_FALSE(is_plain(""));
}

TEST_CASE("adding clean text gives what adding JSON gives") {
  const EventRules rules{};
  Event quick(rules), slow(rules);
  std::vector<FieldName> names;
  for (std::size_t i = 0; i < field_count; ++i)
    names.emplace_back(FieldId{static_cast<std::uint16_t>(i)});
  names.push_back(*FieldName::parse("extra.x"));
  for (const FieldName& name : names)
    for (const std::string_view text : samples) {
      INFO(name.text() << " " << text);
      quick.clear();
      slow.clear();
      std::string json;
      append_string(json, text);
      CHECK(quick.add_text(name, text) == slow.add_json(name, json));
      OutBuffer a, b;
      quick.write(a);
      slow.write(b);
      CHECK(a.text() == b.text());
      CHECK(quick.add_text(name, text) == slow.add_json(name, json));
    }
}
