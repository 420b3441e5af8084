// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <numeric>

#include "base/json.hpp"
#include "base/text.hpp"

namespace intelmq {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr int depth_limit = 128;

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

/// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = skip_digits(text, at);
  if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t end = skip_digits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

/// A name given twice keeps its first place and its last value. Returns one that came again.
std::optional<std::string> merge_duplicates(Json::Object& members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return members[a].first < members[b].first;
  });
  std::vector<bool> gone(members.size());
  std::optional<std::string> again;
  std::size_t first = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (members[order[i]].first != members[order[first]].first) {
      first = i;
      continue;
    }
    members[order[first]].second = std::move(members[order[i]].second);
    gone[order[i]] = true;
    again = members[order[first]].first;
  }
  std::size_t index = 0;
  if (again) std::erase_if(members, [&](const Json::Member&) { return gone[index++]; });
  return again;
}

class Reader {
 public:
  Reader(std::string_view text, int depth, bool strict)
      : text_{text}, padded_{text}, depth_limit_{depth}, strict_{strict} {}

  Result<Json> read() {
    if (trim(text_).empty()) return fail("not JSON: the text is empty");
    ondemand::parser parser;
    ondemand::document document;
    const auto problem = parser.iterate(padded_).get(document);
    if (problem) return fail(located(meaning(problem), first_bad_byte()));
    document_ = &document;
    Json out;
    const bool good = root(document, out);
    document_ = nullptr;
    if (good) return out;
    return fail(std::move(error_));
  }

 private:
  bool root(ondemand::document& document, Json& out) {
    if (!any(document, out, 0)) return false;
    if (out.is_array() || out.is_object() || out.is_string()) {
      const char* rest = nullptr;
      const bool more = !document.current_location().get(rest);
      return !more || stop("something follows the value", offset(rest));
    }
    if (trim(text_).size() == token_size_) return true;
    return stop("something follows the value", at_ + token_size_);
  }

  template <class Value>
  bool any(Value& value, Json& out, int depth) {
    std::string_view token;
    if (const auto problem =
            simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token))
      return stop(problem);
    at_ = offset(token.data());
    token = trim(token);
    token_size_ = token.size();
    switch (token.empty() ? '\0' : token.front()) {
      case '[': return array(value, out, depth + 1);
      case '{': return object(value, out, depth + 1);
      case '"': return string(value, out);
      default: return scalar(token, out);
    }
  }

  bool scalar(std::string_view token, Json& out) {
    if (token == "null") {
      out = Json();
    } else if (token == "true" || token == "false") {
      out = Json(token == "true");
    } else if (is_number(token)) {
      out = Json::number(std::string(token));
    } else {
      return stop(fmt::format("{} is not a JSON value", quote_for_message(token)), at_);
    }
    return true;
  }

  template <class Value>
  bool string(Value& value, Json& out) {
    std::string_view text;
    if (const auto problem = value.get_string().get(text)) return stop(problem);
    out = Json(text);
    return true;
  }

  template <class Value>
  bool array(Value& value, Json& out, int depth) {
    if (depth > depth_limit_) return too_deep();
    ondemand::array items;
    if (const auto problem = value.get_array().get(items)) return stop(problem);
    Json::Array list;
    for (auto item : items) {
      ondemand::value inner;
      if (const auto problem = item.get(inner)) return stop(problem);
      list.emplace_back();
      if (!any(inner, list.back(), depth)) return false;
    }
    out = Json(std::move(list));
    return true;
  }

  template <class Value>
  bool object(Value& value, Json& out, int depth) {
    if (depth > depth_limit_) return too_deep();
    ondemand::object members;
    if (const auto problem = value.get_object().get(members)) return stop(problem);
    Json::Object list;
    for (auto member : members) {
      ondemand::field field;
      if (const auto problem = std::move(member).get(field)) return stop(problem);
      std::string_view name;
      if (const auto problem = field.unescaped_key().get(name)) return stop(problem);
      list.emplace_back(std::string(name), Json());
      if (!any(field.value(), list.back().second, depth)) return false;
    }
    if (const auto again = merge_duplicates(list); again && strict_)
      return stop(fmt::format("the name {} stands twice in an object", quote_for_message(*again)),
                  at_);
    out = Json(std::move(list));
    return true;
  }

  bool too_deep() { return stop(fmt::format("nested deeper than {} levels", depth_limit_), at_); }

  bool stop(simdjson::error_code problem) {
    const char* where = nullptr;
    const bool known = problem != simdjson::INCOMPLETE_ARRAY_OR_OBJECT &&
                       !document_->current_location().get(where);
    return stop(std::string(meaning(problem)), known ? offset(where) : text_.size());
  }

  bool stop(const std::string& what, std::size_t at) {
    error_ = located(what, at);
    return false;
  }

  std::size_t offset(const char* where) const {
    return std::min(static_cast<std::size_t>(where - padded_.data()), text_.size());
  }

  std::size_t first_bad_byte() const {
    std::size_t at = 0;
    while (at < text_.size()) {
      const std::size_t size = utf8_size(text_, at);
      if (size == 0) return at;
      at += size;
    }
    return at;
  }

  std::string located(std::string_view what, std::size_t at) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    return fmt::format("not JSON at line {}, column {}: {}", line,
                       1 + count_characters(before.substr(start)), what);
  }

  static std::string_view meaning(simdjson::error_code problem) {
    switch (problem) {
      case simdjson::UTF8_ERROR: return "the bytes are not UTF-8";
      case simdjson::UNCLOSED_STRING: return "a string is not closed";
      case simdjson::UNESCAPED_CHARS: return "a control character stands inside a string";
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "a bracket is not closed, or text follows it";
      case simdjson::STRING_ERROR: return "a string holds a broken escape";
      case simdjson::TAPE_ERROR: return "a comma, colon, name or bracket is missing or misplaced";
      case simdjson::EMPTY: return "the text is empty";
      case simdjson::CAPACITY: return "the text is too long";
      default: return simdjson::error_message(problem);
    }
  }

  std::string_view text_;
  simdjson::padded_string padded_;
  int depth_limit_;
  bool strict_;
  ondemand::document* document_ = nullptr;
  std::size_t at_ = 0;
  std::size_t token_size_ = 0;
  std::string error_;
};

}  // namespace

Result<Json> Json::parse(std::string_view text) { return Reader(text, depth_limit, false).read(); }

Result<Json> Json::parse_strict(std::string_view text, int depth) {
  return Reader(text, std::min(depth, depth_limit), true).read();
}

}  // namespace intelmq
