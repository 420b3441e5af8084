// SPDX-License-Identifier: Apache-2.0
#include "type/byte_size.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

TEST_CASE("parse_byte_size reads every unit") {
  CHECK(parse_byte_size("100")->bytes == 100);
  CHECK(parse_byte_size("0")->bytes == 0);
  CHECK(parse_byte_size("7B")->bytes == 7);
  CHECK(parse_byte_size("512k")->bytes == 512 * 1024);
  CHECK(parse_byte_size("16MiB")->bytes == 16 * 1024 * 1024);
  CHECK(parse_byte_size("16 mib")->bytes == 16 * 1024 * 1024);
  CHECK(parse_byte_size("1.5G")->bytes == 1536ULL * 1024 * 1024);
  CHECK(parse_byte_size("2MB")->bytes == 2'000'000);
  CHECK(parse_byte_size("1T")->bytes == 1ULL << 40U);
  CHECK(parse_byte_size("18446744073709551615")->bytes == 18446744073709551615ULL);
}

TEST_CASE("parse_byte_size says what is wrong") {
  for (const auto* text : {"", "k", "-1", "+1", "1x", "1e3", "0x10", "1 2", "18446744073709551616",
                           "99999999T", "1.k", ".5k"}) {
    INFO(text);
    CHECK_FALSE(parse_byte_size(text));
  }
  CHECK(parse_byte_size("1x").error().text == "'1x' is not a size such as 16MiB, 512k or 100");
}

TEST_CASE("ByteSize writes the largest even unit") {
  CHECK(ByteSize{0}.text() == "0");
  CHECK(ByteSize{100}.text() == "100");
  CHECK(ByteSize{1024}.text() == "1KiB");
  CHECK(ByteSize{16 * 1024 * 1024}.text() == "16MiB");
  CHECK(ByteSize{1ULL << 50U}.text() == "1024TiB");
  for (const auto* text : {"1", "512KiB", "16MiB", "3TiB"}) {
    CHECK(parse_byte_size(text)->text() == text);
  }
}
