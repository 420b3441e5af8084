// SPDX-License-Identifier: Apache-2.0
#include "modify/rules.hpp"

#include <catch2/catch.hpp>

#include "base/result.hpp"

using namespace intelmq;
using modify::RuleOptions;
using modify::Rules;

namespace {

Result<Rules> compiled(std::string_view rules, const RuleOptions& options = {}) {
  return Rules::compile(Json::parse(rules).value(), options, Harmonization{});
}

/// What becomes of an event: its line, or "rejected: " and the reason.
std::string applied(std::string_view rules, std::string line, const RuleOptions& options = {}) {
  auto made = compiled(rules, options);
  if (!made) return "refused: " + made.error().text;
  const EventRules event_rules;
  Event event(event_rules);
  LineError error;
  const std::size_t size = line.size();
  line.append(64, '\0');
  if (!event.read(line.data(), size, error)) return "unread: " + error.reason;
  made->apply(event);
  if (event.verdict() == Verdict::reject) return "rejected: " + std::string(event.reason());
  OutBuffer out;
  event.write(out);
  return std::string(out.text());
}

std::string refused(std::string_view rules) {
  const auto made = compiled(rules);
  return made ? "accepted" : made.error().text;
}

std::string rule(std::string_view conditions, std::string_view actions) {
  return R"([{"rulename": "r", "if": {)" + std::string(conditions) + R"(}, "then": {)" +
         std::string(actions) + "}}]";
}

}  // namespace

TEST_CASE("modify: conditions") {
  const auto marked = [](std::string_view condition, std::string line, RuleOptions options = {}) {
    return applied(rule(condition, R"("status": "x")"), std::move(line), options)
               .find("\"status\"") != std::string::npos;
  };
  CHECK(marked("", R"({"comment": "a"})"));
  CHECK(marked(R"("comment": "")", R"({"source.port": 1})"));
  CHECK(marked(R"("comment": "")", R"({"comment": "N/A", "source.port": 1})"));
  CHECK_FALSE(marked(R"("comment": "")", R"({"comment": "a"})"));
  CHECK(marked(R"("comment": "^F")", R"({"comment": "\u0046oo"})"));
  CHECK_FALSE(marked(R"("comment": "^f")", R"({"comment": "Foo"})"));
  CHECK(marked(R"("comment": "^f")", R"({"comment": "Foo"})", {.case_sensitive = false}));
  CHECK(marked(R"("source.tor_node": "^True$")", R"({"source.tor_node": true})"));
  CHECK(marked(R"("source.tor_node": false)", R"({"source.tor_node": false})"));
  CHECK(marked(R"("feed.accuracy": "^100\\.0$")", R"({"feed.accuracy": 100.0})"));
  CHECK(marked(R"("source.port": 80.0)", R"({"source.port": 80})"));
  CHECK(marked(R"("source.port": 80)", R"({"source.port": "80"})"));
  CHECK_FALSE(marked(R"("extra.n": 80)", R"({"extra.n": "80"})"));
  CHECK(marked(R"("extra.n": [1, "a"])", R"({"extra.n": [1,"a"]})"));
  CHECK_FALSE(marked(R"("comment": "a", "source.port": 1)", R"({"comment": "a"})"));
}

TEST_CASE("modify: actions") {
  const auto changed = [](std::string_view actions, std::string line, RuleOptions options = {}) {
    return applied(rule("", actions), std::move(line), options);
  };
  CHECK(changed(R"("comment": "b")", R"({"comment": "a"})") == R"({"comment": "b"})");
  CHECK(changed(R"("comment": "b")", R"({"comment": "a"})", {.overwrite = false}) ==
        R"({"comment": "a"})");
  CHECK(changed(R"("comment": "")", R"({"comment": "a", "source.port": 1})") ==
        R"({"source.port": 1})");
  CHECK(changed(R"("comment": "")", R"({"comment": "a"})", {.overwrite = false}) ==
        R"({"comment": "a"})");
  CHECK(changed(R"("extra.c": "{{x}}")", "{}") == R"({"extra.c": "{x}"})");
  CHECK(changed(R"("source.ip": " 192.0.2.1 ")", "{}") == R"({"source.ip": "192.0.2.1"})");
  CHECK(changed(R"("source.port": 80, "extra.l": [1, {"a": null}])", "{}") ==
        R"({"source.port": 80, "extra.l": [1, {"a": null}]})");
  CHECK(changed(R"("comment": "{msg[source.port]:05d} {msg[source.tor_node]} {msg[extra.l]}")",
                R"({"source.port": 80, "source.tor_node": true, "extra.l": [1, "a"]})") ==
        R"({"source.port": 80, "source.tor_node": true, "extra.l": [1, "a"], )"
        R"("comment": "00080 True [1, 'a']"})");
}

TEST_CASE("modify: groups of the rule's own regular expressions") {
  CHECK(applied(rule(R"("comment": "(a)(?P<two>b)?(c)?")",
                     R"("comment": "{matches[comment][1]}-{matches[comment][two]}",)"
                     R"("status": "{matches[comment][3]} {matches[comment][0]}")"),
                R"({"comment": "xab{msg[raw]}"})") == R"({"comment": "a-b", "status": "None ab"})");
}

TEST_CASE("modify: rules see what earlier ones did, up to maximum_matches") {
  constexpr std::string_view chain =
      R"([{"if": {"comment": "F"}, "then": {"comment": "G"}},)"
      R"( {"if": {"comment": "F"}, "then": {"status": "never"}},)"
      R"( {"if": {"comment": "G"}, "then": {"status": "{msg[comment]}"}}])";
  CHECK(applied(chain, R"({"comment": "F"})") == R"({"comment": "G", "status": "G"})");
  CHECK(applied(chain, R"({"comment": "F"})", {.maximum_matches = 1}) == R"({"comment": "G"})");
  CHECK(applied(chain, R"({"comment": "F"})", {.maximum_matches = 2}) ==
        R"({"comment": "G", "status": "G"})");
}

TEST_CASE("modify: what cannot be carried out rejects the event and names the rule") {
  CHECK(applied(rule("", R"("status": "{msg[malware.name]}")"), R"({"comment": "F"})") ==
        "rejected: rule r: status: 'msg[malware.name]' has no value; the template needs one");
  CHECK(applied(rule("", R"("source.ip": "{msg[comment]}")"), R"({"comment": "F"})")
            .find("rejected: rule r: invalid value 'F' for source.ip") == 0);
  CHECK(applied(rule(R"("extra.l": "a")", ""), R"({"extra.l": ["a"]})")
            .find("rejected: rule r: extra.l is an array") == 0);
  CHECK(applied(rule(R"("source.ip": "1")", ""), R"({"source.ip": "x"})").find("rejected: ") == 0);
  CHECK(applied(rule("", R"("source.ip": "192.0.2.1")"), R"({"__type": "Report", "raw": "Cg=="})")
            .find("rejected: rule r: ") == 0);
}

TEST_CASE("modify: mistakes in the file are refused") {
  CHECK(refused("{}").find("the file holds no array of rules") == 0);
  CHECK(refused("[1]").find("rule 1: not an object") == 0);
  CHECK(refused(R"([{"if": {}}])").find("rule 1: then is missing") == 0);
  CHECK(refused(R"([{"rulename": "a\u001b", "if": [], "then": {}}])")
            .find("rule a\\x1b: if is missing or no object") == 0);
  CHECK(refused(rule(R"("source.pi": "a")", "")) ==
        "rule r: if: 'source.pi' is not a field; did you mean 'source.ip'?");
  CHECK(refused(rule("", R"("source.pi": "a")")) ==
        "rule r: then: 'source.pi' is not a field; did you mean 'source.ip'?");
  CHECK(
      refused(rule(R"("comment": "(")", "")).find("rule r: if: comment: regular expression '('") ==
      0);
  CHECK(refused(rule(R"("comment": null)", "")).find("rule r: if: comment: null is no") == 0);
  CHECK(refused(rule("", R"("source.ip": "bad")"))
            .find("rule r: then: source.ip: the field cannot hold \"bad\"") == 0);
  CHECK(
      refused(rule("", R"("comment": "{msg[comment]")")).find("rule r: then: comment: template") ==
      0);
  CHECK(refused(rule("", R"("comment": "{msg[commnt]}")")).find("did you mean 'comment'?") !=
        std::string::npos);
  CHECK(refused(rule("", R"("comment": "{msg}")")).find("{msg} cannot be inserted") !=
        std::string::npos);
  CHECK(refused(rule("", R"("comment": "{matches[comment][1]}")"))
            .find("no condition on 'comment'") != std::string::npos);
  CHECK(refused(rule(R"("comment": "a")", R"("comment": "{matches[comment][1]}")"))
            .find("has no group '1'") != std::string::npos);
  CHECK(refused(rule(R"("comment": "a")",
                     R"("comment": "{matches[comment][99999999999999999999999]}")"))
            .find("has no group") != std::string::npos);
}

TEST_CASE("modify: the fields that rules use") {
  const auto made = compiled(rule(R"("comment": "a", "source.port": "")",
                                  R"("status": "{msg[source.ip]}", "raw": "", "comment": "b")"));
  REQUIRE(made);
  CHECK(made->reads().size() == 3);
  REQUIRE(made->sets().size() == 2);
  CHECK(made->sets()[0] == FieldName(field::status));
  REQUIRE(made->removes().size() == 1);
  CHECK(made->removes()[0] == FieldName(field::raw));
}
