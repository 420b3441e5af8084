// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "render/tables.hpp"

namespace intelmq::hostile {

enum class Miss { drop, keep, odd };
constexpr std::array<std::string_view, 3> names_of(Miss) { return {"drop", "keep", "it's $x] b"}; }

struct Table {};
struct Params {
  DataFile<Table> database;
  bool overwrite = false;
  Miss on_miss = Miss::keep;
  std::string prefix = ".'\"\\`$HOME|*";
  std::optional<Secret> password;
  std::vector<std::string> tags{"a", "b"};
  FieldName field = field::source.ip;
  Duration batch_wait = std::chrono::milliseconds(500);
  std::optional<std::int64_t> max_errors;
  bool describe = false;
};

/// A made-up bot whose texts try to break out of every format.
inline Description bot() {
  Description out;
  out.name = "odd-one";
  out.summary = ".Sh 'quoted' \"text\" [with] (brackets) \\n $(touch /tmp/owned) `id` a:b.";
  out.details =
      ".Bl starts with a dot\n'and with a quote\n\n\\fBnot bold\\fR -- ~home^ <b>|</b>\n\n\n- x";
  out.params = {param<&Params::database>("database", "Table [of] 'addresses': \"$HOME\" `id` \\.",
                                         Need::required),
                param<&Params::overwrite>("overwrite", "It's ] not \\] a $(trap); 100% | sure."),
                param<&Params::on_miss>("on_miss", ".What to do. Fl Ar"),
                param<&Params::prefix>("prefix", "'Text' with a hostile default."),
                param<&Params::password>("password", "Word."),
                param<&Params::tags>("tags", "Words."),
                param<&Params::field>("field", "Field to look at.")};
  out.fields.needs_any = {field::source.ip, field::destination.ip};
  out.fields.needs = {field::time.source};
  out.fields.reads = {field::extra};
  out.fields.sets = {given(field::source.ip, field::source.asn), always(field::source.network)};
  out.fields.removes = {field::comment};
  out.examples = {{"It's \"the\" .first", R"(--database 'a b.csv' --prefix "\$x")",
                   R"({"source.ip":"192.0.2.1","comment":"it's \"$HOME\" \\n"})",
                   R"({"source.ip":"192.0.2.1","source.asn":64496})"},
                  {".Two lines", "", "{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}\n{\"b\":2}\n"},
                  {"", "--on-miss drop", "-n", "", "'broken' \\line"}};
  out.maintainers = {{"A \"B\" C", "a@example.org"}};
  out.data = {{"table", "csv", "database", true, 8, 0, 30}};
  out.min_out = 0;
  return out;
}

inline render::Parameters common() {
  return {
      param<&Params::batch_wait>("batch_wait", "Wait's length.", Need::optional, Group::streams),
      param<&Params::max_errors>("max_errors", "Failures.", Need::optional, Group::errors),
      param<&Params::describe>("describe", "Print [all].", Need::optional, Group::inspect)};
}

}  // namespace intelmq::hostile
