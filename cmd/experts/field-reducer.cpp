// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bot/bot.hpp"

namespace intelmq {
namespace {

enum class ListType { whitelist, blacklist };
constexpr auto names_of(ListType) {
  return std::array<std::string_view, 2>{"whitelist", "blacklist"};
}

struct Params {
  ListType type = ListType::whitelist;
  std::vector<std::string> keys;
};

FieldUse fields_of(const Params& params) {
  FieldUse out;
  if (params.type == ListType::whitelist) {
    out.any_field = true;
    return out;
  }
  for (const std::string& key : params.keys)
    if (auto name = FieldName::parse(key)) out.removes.push_back(std::move(*name));
  return out;
}

const Spec<Params> spec{
    .name = "field-reducer",
    .summary = "Keep only the listed fields of an event, or remove them.",
    .details =
        "The name 'extra' stands for all extra.* fields. An event that has no field left "
        "is dropped.",
    .params = {param<&Params::type>("type",
                                    "What the list is: whitelist keeps the fields, "
                                    "blacklist removes them.",
                                    Need::required),
               param<&Params::keys>("keys", "Names of the fields.", Need::required)},
    .any_field = true,
    .fields = fields_of,
    .examples = {{.about = "Remove two fields",
                  .args = "--type blacklist --keys source.ip,comment",
                  .input = R"({"source.ip":"192.0.2.1","source.port":80,"comment":"x"})",
                  .output = R"({"source.port":80})"},
                 {.about = "Keep a field and everything below extra",
                  .args = "--type whitelist --keys source.ip,extra",
                  .input = R"({"source.ip":"192.0.2.1","extra.a":1,"extra.b":[2],"comment":"x"})",
                  .output = R"({"source.ip":"192.0.2.1","extra.a":1,"extra.b":[2]})"},
                 {.about = "Hostile: nothing is left",
                  .args = "--type whitelist --keys source.url",
                  .input = R"({"source.ip":"192.0.2.1","extra.\u0000":"\\\""})",
                  .output = ""}},
    .drops = true,
};

class FieldReducer {
 public:
  FieldReducer(const Params& params, const Context& context) : type_{params.type} {
    for (const std::string& key : params.keys) {
      auto name = context.rules.harmonization.name(key);
      if (!name) throw StartError("--keys: " + name.error().text);
      whole_extra_ = whole_extra_ || *name == FieldName(field::extra);
      keys_.push_back(std::move(*name));
    }
  }

  void process(Event& event) {
    if (type_ == ListType::blacklist) {
      for (const FieldName& key : keys_) event.remove(key);
    } else {
      event.keep_only([this](std::string_view name) { return listed(name); });
    }
    if (event.empty()) event.drop("no field left");
  }

 private:
  bool listed(std::string_view name) const {
    if (whole_extra_ && name.starts_with("extra.")) return true;
    return std::any_of(keys_.begin(), keys_.end(),
                       [name](const FieldName& key) { return key.text() == name; });
  }
  ListType type_;
  std::vector<FieldName> keys_;
  bool whole_extra_ = false;
};

}  // namespace

const Bot& this_bot() { return define<FieldReducer>(spec); }

}  // namespace intelmq
