// SPDX-License-Identifier: Apache-2.0
#include "bot/bot.hpp"
#include "modify/rules.hpp"

namespace intelmq {
namespace {

struct Params {
  DataFile<modify::Rules> configuration_path{"/opt/intelmq/var/lib/bots/modify/modify.conf"};
  bool case_sensitive = true;
  std::optional<std::int64_t> maximum_matches;
  bool overwrite = true;
};

Result<modify::Rules> load(const Params& params, const Harmonization& fields) {
  const std::int64_t most = params.maximum_matches.value_or(0);
  if (most < 0) return fail("maximum_matches: " + std::to_string(most) + " is less than 0");
  return modify::Rules::load(
      params.configuration_path.path,
      {params.case_sensitive, params.overwrite, static_cast<std::size_t>(most)}, fields);
}

FieldUse fields_of(const Params& params) {
  FieldUse out;
  const auto rules = load(params, Harmonization{});
  out.any_field = !rules;
  if (!rules) return out;
  out.reads = rules->reads();
  out.removes = rules->removes();
  for (const FieldName& name : rules->sets()) out.sets.emplace_back(name);
  return out;
}

const Spec<Params> spec{
    .name = "modify",
    .summary = "Set and remove fields by the rules of a file.",
    .details =
        "The file, JSON or YAML, is an array of rules such as {\"rulename\": \"ssh\", \"if\": "
        "{\"source.port\": \"^22$\"}, \"then\": {\"protocol.application\": \"ssh\"}}. Every rule "
        "all of whose conditions hold is applied, in order; later rules see what earlier ones did. "
        "A mistake in the file stops the bot at start.\n\n"
        "Conditions, by field: \"\" asks for a field that is absent; another text is a regular "
        "expression of Python that is searched in the value, numbers and booleans as Python writes "
        "them (5, 100.0, True); anything else is compared with the value. An empty \"if\" always "
        "holds.\n\n"
        "Actions, by field: \"\" removes it; another text is a template of Python's str.format; "
        "{msg[FIELD]} is a value of the event, {matches[FIELD][GROUP]} a group of the regular "
        "expression on that field, {{ and }} are braces; anything else is the value itself.\n\n"
        "An event on which a rule cannot be carried out is a failed record: a field that a "
        "template inserts is absent, the result is no valid value of its field, a regular "
        "expression meets an array.",
    .params = {param<&Params::configuration_path>("configuration_path", "File of rules."),
               param<&Params::case_sensitive>("case_sensitive",
                                              "Regular expressions tell a from A."),
               param<&Params::maximum_matches>("maximum_matches",
                                               "Rules applied to an event at most."),
               param<&Params::overwrite>("overwrite", "Replace and remove values that are there.")},
    .fields = fields_of,
    .examples = {
        {.about = "A constant; the field that the rule sets must be absent",
         .args = "--configuration-path tests/data/modify.json",
         .input = R"({"source.port":53})"
                  "\n"
                  R"({"source.port":53,"classification.identifier":"dns"})",
         .output = R"({"source.port":53,"classification.identifier":"open-dns",)"
                   R"("protocol.application":"dns"})"
                   "\n"
                   R"({"source.port":53,"classification.identifier":"dns"})"},
        {.about = "A group of a regular expression, fields of the event, a field removed",
         .args = "--configuration-path tests/data/modify.json",
         .input = R"({"malware.name":"vendor-conficker-b","source.port":22})"
                  "\n"
                  R"({"source.tor_node":false})",
         .output = R"({"malware.name":"conficker","source.port":22,)"
                   R"("comment":"conficker, port    22"})"
                   "\n"
                   R"({"extra.tags":["clean",1]})"},
        {.about = "One rule an event, and values that are there stay",
         .args = "--configuration-path tests/data/modify.json --maximum-matches 1 "
                 "--overwrite false",
         .input = R"({"source.port":53,"protocol.application":"mdns","source.tor_node":false})",
         .output = R"({"source.port":53,"protocol.application":"mdns","source.tor_node":false,)"
                   R"("classification.identifier":"open-dns"})"},
        {.about =
             "Hostile: braces and escapes in values, an absent field, a result that is no address",
         .args = "--configuration-path tests/data/modify.json",
         .input = R"({"event_description.text":"host \u0031\u0039\u0032.0.2.1 {msg[raw]}"})"
                  "\n"
                  R"({"malware.name":"vendor-x"})"
                  "\n"
                  R"({"event_description.text":"host {msg[comment]}"})",
         .output = R"({"event_description.text":"host \u0031\u0039\u0032.0.2.1 {msg[raw]}",)"
                   R"("source.ip":"192.0.2.1"})",
         .failed = "rule address out of the text: invalid value for source.ip"}}};

class Modify {
 public:
  Modify(const Params& params, const Context& context)
      : rules_{must(load(params, context.rules.harmonization))} {}

  void process(Event& event) { rules_.apply(event); }

 private:
  modify::Rules rules_;
};

}  // namespace

const Bot& this_bot() { return define<Modify>(spec); }

}  // namespace intelmq
