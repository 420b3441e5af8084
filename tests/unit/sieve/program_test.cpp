// SPDX-License-Identifier: Apache-2.0
#include "sieve/program.hpp"

#include <catch2/catch.hpp>

#include "rules_run.hpp"

using sieve_test::holds;
using sieve_test::refusal;
using sieve_test::run;

namespace {

const std::string event = R"({"source.ip":"192.0.2.7","source.port":80,"comment":"Foo",)"
                          R"("feed.accuracy":99.5,"source.tor_node":true,)"
                          R"("time.source":"2024-06-14T12:00:00+00:00",)"
                          R"("extra.tags":["a",1,true],"extra.n":5,"extra.o":{"k":"v"}})";

std::string comment_after(std::string_view rules) {
  const auto out = run(rules, R"({"comment":"Foo"})");
  return out.line.empty() ? out.reason : out.line;
}

}  // namespace

TEST_CASE("sieve: texts") {
  CHECK(holds("comment == 'Foo'", event) == "yes");
  CHECK(holds("comment != 'Foo'", event) == "no");
  CHECK(holds("comment == 'foo'", event) == "no");
  CHECK(holds("comment :contains 'o'", event) == "yes");
  CHECK(holds("comment =~ '^F.o$'", event) == "yes");
  CHECK(holds("comment !~ 'x'", event) == "yes");
  CHECK(holds("comment :in ['x', 'Foo']", event) == "yes");
  CHECK(holds("comment :containsany ['x', 'oo']", event) == "yes");
  CHECK(holds("comment :regexin ['x', '^F']", event) == "yes");
  CHECK(holds("comment == 'F\xc3\xb6'", R"({"comment":"F\u00f6"})") == "yes");
}

TEST_CASE("sieve: other types against texts") {
  CHECK(holds("source.port == '80'", event) == "no");
  CHECK(holds("source.port != '80'", event) == "yes");
  CHECK(holds("source.port =~ '^80$'", event) == "yes");
  CHECK(holds("source.port :in ['80']", event) == "no");
  CHECK(holds("extra.o =~ '\"k\": \"v\"'", event) == "yes");
  CHECK(holds("extra.tags :contains \"['a', 1, True]\"", event) == "yes");
  CHECK(holds("extra.tags :containsany ['b', 'a']", event) == "yes");
  CHECK(holds("extra.o :containsany ['k']", event) == "yes");
  CHECK(holds("source.port :containsany ['8']", event) == "rejected");
  CHECK(holds("source.port :regexin ['8']", event) == "rejected");
}

TEST_CASE("sieve: numbers") {
  CHECK(holds("source.port == 80.0", event) == "yes");
  CHECK(holds("source.port > 79 && source.port < 80.5", event) == "yes");
  CHECK(holds("source.port :in [1, 80]", event) == "yes");
  CHECK(holds("feed.accuracy >= 99.5", event) == "yes");
  CHECK(holds("feed.accuracy <= -1", event) == "no");
  CHECK(holds("source.port == 80", R"({"source.port":"80"})") == "yes");
}

TEST_CASE("sieve: networks, times, booleans, presence") {
  CHECK(holds("source.ip << '192.0.2.1/24'", event) == "yes");
  CHECK(holds("source.ip << ['10.0.0.0/8', '2001:db8::/32']", event) == "no");
  CHECK(holds("comment << '0.0.0.0/0'", event) == "no");
  CHECK(holds("time.source :before '2024-06-15'", event) == "yes");
  CHECK(holds("time.source :after '2024-06-14 12:00'", event) == "no");
  CHECK(holds("time.source :after '2 days'", event) == "yes");
  CHECK(holds("comment :before '2024'", event) == "no");
  CHECK(holds("source.tor_node == true", event) == "yes");
  CHECK(holds("source.tor_node != True", event) == "no");
  CHECK(holds("comment == true", event) == "no");
  CHECK(holds("comment != true", event) == "no");
  CHECK(holds(":exists extra", event) == "yes");
  CHECK(holds(":notexists extra.z", event) == "yes");
}

TEST_CASE("sieve: lists") {
  CHECK(holds("extra.tags :equals ['a', 1, true]", event) == "yes");
  CHECK(holds("extra.tags :equals ['a', 1]", event) == "no");
  CHECK(holds("extra.tags :setequals [1.0, 'a']", event) == "yes");
  CHECK(holds("extra.tags :overlaps ['z', 1]", event) == "yes");
  CHECK(holds("extra.tags :subsetof ['a', 1, 'b']", event) == "yes");
  CHECK(holds("extra.tags :supersetof []", event) == "yes");
  CHECK(holds("extra.tags :overlaps []", event) == "no");
  CHECK(holds("comment :equals ['Foo']", event) == "no");
  CHECK(holds("extra.e :equals []", R"({"extra.e":[]})") == "yes");
  CHECK(holds("extra.e :overlaps [1]", R"({"extra.e":[[1]]})") == "rejected");
}

TEST_CASE("sieve: a missing key makes != and !~ true and all else false") {
  for (const char* test :
       {"status != 'x'", "status !~ 'x'", "source.asn != 5", "protocol.transport != 'x'"})
    CHECK(std::string(test) + holds(test, "{}") == std::string(test) + "yes");
  for (const char* test :
       {"status == 'x'", "status =~ '.'", "status :contains ''", "source.asn < 5",
        "source.asn :in [5]", "source.ip << '::/0'", "time.source :after '2000'",
        "extra.x :subsetof []", "extra.x == false", "status :in ['x']"}) {
    CHECK(std::string(test) + holds(test, "{}") == std::string(test) + "no");
    CHECK(std::string("! ") + test + holds(std::string("! ") + test, "{}") ==
          std::string("! ") + test + "yes");
  }
}

TEST_CASE("sieve: conditions are tried from the left and only as far as needed") {
  CHECK(holds("comment == 'x' && extra.n :regexin ['x']", event) == "no");
  CHECK(holds("comment == 'Foo' || extra.n :regexin ['x']", event) == "yes");
  CHECK(holds("comment == 'Foo' && extra.n :regexin ['x']", event) == "rejected");
  CHECK(holds("!(extra.n :regexin ['x'])", event) == "rejected");
}

TEST_CASE("sieve: add, add!, update, remove") {
  CHECK(comment_after("add comment = 'x'") == R"({"comment":"Foo"})");
  CHECK(comment_after("add! comment = 'x'") == R"({"comment":"x"})");
  CHECK(comment_after("update comment = 'x'") == R"({"comment":"x"})");
  CHECK(comment_after("update status = 'x'") == R"({"comment":"Foo"})");
  CHECK(comment_after("add extra.a = 1.50 add extra.b = True") ==
        R"({"comment":"Foo","extra.a":1.5,"extra.b":true})");
  CHECK(comment_after("add! comment = ''") == "{}");
  CHECK(comment_after("remove comment remove status") == "{}");
  CHECK(comment_after("add! source.port = '443'") == R"({"comment":"Foo","source.port":443})");
  CHECK(refusal("add! source.port = 'x'") ==
        "f:1:20: source.port cannot hold \"x\": it is not a valid value of its type");
  CHECK(comment_after("add! source.ip = ' 192.0.2.1/32 '") ==
        R"({"comment":"Foo","source.ip":"192.0.2.1"})");
  const auto out = run("$x = comment add! source.port = $x", R"({"comment":"x"})");
  CHECK(out.line == "rejected");
  CHECK(out.reason.find("sieve: line 1: invalid value 'x' for source.port") == 0);
  CHECK(run("remove extra", R"({"extra.a":1,"comment":"x","extra.b":2})").line ==
        R"({"comment":"x"})");
}

TEST_CASE("sieve: append") {
  CHECK(run("append extra.a 'x'", "{}").line == R"({"extra.a": ["x"]})");
  CHECK(run("append extra.a 2", R"({"extra.a":["x"]})").line == R"({"extra.a":["x", 2]})");
  CHECK(run("append extra.a 2", R"({"extra.a":[ ]})").line == R"({"extra.a":[2]})");
  CHECK(run("append extra.a 2", R"({"extra.a":"x"})").line == R"({"extra.a":"x"})");
  CHECK(run("append! extra.a 2", R"({"extra.a":"x"})").line == R"({"extra.a":["x", 2]})");
  CHECK(run("append! comment 'b'", R"({"comment":"a"})").line == R"({"comment":"['a', 'b']"})");
  CHECK(run("append! source.ip 'b'", R"({"source.ip":"192.0.2.1"})").line == "rejected");
}

TEST_CASE("sieve: += and -= move times") {
  const std::string at = R"({"time.source":"2024-01-31T23:30:00+00:00"})";
  CHECK(run("update time.source += '1 hour'", at).line ==
        R"({"time.source":"2024-02-01T00:30:00+00:00"})");
  CHECK(run("add! time.source -= '30 seconds'", at).line ==
        R"({"time.source":"2024-01-31T23:29:30+00:00"})");
  CHECK(run("add time.source += '1 hour'", at).line == at);
  CHECK(run("add time.source += '1 hour'", "{}").line == "rejected");
  CHECK(run("update time.source += '1 hour'", "{}").line == "{}");
  CHECK(run("add! time.source += '9000 years'", at).line == "rejected");
  CHECK(run("add! comment += '1 hour'", R"({"comment":"soon"})").line == "rejected");
}

TEST_CASE("sieve: keep, drop, branches") {
  CHECK(run("drop add comment = 'x'", "{}").reason == "sieve: drop at line 1");
  CHECK(run("keep add comment = 'x'", "{}").line == "{}");
  const std::string_view rules =
      "if comment == 'a' { add status = '1' } elif comment == 'b' { if :exists status { drop } "
      "add status = '2' } else { add status = '3' }\nadd extra.end = true";
  CHECK(run(rules, R"({"comment":"a"})").line ==
        R"({"comment":"a","status":"1","extra.end":true})");
  CHECK(run(rules, R"({"comment":"b"})").line ==
        R"({"comment":"b","status":"2","extra.end":true})");
  CHECK(run(rules, R"({"comment":"c"})").line ==
        R"({"comment":"c","status":"3","extra.end":true})");
  CHECK(run(rules, R"({"comment":"b","status":"x"})").line == "dropped");
}

TEST_CASE("sieve: the last path counts") {
  using Names = std::vector<std::string>;
  CHECK(run("path 'a' path ['b', '_default']", "{}").paths == Names{"b", "_default"});
  CHECK(run("path 'a' keep path 'b'", "{}").paths == Names{"a"});
  CHECK(run("path 'a' drop", "{}").paths.empty());
}

TEST_CASE("sieve: variables") {
  CHECK(run("$x = comment add! status = $x", R"({"comment":"a"})").line ==
        R"({"comment":"a","status":"a"})");
  CHECK(run("$x = comment add status = $x append extra.l $x update comment = 'b'",
            R"({"comment":"a"})")
            .line == R"({"comment":"b","status":"a","extra.l":["a"]})");
  CHECK(holds("comment == 'y'", R"({"comment":"x"})") == "no");
  CHECK(run("$x = comment if status == $x { drop }", R"({"comment":"a","status":"\u0061"})").line ==
        "dropped");
  CHECK(run("$x = source.port if source.port == $x { drop }", R"({"source.port":1})").line ==
        "rejected");
  CHECK(run("$x = source.port if source.port <= $x { drop }", R"({"source.port":1})").line ==
        "dropped");
  CHECK(run("$x = source.port if destination.port :in [5, $x] { drop }",
            R"({"source.port":1,"destination.port":1})")
            .line == "dropped");
  CHECK(run("$x = extra.field if $x == 'a' { drop }", R"({"extra.field":"comment","comment":"a"})")
            .line == "dropped");
  CHECK(run("$x = extra.field add! $x = 'a'", R"({"extra.field":"no field"})").line == "rejected");
  const auto absent = run("$x = comment", "{}");
  CHECK(absent.line == "rejected");
  CHECK(absent.reason == "sieve: line 1: the event has no comment to put into $x");
  CHECK(run("if :exists comment { $x = comment }\nadd! status = $x", "{}").reason ==
        "sieve: line 2: the variable $x has no value yet");
  CHECK(run("$x = comment if status =~ $x { drop }", R"({"comment":"^a","status":"ab"})").line ==
        "dropped");
  CHECK(run("$x = comment if status =~ $x { drop }", R"({"comment":"(","status":"ab"})").line ==
        "rejected");
}

TEST_CASE("sieve: mistakes are found at load time") {
  CHECK(refusal("if comment == 5 { drop }").find("f:1:4: comment is no field that holds numbers") ==
        0);
  CHECK(refusal("if extra.n == 5 {}").find("f:1:4: extra.n is no field that holds numbers") == 0);
  CHECK(refusal("if source.prt == 5 {}") ==
        "f:1:4: 'source.prt' is not a field; did you mean 'source.port'?");
  CHECK(refusal("if source.ip == '#fail' {}").find("f:1:17: source.ip holds an address") == 0);
  CHECK(refusal("if source.ip =~ '^10' {}").find("f:1:17:") == 0);
  CHECK(refusal("\nif source.ip << ['::/0', 'x'] {}").find("f:2:26: 'x' is no network") == 0);
  CHECK(refusal("if comment =~ '(' {}").find("f:1:15: regular expression '('") == 0);
  CHECK(refusal("add coment = 'x'") == "f:1:5: 'coment' is not a field; did you mean 'comment'?");
  CHECK(refusal("$x = coment").find("f:1:6:") == 0);
  CHECK(refusal("$abc = comment add! status = $abd").find("did you mean 'abc'?") !=
        std::string::npos);
  CHECK(refusal("add! time.source += 'soon'").find("f:1:21: += takes a length of time") == 0);
  CHECK(refusal("\xff").find("f: byte 1 is not UTF-8") == 0);
  CHECK(refusal("if source.ip == '192.0.2.1' {}\r\n\r\ndrop\r\nx").find("f:4:1:") == 0);
}

TEST_CASE("sieve: what the original lets pass is a warning") {
  const auto unknown = run("if coment == 'x' { drop } remove nothing", "{}");
  CHECK(unknown.line == "{}");
  REQUIRE(unknown.warnings.size() == 2);
  CHECK(unknown.warnings[0] ==
        "f:1:4: 'coment' is not a field; did you mean 'comment'?; no event has it");
  const std::string_view late = "if comment == 'x' && time.source :after '10 h' { drop }";
  CHECK(run(late, R"({"time.source":"2024-01-31T23:30:00+00:00"})").warnings.size() == 1);
  CHECK(run(late, R"({"comment":"x","time.source":"2024-01-31T23:30:00+00:00"})").line ==
        "rejected");
}

TEST_CASE("sieve: what ran is told") {
  const auto out = run("if :exists comment {\n add status = 'x'\n update comment = 'y' }\nkeep",
                       R"({"status":"a","comment":"b"})");
  CHECK(out.ran == std::vector<std::string>{R"("3: update comment = 'y'")", R"("4: keep")"});
}

TEST_CASE("sieve: an invalid value that a rule looks at rejects the event") {
  CHECK(holds("source.ip << '::/0'", R"({"source.ip":"x"})") == "rejected");
  CHECK(holds("comment == 'a'", R"({"source.ip":"x","comment":"a"})") == "yes");
}
