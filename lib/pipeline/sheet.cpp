// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sheet.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace intelmq {
namespace {

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.items())
    if (item.is_string()) out.push_back(item.text());
  return out;
}

Lacking effect_of(const Json& group) {
  if (group["effect"].text() == "reject") return Lacking::rejected;
  return group["effect"].text() == "drop" ? Lacking::dropped : Lacking::passes;
}

void read_needs(Sheet& sheet, const Json& groups) {
  for (const Json& group : groups.items()) {
    const bool all = group.has("all_of");
    NeededFields needed{texts(group[all ? "all_of" : "any_of"]), all, effect_of(group)};
    if (!needed.names.empty()) sheet.needs.push_back(std::move(needed));
  }
}

void read_fields(Sheet& sheet, const Json& fields) {
  read_needs(sheet, fields["requires"]);
  for (const Json& made : fields["produces"].items())
    if (made["field"].is_string())
      sheet.makes.push_back(
          {made["field"].text(), made["when"].text(), made["certainty"].text() == "must"});
  sheet.removes = texts(fields["removes"]);
  const Json& passes = fields["passes_through"];
  sheet.keeps_all = passes.is_string() && passes.text() == "all";
  sheet.keeps = texts(passes);
  sheet.dynamic = fields["dynamic"].boolean();
}

}  // namespace

std::optional<Kind> kind_named(std::string_view name) {
  for (const Kind kind :
       {Kind::collector, Kind::parser, Kind::expert, Kind::transformer, Kind::output})
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

std::string NeededFields::text() const { return join(names, all ? " and " : " or "); }

bool Sheet::has_path(std::string_view path) const {
  return std::any_of(paths.begin(), paths.end(),
                     [&](const std::string& own) { return own == path || own == "*"; });
}

Result<Sheet> Sheet::read(Json document) {
  Sheet sheet;
  if (!document.is_object()) return fail("the description is no JSON object");
  if (document["describe"].text() != "intelmq-describe/1")
    return fail("describe: " + quote_for_message(document["describe"].text()) +
                " is not intelmq-describe/1");
  sheet.program = document["name"].text();
  if (sheet.program.empty()) return fail("name: the description has none");
  const auto kind = kind_named(document["kind"].text());
  if (!kind)
    return fail("kind: " + quote_for_message(document["kind"].text()) + " is no kind of bot");
  if (!document["fields"].is_object()) return fail("fields: the description has none");
  sheet.kind = *kind;
  sheet.summary = document["summary"].text();
  sheet.module = document["module"].text();
  sheet.paths = texts(document["paths"]);
  sheet.input_formats = texts(document["formats"]["input"]);
  sheet.output_formats = texts(document["formats"]["output"]);
  read_fields(sheet, document["fields"]);
  const auto least = document["cardinality"]["out"]["min"].real();
  sheet.drops = least && *least < 1;
  sheet.rss_bytes = document["resources"]["baseline"]["rss_bytes"].integer().value_or(0);
  sheet.disk_bytes = document["resources"]["baseline"]["disk_bytes"].integer().value_or(0);
  sheet.most_instances = document["scaling"]["max_instances"].integer();
  sheet.document = std::move(document);
  return sheet;
}

Json main_members(const Json& document) {
  constexpr std::string_view left_out[] = {"parameters", "exit_codes",   "signals",
                                           "self_test",  "capabilities", "connections"};
  Json out = Json::object();
  for (const auto& [name, value] : document.members())
    if (std::find(std::begin(left_out), std::end(left_out), name) == std::end(left_out))
      out.set(name, value);
  return out;
}

}  // namespace intelmq
