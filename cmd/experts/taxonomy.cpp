// SPDX-License-Identifier: Apache-2.0
#include "bot/bot.hpp"
#include "event/harmonise.hpp"

namespace intelmq {
namespace {

struct Params {};

const Spec<Params> spec{
    .name = "taxonomy",
    .summary = "Add the taxonomy that an event's classification belongs to.",
    .details =
        "An event without a taxonomy gets the one of its classification.type, or 'other' "
        "if the type is of no known taxonomy. An event without a type gets the type "
        "'undetermined'. What is there already is kept.",
    .reads = {field::classification.type},
    .sets = {always(field::classification.taxonomy), always(field::classification.type)},
    .examples = {{.about = "A known type",
                  .args = "",
                  .input = R"({"classification.type":"phishing"})",
                  .output =
                      R"({"classification.type":"phishing","classification.taxonomy":"fraud"})"},
                 {.about = "Neither type nor taxonomy",
                  .args = "",
                  .input = R"({"source.ip":"192.0.2.1"})",
                  .output = R"({"source.ip":"192.0.2.1","classification.taxonomy":"other",)"
                            R"("classification.type":"undetermined"})"},
                 {.about = "A taxonomy that is there stays",
                  .args = "",
                  .input = R"({"classification.taxonomy":"vulnerable"})",
                  .output = R"({"classification.taxonomy":"vulnerable",)"
                            R"("classification.type":"undetermined"})"},
                 {.about = "Hostile: an alias in capitals, a number beyond 64 bits beside it",
                  .args = "",
                  .input = R"({"classification.type":" C&C ","extra.n":123456789012345678901234})",
                  .output = R"({"classification.type":"c2-server",)"
                            R"("extra.n":123456789012345678901234,)"
                            R"("classification.taxonomy":"malicious-code"})"}},
};

class Taxonomy {
 public:
  void process(Event& event) {
    const auto type = event[field::classification.type];
    if (!event.has(field::classification.taxonomy)) {
      if (!type) {
        if (event.verdict() == Verdict::reject) return;
        event.set_verbatim(field::classification.taxonomy, "\"other\"");
      } else {
        const std::string_view taxonomy = taxonomy_of(*type);
        json_.replace(1, json_.size() - 2, taxonomy.empty() ? "other" : taxonomy);
        event.set_verbatim(field::classification.taxonomy, json_);
      }
    }
    if (!type) event.set_verbatim(field::classification.type, "\"undetermined\"");
  }

 private:
  std::string json_ = "\"\"";  // kept between events for its memory
};

}  // namespace

const Bot& this_bot() { return define<Taxonomy>(spec); }

}  // namespace intelmq
