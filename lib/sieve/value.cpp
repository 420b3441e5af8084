// SPDX-License-Identifier: Apache-2.0
#include "sieve/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "type/json_text.hpp"
#include "type/number.hpp"

namespace intelmq::sieve {
namespace {

constexpr std::size_t few_texts = 6;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The end of the JSON value that begins at `at`, in text known to be JSON.
std::size_t value_end(std::string_view raw, std::size_t at) {
  int depth = 0;
  for (bool in_text = false; at < raw.size(); ++at) {
    const char c = raw[at];
    if (in_text) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (--depth < 0) return at;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return at;
}

/// A JSON number of few digits, so that a quotient of two exact doubles is its value.
std::optional<Number> usual_number(std::string_view raw) {
  constexpr std::size_t most = 15;
  constexpr std::array<double, most + 1> power{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const std::size_t minus = raw.starts_with('-') ? 1 : 0;
  if (raw.size() > most || raw.size() == minus) return std::nullopt;
  std::int64_t digits = 0;
  std::size_t fraction = 0;  // digits behind the point, and the point
  for (std::size_t at = minus; at < raw.size(); ++at) {
    const auto digit = static_cast<unsigned char>(raw[at] - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
      fraction += fraction != 0;
    } else if (raw[at] == '.' && fraction == 0) {
      fraction = 1;
    } else {
      return std::nullopt;
    }
  }
  if (minus) digits = -digits;
  if (fraction == 0) return Number{static_cast<double>(digits), digits};
  return Number{static_cast<double>(digits) / power[fraction - 1], {}};
}

bool equal_compounds(std::string_view a, std::string_view b) {
  std::string left, right;
  return append_python_json(left, a, Charset::ascii, true) &&
         append_python_json(right, b, Charset::ascii, true) && left == right;
}

}  // namespace

std::optional<Number> number_of(std::string_view raw) {
  if (const auto usual = usual_number(raw)) return usual;
  std::int64_t whole = 0;
  const auto read = std::from_chars(raw.data(), raw.data() + raw.size(), whole);
  if (read.ec == std::errc{} && read.ptr == raw.data() + raw.size())
    return Number{static_cast<double>(whole), whole};
  if (raw == "true") return Number{1, 1};
  if (raw == "false") return Number{0, 0};
  if (kind_of(raw) != JsonKind::number) return std::nullopt;
  if (raw == "Infinity" || raw == "-Infinity")
    return Number{raw.front() == '-' ? -HUGE_VAL : HUGE_VAL, {}};
  return Number{python_float(raw).value_or(NAN), {}};
}

Number number_written(std::string_view text) {
  return number_of(number_json(text)).value_or(Number{NAN, {}});
}

std::string number_json(std::string_view text) {
  if (text.find_first_of(".eE") == text.npos) return python_int(text).value_or("0");
  const double value = python_float(text).value_or(NAN);
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_repr(value);
}

bool equal_values(std::string_view a, std::string_view b) {
  const auto left = number_of(a), right = number_of(b);
  if (left || right) return left && right && *left == *right;
  const JsonKind kind = kind_of(a);
  if (kind != kind_of(b)) return false;
  if (kind != JsonKind::string) return kind == JsonKind::null || equal_compounds(a, b);
  std::string scratch, other;
  return decoded(a, scratch) == decoded(b, other);
}

void split_array(std::string_view raw, std::vector<std::string_view>& out) {
  out.clear();
  for (std::size_t at = 1; at < raw.size();) {
    while (at < raw.size() && is_space(raw[at])) ++at;
    const std::size_t end = value_end(raw, at);
    std::size_t last = end;
    while (last > at && is_space(raw[last - 1])) --last;
    if (last > at) out.push_back(raw.substr(at, last - at));
    at = end + 1;
  }
}

std::vector<std::string> member_names(std::string_view raw) {
  std::vector<std::string_view> members;
  split_array(raw, members);
  std::vector<std::string> out;
  for (const std::string_view member : members) {
    std::size_t end = 1;
    while (end < member.size() && member[end] != '"') end += member[end] == '\\' ? 2 : 1;
    out.push_back(decode_string(member.substr(0, end + 1)));
  }
  return out;
}

std::string_view decoded(std::string_view raw, std::string& scratch) {
  if (!has_escape(raw)) return raw.substr(1, raw.size() - 2);
  decode_string(raw, scratch);
  return scratch;
}

std::string_view searchable(std::string_view raw, std::string& scratch) {
  const JsonKind kind = kind_of(raw);
  if (kind == JsonKind::string) return decoded(raw, scratch);
  scratch.clear();
  if (kind == JsonKind::object)
    append_python_json(scratch, raw);
  else
    append_python_str(scratch, raw);
  return scratch;
}

Text::Text(std::string text)
    : text_{std::move(text)}, plain_{std::min(text_.find('\\'), text_.size())} {}

TextSet::TextSet(std::vector<std::string> texts) {
  if (texts.size() <= few_texts) {
    for (std::string& text : texts) few_.emplace_back(std::move(text));
    return;
  }
  texts_ = std::move(texts);
  std::sort(texts_.begin(), texts_.end());
}

bool TextSet::found(std::string_view raw, std::string& scratch) const {
  if (raw.front() != '"') return false;
  const std::string_view text = decoded(raw, scratch);
  const auto found = std::lower_bound(texts_.begin(), texts_.end(), text);
  return found != texts_.end() && *found == text;
}

}  // namespace intelmq::sieve
