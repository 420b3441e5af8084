// SPDX-License-Identifier: Apache-2.0
// A bot whose sheet lies: it sets a field that the sheet does not name. Not installed.
#include "bot/bot.hpp"

namespace intelmq {
namespace {

struct Params {};

const Spec<Params> spec{
    .name = "undeclared",
    .summary = "Set a field without having said so.",
    .sets = {field::comment},
    .examples = {
        {.about = "One", .args = "", .input = R"({"a":1})", .output = R"({"a":1,"comment":"b"})"},
        {.about = "Two", .args = "", .input = R"({"a":2})", .output = R"({"a":2,"comment":"b"})"},
        {.about = "Hostile", .args = "", .input = "", .output = ""}}};

class Undeclared {
 public:
  void process(Event& event) {
    event.set(field::comment, "b");
    event.set(field::status, "c");
  }
};

}  // namespace

const Bot& this_bot() { return define<Undeclared>(spec); }

}  // namespace intelmq
