// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/text.hpp"
#include "bot/bot.hpp"
#include "event/clean.hpp"
#include "modify/condition.hpp"
#include "type/time_bound.hpp"

namespace intelmq {
namespace {

enum class Action : std::uint8_t { drop, keep };
constexpr std::array<std::string_view, 2> names_of(Action) { return {"drop", "keep"}; }

/// A value of any type; a text stays a text whatever it holds.
struct AnyValue {
  Json json;
};

/// A field that may be one of the site's own, which are known when the bot is made.
struct Key {
  std::string name;
};

}  // namespace

template <>
struct ParameterType<AnyValue> {
  static std::string name() { return "value"; }
  static Json schema() { return Json::object(); }
  static Result<AnyValue> from_json(const Json& value) { return AnyValue{value}; }
  static Json to_json(const AnyValue& value) { return value.json; }
};

template <>
struct ParameterType<Key> {
  static std::string name() { return ParameterType<FieldName>::name(); }
  static Json schema() { return ParameterType<FieldName>::schema(); }
  static Result<Key> from_json(const Json& value) {
    auto text = ParameterType<std::string>::from_json(value);
    if (!text) return tl::unexpected(text.error());
    return Key{std::string(trim(*text))};
  }
  static Json to_json(const Key& value) { return value.name.empty() ? Json{} : value.name; }
};

namespace {

struct Params {
  std::optional<Action> filter_action;
  Key filter_key;
  AnyValue filter_value;
  AnyValue filter_regex;
  std::optional<std::string> not_after, not_before;
};

FieldUse fields_of(const Params& params) {
  FieldUse out;
  out.reads = {field::time.source};
  const auto key = FieldName::parse(params.filter_key.name);
  if (key) out.reads.push_back(*key);
  out.any_field = !key && !params.filter_key.name.empty();
  return out;
}

const Spec<Params> spec{
    .name = "filter",
    .summary = "Keep or drop events by the value of a field or by their time.",
    .details =
        "With filter_key, filter_value and filter_action an event matches when its field has "
        "exactly this value: \"foo\" is not \"Foo\", and the text \"5\" is not the number 5. With "
        "filter_regex filter_value is a regular expression of Python that is searched in the text "
        "of the value. An event without the field does not match.\n\n"
        "The action keep lets matching events pass, drop the others. Named paths get a copy: "
        "filter_match and filter_no_match by the match alone, action_other what would be dropped; "
        "an event is only dropped if none of its paths leads anywhere.\n\n"
        "not_before drops events whose time.source is earlier, not_after those whose time.source "
        "is later. A bound is a time, in UTC unless it says otherwise, or a span such as '2 hours' "
        "that counts back from now: not_before '7 days' drops what is older than a week. Events "
        "without time.source pass, dropped ones take no path at all.",
    .params = {param<&Params::filter_action>("filter_action", "What to do with matching events."),
               param<&Params::filter_key>("filter_key", "Field whose value decides."),
               param<&Params::filter_value>("filter_value", "Value, or regular expression."),
               param<&Params::filter_regex>("filter_regex",
                                            "Any value, such as search, makes "
                                            "filter_value a regular expression."),
               param<&Params::not_after>("not_after", "Drop events later than this time."),
               param<&Params::not_before>("not_before", "Drop events earlier than this time.")},
    .fields = fields_of,
    .paths = {"action_other", "filter_match", "filter_no_match"},
    .examples =
        {{.about = "Keep one country",
          .args = "--filter-key source.geolocation.cc --filter-value AT --filter-action keep",
          .input = R"({"source.geolocation.cc":"AT"})"
                   "\n"
                   R"({"source.geolocation.cc":"DE"})"
                   "\n"
                   R"({"source.ip":"192.0.2.1"})",
          .output = R"({"source.geolocation.cc":"AT"})"},
         {.about = "Drop by a regular expression, which sees a number as its digits",
          .args = "--filter-key source.asn --filter-value '^6449[6-9]$' --filter-regex search "
                  "--filter-action drop",
          .input = R"({"source.asn":64496})"
                   "\n"
                   R"({"source.asn":64500})",
          .output = R"({"source.asn":64500})"},
         {.about = "Only the events of 2020; without a time an event passes",
          .args = "--not-before 2020-01-01 --not-after 2020-12-31T23:59:59+00:00",
          .input = R"({"time.source":"2019-12-31T23:59:59+00:00"})"
                   "\n"
                   R"({"time.source":"2020-06-01T00:00:00+00:00"})"
                   "\n"
                   R"({"time.source":"2021-01-01T00:00:00+00:00"})"
                   "\n"
                   R"({"comment":"no time"})",
          .output = R"({"time.source":"2020-06-01T00:00:00+00:00"})"
                    "\n"
                    R"({"comment":"no time"})"},
         {.about = "Hostile: a value in escapes, a duplicate key, an array, an invalid time",
          .args = "--filter-key comment --filter-value 'a\"b' --filter-action keep "
                  "--not-before 2020-01-01",
          .input = R"({"comment":"\u0061\"b"})"
                   "\n"
                   R"({"comment":"a\"b","comment":"c"})"
                   "\n"
                   R"({"comment":["a\"b"]})"
                   "\n"
                   R"({"comment":"a\"b","time.source":"never"})",
          .output = R"({"comment":"\u0061\"b"})",
          .failed = "invalid value for time.source"}},
    .drops = true};

bool is_true(const Json& value) {
  if (value.is_boolean()) return value.boolean();
  if (value.is_number()) return value.real() != 0.0;
  if (value.is_string()) return !value.text().empty();
  return !value.items().empty() || !value.members().empty();
}

template <class T>
T started(std::string_view parameter, Result<T> made) {
  if (made) return std::move(*made);
  throw StartError(std::string(parameter) + ": " + made.error().text);
}

/// Where events of one kind go.
struct Way {
  bool passes = true;
  std::vector<std::string> paths;  ///< Named ones that lead somewhere.
};

class Filter {
 public:
  Filter(const Params& params, const Context& context) : now_{context.rules.now} {
    read_bounds(params);
    read_key(params, context);
    if (!condition_ && !not_after_ && !not_before_)
      throw StartError(
          "there is nothing to filter by; give --filter-key, --filter-value and "
          "--filter-action, or --not-before or --not-after");
  }

  void process(Event& event) {
    if ((not_after_ || not_before_) && out_of_time(event)) return;
    if (!condition_ || event.verdict() == Verdict::reject) return;
    const auto match = condition_->holds(event);
    if (!match) event.reject("filter_value: " + match.error().text);
    if (event.verdict() != Verdict::reject) send(event, *match);
  }

 private:
  void read_bounds(const Params& params) {
    const auto read = [this](std::string_view name, const std::optional<std::string>& text) {
      return text && !text->empty() ? std::optional(started(name, TimeBound::parse(*text, now_())))
                                    : std::nullopt;
    };
    not_after_ = read("not_after", params.not_after);
    not_before_ = read("not_before", params.not_before);
  }

  void read_key(const Params& params, const Context& context) {
    const Json& value = params.filter_value.json;
    const bool key_given = !params.filter_key.name.empty();
    if (!key_given || value.is_null() || !params.filter_action) {
      if (key_given || params.filter_action || !value.is_null())
        context.log.warning(
            "the key filter is off; it needs filter_key, filter_value and "
            "filter_action, all three");
      return;
    }
    const auto key =
        started("filter_key", context.rules.harmonization.name(params.filter_key.name));
    if (is_true(params.filter_regex.json)) {
      if (!value.is_string())
        throw StartError("filter_value: " + value.dump() +
                         " is no text, but filter_regex asks for "
                         "a regular expression; put it in quotes or leave filter_regex out");
      condition_ =
          started("filter_value", modify::Condition::search(key, value.text(), Case::sensitive,
                                                            modify::Searched::anything));
    } else {
      warn_of_type(key, value, context);
      condition_ = modify::Condition::equals(key, value);
    }
    set_ways(*params.filter_action, context);
  }

  /// Values of different types never equal each other, which is easily overlooked.
  static void warn_of_type(const FieldName& key, const Json& value, const Context& context) {
    const FieldRule* rule = context.rules.harmonization.rule(key.text(), MessageKind::event);
    if (!rule || (value.is_string() && value.text().empty())) return;
    const bool texts = !is_bare(rule->type) && rule->type != FieldType::Boolean;
    if (texts == value.is_string()) return;
    const std::string never =
        " never equals a value of " + std::string(key.text()) + ", which holds ";
    if (texts)
      context.log.warning("filter_value: " + value.dump() + never + "texts; put it in quotes");
    else
      context.log.warning("filter_value: the text " + quote_for_message(value.text()) + never +
                          "no texts; write it without quotes in a file of --parameters, or search "
                          "it with --filter-regex search");
  }

  void set_ways(Action action, const Context& context) {
    for (const bool match : {false, true}) {
      Way& way = match ? match_ : no_match_;
      way.passes = match == (action == Action::keep);
      for (const std::string_view path :
           {match ? "filter_match" : "filter_no_match", "action_other"})
        if (context.has_path(path) && !(way.passes && path == "action_other"))
          way.paths.emplace_back(path);
      if (way.passes && !way.paths.empty()) way.paths.emplace_back("_default");
    }
  }

  bool out_of_time(Event& event) {
    const auto text = event[field::time.source];
    const auto time = text ? parse_strict(*text) : std::nullopt;
    if (!time) return false;
    const Timestamp now = now_();
    if (not_after_ && *time > not_after_->at(now)) return event.drop("not_after"), true;
    if (not_before_ && *time < not_before_->at(now)) return event.drop("not_before"), true;
    return false;
  }

  void send(Event& event, bool match) const {
    const Way& way = match ? match_ : no_match_;
    for (const std::string& path : way.paths) event.send_to(path);
    if (!way.passes && way.paths.empty()) event.drop(match ? "filter_match" : "filter_no_match");
  }

  Clock now_;
  std::optional<TimeBound> not_after_, not_before_;
  std::optional<modify::Condition> condition_;
  Way match_, no_match_;
};

}  // namespace

const Bot& this_bot() { return define<Filter>(spec); }

}  // namespace intelmq
