// SPDX-License-Identifier: Apache-2.0
#include "type/ip.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

namespace {

std::string address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  return parsed ? parsed->text() : "none";
}

std::string network(std::string_view text, HostBits host_bits = HostBits::clear) {
  const auto parsed = IpNetwork::parse(text, host_bits);
  return parsed ? parsed->text() : "none";
}

}  // namespace

TEST_CASE("IpAddress reads and writes IPv4") {
  CHECK(address("0.0.0.0") == "0.0.0.0");
  CHECK(address("192.0.2.105") == "192.0.2.105");
  CHECK(address("255.255.255.255") == "255.255.255.255");
  CHECK(IpAddress::parse("1.2.3.4")->bytes[3] == 4);
  CHECK(IpAddress::parse("1.2.3.4")->bytes[4] == 0);
}

TEST_CASE("IpAddress compresses IPv6") {
  CHECK(address("::") == "::");
  CHECK(address("::1") == "::1");
  CHECK(address("1::") == "1::");
  CHECK(address("2001:DB8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(address("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");
  CHECK(address("1:0:0:2:0:0:0:3") == "1:0:0:2::3");
  CHECK(address("0:0:1:2:3:4:5:6") == "::1:2:3:4:5:6");
  CHECK(address("1:2:3:4:5:6::") == "1:2:3:4:5:6::");
  CHECK(address("1:2:3:4:5:6:7::") == "1:2:3:4:5:6:7:0");
  CHECK(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").size() == IpAddress::max_text);
}

TEST_CASE("IpAddress reads a dotted tail") {
  CHECK(address("::ffff:1.2.3.4") == "::ffff:102:304");
  CHECK(address("::1.2.3.4") == "::102:304");
  CHECK(address("1:2:3:4:5:6:1.2.3.4") == "1:2:3:4:5:6:102:304");
  CHECK(address("1:2:3:4:5:6:7:1.2.3.4") == "none");
  CHECK(address("1.2.3.4::") == "none");
  CHECK(address("::1.2.3.4:5") == "none");
  CHECK(address("::01.2.3.4") == "none");
}

TEST_CASE("IpAddress refuses everything else") {
  for (const auto* text : {"",
                           ".",
                           ":",
                           ":::",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.4.",
                           ".1.2.3.4",
                           "1..2.3",
                           "256.1.1.1",
                           "010.1.2.3",
                           "00.0.0.0",
                           "1.2.3.04",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1.2.3.-4",
                           "0x1.2.3.4",
                           "1.2.3.1000",
                           "1.2.3.4:80",
                           "1.2.3.4/32",
                           "\xEF\xBC\x91.2.3.4",
                           "1:2:3:4:5:6:7",
                           "fe80::1%eth0",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1::",
                           ":1::2",
                           "1::2:",
                           "12345::",
                           "g::",
                           "[::1]",
                           "1:2:3:4::5:6:7:8",
                           "example.com"}) {
    INFO(text);
    CHECK(address(text) == "none");
  }
  CHECK(address(std::string("1.2.3.4\0", 8)) == "none");
}

TEST_CASE("addresses are ordered, IPv4 first") {
  CHECK(*IpAddress::parse("9.0.0.0") < *IpAddress::parse("10.0.0.0"));
  CHECK(*IpAddress::parse("255.255.255.255") < *IpAddress::parse("::"));
  CHECK(*IpAddress::parse("2001:DB8::1") == *IpAddress::parse("2001:db8:0::1"));
  CHECK(*IpAddress::parse("0.0.0.0") != *IpAddress::parse("::"));
}

TEST_CASE("IpNetwork reads lengths and masks") {
  CHECK(network("10.1.2.3/8") == "10.0.0.0/8");
  CHECK(network("10.0.0.0/08") == "10.0.0.0/8");
  CHECK(network("1.2.3.4") == "1.2.3.4/32");
  CHECK(network("1.2.3.4/0") == "0.0.0.0/0");
  CHECK(network("1.2.3.4/255.255.254.0") == "1.2.2.0/23");
  CHECK(network("1.2.3.4/0.0.0.255") == "1.2.3.0/24");
  CHECK(network("1.2.3.4/0.0.0.0") == "0.0.0.0/0");
  CHECK(network("1.2.3.4/255.255.255.255") == "1.2.3.4/32");
  CHECK(network("2001:DB8::1/32") == "2001:db8::/32");
  CHECK(network("ffff::/1") == "8000::/1");
  CHECK(network("fe80::1%eth0/64") == "fe80::/64");
}

TEST_CASE("IpNetwork refuses bad masks and host bits") {
  for (const auto* text : {"", "/", "/8", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+1",
                           "1.2.3.4/ 8", "1.2.3.4/255.0.255.0", "1.2.3.4/8/8", "::1/129",
                           "::1/ffff::", "::1/255.255.255.0", "fe80::1%/64", "fe80::1%a%b/64",
                           "1.2.3.4%a/8", "1.2.3.4/99999999999999999999", "1.2.3/24"}) {
    INFO(text);
    CHECK(network(text) == "none");
  }
  CHECK(network("10.0.0.1/8", HostBits::refuse) == "none");
  CHECK(network("10.0.0.0/8", HostBits::refuse) == "10.0.0.0/8");
}

TEST_CASE("IpNetwork contains addresses and networks") {
  const auto net = *IpNetwork::parse("192.0.2.128/25", HostBits::refuse);
  CHECK(net.contains(*IpAddress::parse("192.0.2.255")));
  CHECK_FALSE(net.contains(*IpAddress::parse("192.0.2.127")));
  CHECK_FALSE(net.contains(*IpAddress::parse("c000:280::")));
  CHECK(net.contains(*IpNetwork::parse("192.0.2.192/26", HostBits::refuse)));
  CHECK_FALSE(net.contains(*IpNetwork::parse("192.0.2.0/24", HostBits::refuse)));
  CHECK(IpNetwork::parse("::/0", HostBits::refuse)->contains(*IpAddress::parse("ffff::")));
  CHECK(IpNetwork::parse("1::1/128", HostBits::refuse)->contains(*IpAddress::parse("1::1")));
}

TEST_CASE("sanitise_ip takes numbers, scopes and full prefixes") {
  CHECK(sanitise_ip(" 1.2.3.4 ") == "1.2.3.4");
  CHECK(sanitise_ip("1.2.3.4/32") == "1.2.3.4");
  CHECK(sanitise_ip("2001:DB8::1/128") == "2001:db8::1");
  CHECK(sanitise_ip("fe80::1%eth0") == "fe80::1");
  CHECK(sanitise_ip("16909060") == "1.2.3.4");
  CHECK(sanitise_ip("0") == "0.0.0.0");
  CHECK(sanitise_ip("4294967296") == "::1:0:0");
  CHECK(sanitise_ip("340282366920938463463374607431768211455") ==
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  for (const auto* text : {"", "-1", "-0", "01", " 1", "1_0", "1.2.3.0/24", "2001:db8::/32",
                           "340282366920938463463374607431768211456", "1.2.3.4:80", "a.example"}) {
    INFO(text);
    CHECK_FALSE(sanitise_ip(text));
  }
  CHECK_FALSE(sanitise_ip_number("1.5"));
  CHECK(sanitise_ip_number("-0") == "0.0.0.0");
  CHECK_FALSE(sanitise_ip_number(std::string(1000, '9')));
}

TEST_CASE("valid_ip and valid_network judge the text as it is") {
  CHECK(valid_ip("::"));
  CHECK(valid_ip("2001:DB8::1"));
  CHECK_FALSE(valid_ip("0.0.0.0"));
  CHECK_FALSE(valid_ip("fe80::1%eth0"));
  CHECK_FALSE(valid_ip("1.2.3.4/32"));
  CHECK(valid_network("1.2.3.4"));
  CHECK(valid_network("10.0.0.0/08"));
  CHECK_FALSE(valid_network("1.2.3.4/24"));
  CHECK_FALSE(valid_network(" 1.2.3.0/24 "));
  CHECK(sanitise_network(" 1.2.3.4/24 ") == "1.2.3.0/24");
  CHECK_FALSE(sanitise_network("a.example/24"));
}
