// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bot/bot.hpp"
#include "sieve/program.hpp"

namespace intelmq {
namespace {

struct Params {
  DataFile<sieve::Program> file{"/opt/intelmq/var/lib/bots/sieve/filter.sieve"};
  bool explain = false;
};

FieldUse fields_of(const Params& params) {
  FieldUse out;
  const auto program = sieve::Program::load(params.file.path, Harmonization{});
  out.any_field = !program || program->fields().any;
  if (program) {
    out.reads = program->fields().reads;
    out.removes = program->fields().removes;
    for (const FieldName& name : program->fields().sets) out.sets.emplace_back(name);
  }
  if (params.explain) out.sets.emplace_back(must(FieldName::parse("extra.sieve")));
  return out;
}

const Spec<Params> spec{
    .name = "sieve",
    .summary = "Filter, change and route events by the rules of a file.",
    .details =
        "Rules run from top to bottom. A rule is an action, or 'if' with a condition and a block "
        "of "
        "rules, followed by 'elif' and 'else' as needed. Text stands in quotes, comments begin "
        "with "
        "# or //. A mistake in the file stops the bot at start and names line and column.\n\n"
        "Conditions: key == 'text', != , :contains, =~ and !~ (regular expressions of Python); key "
        ":in, :containsany, :regexin ['a', 'b']; key == 80, != < <= > >= and :in [80, 443] for "
        "fields "
        "of numbers; key << '192.0.2.0/24' or a list of networks; key :before and :after "
        "'2024-01-31' "
        "or '2 days'; :exists key; :notexists key; key :equals, :setequals, :overlaps, :subsetof, "
        ":supersetof ['a', 1, true] for arrays; key == true. They are joined with &&, || and "
        "parentheses; ! negates one. A key that an event does not have makes != and !~ true and "
        "all "
        "else false.\n\n"
        "Actions: add key = value (if it is absent), add! (in any case), update (if it is there), "
        "with "
        "+= and -= '1 hour' for times; remove key; append key value (to an array) and append! "
        "(makes "
        "one); path 'name' or ['a', 'b']; $variable = key; keep (the event leaves at once); "
        "drop.\n\n"
        "An event for which a rule cannot be carried out is a failed record: a variable without a "
        "value, a value its field cannot hold, a path without a destination. With explain the "
        "actions "
        "that changed something or decided are listed in the field extra.sieve, in order, each as "
        "'LINE: action'; an event on which no rule acted does not get the field.",
    .params = {param<&Params::file>("file", "File of rules."),
               param<&Params::explain>("explain",
                                       "Add extra.sieve, the list of actions that ran.")},
    .fields = fields_of,
    .paths = {"*"},
    .examples =
        {{.about = "Networks, text and a variable",
          .args = "--file tests/data/example.sieve --destination customers=file:///dev/null",
          .input = R"({"source.ip":"192.0.2.7"})",
          .output = R"({"source.ip":"192.0.2.7","extra.customer":"Example Ltd",)"
                    R"("extra.reported":"192.0.2.7"})"},
         {.about = "Which rules acted; the test event is dropped",
          .args =
              "--file tests/data/example.sieve --explain --destination customers=file:///dev/null",
          .input = R"({"classification.type":"test","source.ip":"198.51.100.1"})"
                   "\n"
                   R"({"source.ip":"198.51.100.1","status":"online","feed.accuracy":20})",
          .output = R"({"source.ip":"198.51.100.1","status":"doubtful","feed.accuracy":20,)"
                    R"("extra.sieve":["9: update status = 'doubtful'","10: keep"]})"},
         {.about = "Arrays",
          .args = "--file tests/data/example.sieve --destination customers=file:///dev/null",
          .input = R"({"source.ip":"198.51.100.1","extra.tags":["honeypot"]})",
          .output = R"({"source.ip":"198.51.100.1","extra.tags":["honeypot","observed"],)"
                    R"("extra.reported":"198.51.100.1"})"},
         {.about =
              "Hostile: nested arrays, escapes, an address that is none, and no address at all",
          .args = "--file tests/data/example.sieve --destination customers=file:///dev/null",
          .input = R"({"source.ip":"198.51.100.1","extra.tags":[["honeypot"],{"a":"]"}]})"
                   "\n"
                   R"({"source.ip":"198.51.100.1","source.fqdn":"WWW.\u0045xample"})"
                   "\n"
                   R"({"source.ip":"not an address"})"
                   "\n"
                   R"({"comment":"no address"})",
          .output = R"({"source.ip":"198.51.100.1","source.fqdn":"www.example",)"
                    R"("extra.customer":"Example Ltd","extra.reported":"198.51.100.1"})",
          .failed = "the event has no source.ip"}},
    .drops = true};

class Sieve {
 public:
  Sieve(const Params& params, const Context& context)
      : program_{must(sieve::Program::load(params.file.path, context.rules.harmonization))},
        trace_{must(FieldName::parse("extra.sieve"))},
        explain_{params.explain} {
    for (const std::string& warning : program_.warnings()) context.log.warning(warning);
    for (const sieve::PathUse& use : program_.paths()) {
      if (context.has_path(use.name)) continue;
      nowhere_.push_back(use.name);
      context.log.warning(params.file.path + ":" + std::to_string(use.line) + ": the path '" +
                          use.name +
                          "' leads nowhere, its events are rejected; give it a destination with "
                          "--destination " +
                          use.name + "=URL");
    }
  }

  void process(Event& event) {
    if (explain_)
      explained(event);
    else
      program_.run(event);
    if (!nowhere_.empty() && event.verdict() == Verdict::keep) check_paths(event);
  }

 private:
  void explained(Event& event) {
    ran_.clear();
    program_.run(event, ran_);
    if (ran_.empty() || event.verdict() != Verdict::keep) return;
    json_.clear();
    for (const std::string_view action : ran_)
      json_.append(json_.empty() ? "[" : ", ").append(action);
    event.add_json(trace_, json_ += ']', Existing::replace);
  }

  void check_paths(Event& event) {
    for (const std::string& path : event.paths())
      if (std::find(nowhere_.begin(), nowhere_.end(), path) != nowhere_.end())
        return event.reject("sieve: the path '" + std::string(path) + "' leads nowhere");
  }

  sieve::Program program_;
  FieldName trace_;
  bool explain_;
  std::vector<std::string> nowhere_;
  std::vector<std::string_view> ran_;
  std::string json_;
};

}  // namespace

const Bot& this_bot() { return define<Sieve>(spec); }

}  // namespace intelmq
