// SPDX-License-Identifier: Apache-2.0
#include "bot/bot.hpp"

namespace intelmq {
namespace {

struct Params {
  std::string greeting = "hello";
};

const Spec<Params> spec{
    .name = "hello",
    .summary = "Greet the source of each event.",
    .params = {param<&Params::greeting>("greeting", "What to say.")},
    .needs = {field::source.ip},
    .sets = {field::comment},
    .examples = {{.about = "An address",
                  .args = "",
                  .input = R"({"source.ip":"192.0.2.1"})",
                  .output = R"({"source.ip":"192.0.2.1","comment":"hello 192.0.2.1"})"}},
};

struct Hello {
  std::string greeting;
  explicit Hello(const Params& params) : greeting{params.greeting} {}

  void process(Event& event) {
    if (const auto address = event[field::source.ip])
      event.set(field::comment, greeting + ' ' + std::string(*address));
  }
};

}  // namespace

const Bot& this_bot() { return define<Hello>(spec); }

}  // namespace intelmq
