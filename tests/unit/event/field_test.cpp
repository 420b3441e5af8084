// SPDX-License-Identifier: Apache-2.0
#include "event/field.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;

namespace {
std::string error_of(std::string_view text) {
  const auto name = FieldName::parse(text);
  return name ? "accepted" : name.error().text;
}
}  // namespace

TEST_CASE("field: the table is sorted and its names are well formed") {
  for (std::size_t i = 0; i < field_count; ++i) {
    INFO(field_table[i].name);
    CHECK(is_well_formed_name(field_table[i].name));
    if (i > 0) CHECK(field_table[i - 1].name < field_table[i].name);
    CHECK(find_field(field_table[i].name) == static_cast<FieldId>(i));
  }
  CHECK(field_count == 82);
}

TEST_CASE("field: names are known fields or extra") {
  REQUIRE(FieldName::parse("source.asn"));
  CHECK(FieldName::parse("source.asn")->id() == field::source.asn.id);
  CHECK(FieldName::parse("extra")->id() == field::extra.id);
  CHECK(FieldName::parse("extra.1")->is_extra());
  CHECK(FieldName::parse("extra.os.name")->text() == "extra.os.name");
  CHECK_FALSE(FieldName::parse("extra")->is_extra());
}

TEST_CASE("field: misspelt names are refused, with what was meant") {
  CHECK(error_of("source.pi") == "'source.pi' is not a field; did you mean 'source.ip'?");
  CHECK(error_of("source.asnn") == "'source.asnn' is not a field; did you mean 'source.asn'?");
  CHECK(error_of("Source.IP") == "'Source.IP' is not a field; did you mean 'source.ip'?");
  CHECK(error_of("something else entirely") == "'something else entirely' is not a field");
  CHECK(error_of("") == "'' is not a field");
  for (const char* bad : {"extra.", "extra.Foo", "extra.a-b", "extra.a b", "extra.a.", "extra..a",
                          "extra.\x1b[31m", "extra.a\n", "status.foo", "source.ip\n"}) {
    INFO(bad);
    CHECK_FALSE(FieldName::parse(bad));
    CHECK(error_of(bad).find('\x1b') == std::string::npos);
  }
}

TEST_CASE("field: form of a name") {
  for (const char* good : {"ab", "_a", "a1.2", "a_b.c_d.e"}) CHECK(is_well_formed_name(good));
  for (const char* bad : {"", "a", "1a", "ab.", ".ab", "ab..c", "Ab", "ab.C", "ab c", "a.b"}) {
    INFO(bad);
    CHECK_FALSE(is_well_formed_name(bad));
  }
}
