// SPDX-License-Identifier: Apache-2.0
#include "type/format_spec.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "type/json_text.hpp"
#include "type/python_text.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

constexpr std::size_t greatest_number = 9999;

bool is_one_of(char c, std::string_view letters) {
  return letters.find(c) != std::string_view::npos;
}

// Digits at the start of `text`, taken off; nothing if there are none or they say too much.
std::optional<std::size_t> take_number(std::string_view& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > greatest_number) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// One of `letters` at the start of `text`, taken off; otherwise 0.
char take_one_of(std::string_view& text, std::string_view letters) {
  if (text.empty() || !is_one_of(text.front(), letters)) return 0;
  const char found = text.front();
  text.remove_prefix(1);
  return found;
}

std::string print(const char* form, std::size_t precision, double value) {
  const int places = static_cast<int>(precision);
  const int size = std::snprintf(nullptr, 0, form, places, value);
  std::string out(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(out.data(), out.size(), form, places, value);
  out.pop_back();
  return out;
}

// Python's format of a real with a precision and no type: as %g, but ever a real to the eye.
std::string print_short(std::size_t precision, double value) {
  const std::size_t digits = std::max<std::size_t>(precision, 1);
  std::string scientific = print("%.*e", digits - 1, value);
  const std::size_t mark = scientific.find('e');
  const long exponent = std::strtol(scientific.c_str() + mark + 1, nullptr, 10);
  if (exponent >= -4 && exponent + 1 < static_cast<long>(digits)) {
    std::string plain = print("%.*g", digits, value);
    return plain.find('.') == std::string::npos ? plain + ".0" : plain;
  }
  std::size_t end = mark;
  if (scientific.find('.') < mark) {
    while (scientific[end - 1] == '0') --end;
    if (scientific[end - 1] == '.') --end;
  }
  return scientific.erase(end, mark - end);
}

// `digits` with a separator between groups of `size`, led by zeros up to `width` characters.
std::string group_digits(const std::string& digits, char separator, std::size_t size,
                         std::size_t width) {
  std::string reversed;
  std::size_t count = 0;
  const auto push = [&](char c) {
    if (separator != 0 && count != 0 && count % size == 0) reversed.push_back(separator);
    reversed.push_back(c);
    ++count;
  };
  for (auto c = digits.rbegin(); c != digits.rend(); ++c) push(*c);
  while (reversed.size() < width) push('0');
  return {reversed.rbegin(), reversed.rend()};
}

std::string in_base(std::uint64_t value, int base, bool upper) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  std::string out(digits, end);
  if (upper) {
    for (char& c : out) c = c >= 'a' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

bool is_integer_text(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// As str(datetime): a blank for the T, a fraction of six digits, +00:00 for Z.
std::string display_time(std::string text) {
  if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
  if (text.ends_with('Z')) text.replace(text.size() - 1, 1, "+00:00");
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return text;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", point + 1), text.size());
  std::string fraction = text.substr(point + 1, end - point - 1);
  fraction.resize(6, '0');
  return text.replace(point + 1, end - point - 1, fraction);
}

}  // namespace

std::string display_text(const FormatValue& value) {
  switch (value.kind) {
    case FormatValue::Kind::boolean: return value.text == "true" ? "True" : "False";
    case FormatValue::Kind::none: return "None";
    case FormatValue::Kind::real: return float_repr(std::strtod(value.text.c_str(), nullptr));
    case FormatValue::Kind::time: return display_time(value.text);
    default: return value.text;
  }
}

Result<FormatSpec> FormatSpec::compile(std::string_view text) {
  FormatSpec spec;
  spec.text_ = text;
  if (spec.read(text)) return spec;
  if (text.find('%') == std::string_view::npos) {
    return fail("'" + std::string(text) +
                "' is no format; write one such as >10, 08.2f or %Y-%m-%d");
  }
  spec = FormatSpec{};
  spec.text_ = text;
  spec.standard_ = false;
  return spec;
}

bool FormatSpec::read(std::string_view text) {
  bool filled = false;
  if (!text.empty()) {
    const CodePoint first = code_point_at(text, 0);
    if (first.size < text.size() && is_one_of(text[first.size], "<>=^")) {
      fill_ = text.substr(0, first.size);
      text.remove_prefix(first.size);
      filled = true;
    }
  }
  align_ = take_one_of(text, "<>=^");
  sign_ = take_one_of(text, "+- ");
  alternate_ = take(text, '#');
  if (!filled && take(text, '0')) {
    fill_ = "0";
    zero_ = true;
  }
  if (const auto width = take_number(text)) width_ = *width;
  grouping_ = take_one_of(text, ",_");
  if (take(text, '.')) {
    precision_ = take_number(text);
    if (!precision_) return false;
  }
  type_ = take_one_of(text, "bcdeEfFgGnosxX%");
  if (grouping_ == ',' && is_one_of(type_, "bcnosxX")) return false;
  if (grouping_ == '_' && is_one_of(type_, "cns")) return false;
  return text.empty();
}

Result<void> FormatSpec::unsuitable(const char* kind) const {
  return fail("the format '" + text_ + "' does not suit " + kind);
}

Result<void> FormatSpec::append(std::string& out, const FormatValue& value) const {
  if (text_.empty()) {
    out.append(display_text(value));
    return {};
  }
  if (value.kind == FormatValue::Kind::time) return append_strftime(out, text_, value.text);
  if (!standard_) return unsuitable("a value that is not a time");
  switch (value.kind) {
    case FormatValue::Kind::text: return append_text(out, value.text);
    case FormatValue::Kind::boolean: return append_integer(out, value.text == "true" ? "1" : "0");
    case FormatValue::Kind::integer: return append_integer(out, value.text);
    case FormatValue::Kind::real: return append_real(out, std::strtod(value.text.c_str(), nullptr));
    default: return unsuitable("a value that is None");
  }
}

Result<void> FormatSpec::append_text(std::string& out, std::string_view text) const {
  if (sign_ != 0 || align_ == '=' || alternate_ || grouping_ != 0 ||
      !is_one_of(type_, {"s\0", 2})) {
    return unsuitable("a text");
  }
  if (precision_) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < *precision_ && end < text.size(); ++i) {
      end += code_point_at(text, end).size;
    }
    text = text.substr(0, end);
  }
  append_padded(out, text, '<');
  return {};
}

Result<void> FormatSpec::append_integer(std::string& out, std::string digits) const {
  if (!is_integer_text(digits)) return unsuitable("an integer");
  if (type_ != 0 && is_one_of(type_, "eEfFgG%")) {
    return append_real(out, std::strtod(digits.c_str(), nullptr));
  }
  if (type_ == 's' || precision_) return unsuitable("an integer");
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  if (type_ == 'c') return append_character(out, negative, digits);
  std::string prefix;
  if (type_ != 0 && is_one_of(type_, "boxX")) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec != std::errc{}) return unsuitable("an integer above 64 bits");
    const int base = type_ == 'b' ? 2 : type_ == 'o' ? 8 : 16;
    digits = in_base(number, base, type_ == 'X');
    if (alternate_) prefix = std::string("0") + type_;
  }
  append_number(out, negative, {std::move(prefix), std::move(digits), ""});
  return {};
}

Result<void> FormatSpec::append_character(std::string& out, bool negative,
                                          const std::string& digits) const {
  std::uint32_t code = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  if (negative || read.ec != std::errc{} || code > 0x10FFFF || is_surrogate(code) || sign_ != 0 ||
      alternate_) {
    return unsuitable("this integer");
  }
  std::string text;
  append_utf8(text, code);
  append_padded(out, text, '>');
  return {};
}

std::string FormatSpec::real_digits(double value) const {
  const std::size_t precision = precision_.value_or(6);
  switch (type_) {
    case 'e':
    case 'E': return print(alternate_ ? "%#.*e" : "%.*e", precision, value);
    case 'f':
    case 'F': return print(alternate_ ? "%#.*f" : "%.*f", precision, value);
    case '%': return print(alternate_ ? "%#.*f" : "%.*f", precision, value * 100) + "%";
    case 'g':
    case 'G':
    case 'n': return print(alternate_ ? "%#.*g" : "%.*g", precision, value);
    default: return precision_ ? print_short(precision, value) : float_repr(value);
  }
}

Result<void> FormatSpec::append_real(std::string& out, double value) const {
  if (type_ != 0 && is_one_of(type_, "bcdosxX")) return unsuitable("a real");
  const bool negative = std::signbit(value) && !std::isnan(value);
  Number number;
  if (std::isfinite(value)) {
    const std::string digits = real_digits(std::fabs(value));
    const std::size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    number = {"", digits.substr(0, end), digits.substr(end)};
  } else {
    number.rest = std::isnan(value) ? "nan" : "inf";
    if (type_ == '%') number.rest.push_back('%');
  }
  if (type_ != 0 && is_one_of(type_, "EFG")) {
    for (char& c : number.rest) c = c >= 'a' ? static_cast<char>(c - 32) : c;
  }
  append_number(out, negative, number);
  return {};
}

void FormatSpec::append_number(std::string& out, bool negative, const Number& number) const {
  std::string sign;
  if (negative) sign = "-";
  if (!negative && (sign_ == '+' || sign_ == ' ')) sign = sign_;
  sign += number.prefix;
  const char align = align_ != 0 ? align_ : zero_ ? '=' : '>';
  const std::size_t group = type_ != 0 && is_one_of(type_, "boxX") ? 4 : 3;
  const std::size_t around = sign.size() + number.rest.size();
  const bool zeros = align == '=' && fill_ == "0";
  const std::size_t least = zeros && width_ > around ? width_ - around : 0;
  const std::string body = group_digits(number.whole, grouping_, group, least) + number.rest;
  if (align != '=') {
    append_padded(out, sign + body, '>');
    return;
  }
  out.append(sign);
  for (std::size_t size = sign.size() + body.size(); size < width_; ++size) out.append(fill_);
  out.append(body);
}

void FormatSpec::append_padded(std::string& out, std::string_view text, char default_align) const {
  const std::size_t size = length(text);
  const std::size_t missing = width_ > size ? width_ - size : 0;
  const char align = align_ != 0 ? align_ : default_align;
  const std::size_t before = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  for (std::size_t i = 0; i < before; ++i) out.append(fill_);
  out.append(text);
  for (std::size_t i = before; i < missing; ++i) out.append(fill_);
}

}  // namespace intelmq
