// SPDX-License-Identifier: Apache-2.0
#include "spec/parameter.hpp"

#include <catch2/catch.hpp>

#include "spec/spec.hpp"

using namespace intelmq;

namespace {

enum class Miss { drop, keep };
constexpr std::array<std::string_view, 2> names_of(Miss) { return {"drop", "keep"}; }

struct Lookup {};
struct Params {
  std::optional<std::string> note;
  std::optional<std::int64_t> port;
  Miss on_miss = Miss::keep;
  DataFile<Lookup> database;
  Secret password;
  Duration http_timeout_sec = std::chrono::seconds(30);
  std::vector<std::string> tags{"a", "b"};
};

template <class T>
std::string error_of(const Json& value) {
  const auto read = ParameterType<T>::from_json(value);
  return read ? "accepted" : read.error().text;
}

}  // namespace

TEST_CASE("parameter: bool") {
  using Bool = ParameterType<bool>;
  for (const Json& yes : {Json(true), Json("TRUE"), Json("yes"), Json("On"), Json("1"), Json(1)})
    CHECK(Bool::from_json(yes).value());
  for (const Json& no : {Json(false), Json("False"), Json("NO"), Json("off"), Json("0"), Json(0)})
    CHECK_FALSE(Bool::from_json(no).value());
  for (const Json& bad : {Json(), Json(""), Json("maybe"), Json(2), Json::array(), Json("1.0")})
    CHECK(error_of<bool>(bad).ends_with("is neither true nor false"));
}

TEST_CASE("parameter: integer") {
  using Integer = ParameterType<std::int64_t>;
  CHECK(*Integer::from_json(12) == 12);
  CHECK(*Integer::from_json(" -7 ") == -7);
  CHECK(error_of<std::int64_t>("99999999999999999999").find("too large") != std::string::npos);
  for (const Json& bad : {Json(), Json(""), Json("1.5"), Json(1.0), Json("0x10"), Json("-"),
                          Json("1 2"), Json(true), Json::array()})
    CHECK(error_of<std::int64_t>(bad).ends_with("is not an integer such as 10"));
}

TEST_CASE("parameter: number") {
  CHECK(*ParameterType<double>::from_json("0.5") == 0.5);
  CHECK(*ParameterType<double>::from_json(3) == 3.0);
  for (const Json& bad : {Json("nan"), Json("inf"), Json("1e999"), Json(""), Json("1,5"), Json()})
    CHECK(error_of<double>(bad).ends_with("is not a number such as 2 or 0.5"));
}

TEST_CASE("parameter: text keeps spelling") {
  CHECK(*ParameterType<std::string>::from_json(*Json::parse("1.0")) == "1.0");
  CHECK(*ParameterType<std::string>::from_json(true) == "true");
  CHECK(*ParameterType<std::string>::from_json(" a ") == " a ");
  CHECK(error_of<std::string>(Json()) == "'null' is not a text");
}

TEST_CASE("parameter: lists") {
  using List = ParameterType<std::vector<std::string>>;
  using Words = std::vector<std::string>;
  CHECK(*List::from_json("a, b,,c ") == Words{"a", "b", "c"});
  CHECK(*List::from_json(*Json::parse(R"(["a,b", 1, true])")) == Words{"a,b", "1", "true"});
  CHECK(*List::from_json(R"( ["x", "y z"])") == Words{"x", "y z"});
  CHECK(List::from_json("")->empty());
  CHECK(error_of<Words>("[1,").find("not JSON at line 1") != std::string::npos);
  CHECK(error_of<Words>(*Json::parse(R"(["a", {}])")) == "item 2: '{}' is not a text");
  using Fields = ParameterType<std::vector<FieldName>>;
  CHECK(Fields::from_json("source.ip, extra.a")->size() == 2);
  CHECK(error_of<std::vector<FieldName>>("source.ip,source.pi") ==
        "'source.pi' is not a field; did you mean 'source.ip'?");
}

TEST_CASE("parameter: the hosts of a URL are one item of a list") {
  using List = ParameterType<std::vector<std::string>>;
  using Words = std::vector<std::string>;
  for (const std::string one :
       {"kafka://a:1,b:2/t", "x=kafka://u:p,w@a,b:2,c/t?key=k", "kafka://[::1]:9,[::2]:9/t"}) {
    CHECK(*List::from_json(one) == Words{one});
    CHECK(*List::from_json("-, " + one + " ,y=" + one + ",file:a") ==
          Words{"-", one, "y=" + one, "file:a"});
  }
  CHECK(*List::from_json("http://a,http://b/x,c") == Words{"http://a", "http://b/x", "c"});
  CHECK(*List::from_json("http://a,-,x=http://b,c/d") == Words{"http://a", "-", "x=http://b,c/d"});
  CHECK(*List::from_json("redis:///0/q,r") == Words{"redis:///0/q", "r"});
  CHECK(*List::from_json("kafka://a,b") == Words{"kafka://a", "b"});
  CHECK(*List::from_json("http://a?b,c/d") == Words{"http://a?b", "c/d"});
  CHECK(*List::from_json("a,b://") == Words{"a", "b://"});
}

TEST_CASE("parameter: choice, duration, json") {
  CHECK(error_of<Miss>("dorp") == "'dorp' is not one of drop, keep; did you mean 'drop'?");
  CHECK(*ParameterType<Miss>::from_json("KEEP") == Miss::keep);
  CHECK(error_of<Miss>(Json::array()) == "'[]' is not one of drop, keep");
  CHECK(error_of<Duration>("5x").starts_with("'5x' is not a duration"));
  CHECK(error_of<Duration>(Json::array()).starts_with("'[]' is not a duration"));
  CHECK(*ParameterType<Json>::from_json(R"( {"a": 1})") == Json::object().set("a", 1));
  CHECK(*ParameterType<Json>::from_json("1") == Json("1"));
  CHECK(error_of<Json>("{x}").find("not JSON at line 1, column 2") != std::string::npos);
}

TEST_CASE("parameter: optional") {
  CHECK_FALSE(*ParameterType<std::optional<std::int64_t>>::from_json(""));
  CHECK_FALSE(*ParameterType<std::optional<std::int64_t>>::from_json(Json()));
  CHECK((*ParameterType<std::optional<std::string>>::from_json(""))->empty());
}

TEST_CASE("parameter: bound to a member") {
  const Parameter timeout = param<&Params::http_timeout_sec>("http_timeout_sec", "Patience.");
  CHECK(timeout.option() == "--http-timeout-sec");
  CHECK(timeout.environment() == "INTELMQ_HTTP_TIMEOUT_SEC");
  CHECK(timeout.default_value == Json("30s"));
  Params params;
  REQUIRE(timeout.assign(&params, "5m"));
  CHECK(timeout.read(&params) == Json("5m"));
  const Parameter miss = param<&Params::on_miss>("on_miss", "What then.");
  CHECK(miss.schema["enum"].dump() == R"(["drop", "keep"])");
  CHECK(miss.default_value == Json("keep"));
  const Parameter password = param<&Params::password>("password", "Word.");
  REQUIRE(password.assign(&params, "hunter2"));
  CHECK(password.secret);
  CHECK(password.read(&params).dump().find("hunter2") == std::string::npos);
  CHECK(error_of<Secret>(Json::array().push("hunter2")).find("hunter2") == std::string::npos);
  CHECK(param<&Params::database>("database", "File.").schema["format"] == Json("x-path"));
}

TEST_CASE("spec: names") {
  Description bot;
  bot.name = "asn-lookup";
  CHECK(bot.program() == "intelmq-expert-asn-lookup");
  bot.kind = Kind::collector;
  CHECK(bot.program() == "intelmq-collector-asn-lookup");
  CHECK(always(field::source.ip).certain);
  CHECK(given(field::source.ip, field::source.asn).when->text() == "source.ip");
  CHECK(given(field::source.ip, field::source.asn).name.text() == "source.asn");
}
