// SPDX-License-Identifier: Apache-2.0
#include "type/fqdn.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

TEST_CASE("sanitise_fqdn normalises names") {
  CHECK(sanitise_fqdn("Example.COM") == "example.com");
  CHECK(sanitise_fqdn(" ..example.com. ") == "example.com");
  CHECK(sanitise_fqdn("M\xC3\x9CNCHEN.de") == "xn--mnchen-3ya.de");
  CHECK(sanitise_fqdn("stra\xC3\x9F"
                      "e.de") == "strasse.de");
  CHECK(sanitise_fqdn("example\xE3\x80\x82"
                      "com") == "example.com");
  CHECK(sanitise_fqdn("\xF0\x9F\x98\x80.example") == "xn--e28h.example");
  CHECK(sanitise_fqdn("\xE1\xBA\x9E.de") == "ss.de");
  CHECK(sanitise_fqdn("1.2.3.4") == "1.2.3.4");
}

TEST_CASE("sanitise_fqdn refuses bad labels") {
  CHECK_FALSE(sanitise_fqdn(""));
  CHECK_FALSE(sanitise_fqdn(" .. "));
  CHECK_FALSE(sanitise_fqdn("a..b"));
  CHECK(sanitise_fqdn(std::string(63, 'a') + ".b"));
  CHECK_FALSE(sanitise_fqdn(std::string(64, 'a') + ".b"));
  CHECK_FALSE(sanitise_fqdn("a." + std::string(64, 'b')));
  CHECK_FALSE(sanitise_fqdn("\xC2\xAD.de"));
  CHECK_FALSE(sanitise_fqdn("xn--\xC3\xBC.de"));
  CHECK_FALSE(sanitise_fqdn("\xED\xA0\x80.de"));
  CHECK_FALSE(sanitise_fqdn("\xFF.de"));
  std::string huge;
  for (int i = 0; i < 100'000; ++i) huge += "\xC3\xBC";
  CHECK_FALSE(sanitise_fqdn(huge));
}

TEST_CASE("check_fqdn accepts Python's oddities") {
  const std::string text_with_tab = "exa\tmple.com";
  for (const std::string& name :
       {std::string{"example.com"}, std::string{"localhost"}, std::string{"1"},
        std::string{"1.2.3"}, std::string{"-foo.com"}, std::string{"foo_bar.com"},
        std::string{"*.example.com"}, std::string{"foo bar.com"}, std::string{"user@example.com"},
        std::string{"a%b.com"}, std::string{"?"}, std::string{"xn--mnchen-3ya.de"},
        text_with_tab}) {
    INFO(name);
    CHECK(check_fqdn(name) == FqdnCheck::valid);
  }
}

TEST_CASE("check_fqdn refuses what is no name") {
  for (const auto* name : {"", ".", ".a", "a.", "Example.com", "1.2.3.4", "2001:db8::1", "a:80",
                           "a/b", "//a", "a?b", "a#f", "http://a", "m\xC3\xBCnchen.de"}) {
    INFO(name);
    CHECK(check_fqdn(name) == FqdnCheck::invalid);
  }
  CHECK_FALSE(valid_fqdn("a/b"));
}

TEST_CASE("check_fqdn reports where Python raises") {
  CHECK(check_fqdn("a..b") == FqdnCheck::error);
  CHECK(check_fqdn(std::string(64, 'a')) == FqdnCheck::error);
  CHECK(check_fqdn("//[") == FqdnCheck::error);
  CHECK_FALSE(valid_fqdn("a..b"));
}
