// SPDX-License-Identifier: Apache-2.0
#include "type/number.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "type/json_number.hpp"
#include "type/python_text.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The text stripped, with every decimal digit in ASCII and no underscores; nothing if an
// underscore stands anywhere but between two digits or another character is not ASCII.
std::optional<std::string> plain_number(std::string_view text) {
  text = strip(text);
  std::string out;
  out.reserve(text.size());
  bool underscore = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    at += point.size;
    if (point.code == '_') {
      if (underscore || out.empty() || !is_digit(out.back())) return std::nullopt;
      underscore = true;
      continue;
    }
    const int digit = decimal_digit(point.code);
    if (digit < 0 && (underscore || point.code >= 0x80)) return std::nullopt;
    underscore = false;
    out.push_back(digit < 0 ? static_cast<char>(point.code) : static_cast<char>('0' + digit));
  }
  if (underscore) return std::nullopt;
  return out;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) | 0x20U) !=
        static_cast<unsigned char>(lower_case[i])) {
      return false;
    }
  }
  return true;
}

// Brings `1.`, `.5` and leading zeros into the form of a JSON number; empty if it is none.
std::string normal_form(std::string_view text) {
  const std::size_t dot = text.find('.');
  const bool before = dot != std::string_view::npos && dot > 0 && is_digit(text[dot - 1]);
  const bool after =
      dot != std::string_view::npos && dot + 1 < text.size() && is_digit(text[dot + 1]);
  std::string out{text.substr(0, dot)};
  if (dot != std::string_view::npos) {
    if (!before && !after) return {};
    if (!before) out.push_back('0');
    out.push_back('.');
    if (!after) out.push_back('0');
    out += text.substr(dot + 1);
  }
  const std::size_t first = out.find_first_not_of('0');
  const std::size_t keep = first == std::string::npos || !is_digit(out[first]) ? 1 : 0;
  const std::size_t zeros = first == std::string::npos ? out.size() : first;
  if (zeros > keep) out.erase(0, zeros - keep);
  return out;
}

}  // namespace

std::optional<std::string> python_int(std::string_view text) {
  auto number = plain_number(text);
  if (!number) return std::nullopt;
  std::string_view digits = *number;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative || (!digits.empty() && digits.front() == '+')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string_view::npos) return "0";
  return (negative ? "-" : "") + std::string{digits.substr(first)};
}

std::optional<double> python_float(std::string_view text) {
  auto number = plain_number(text);
  if (!number) return std::nullopt;
  std::string_view body = *number;
  const bool negative = !body.empty() && body.front() == '-';
  if (negative || (!body.empty() && body.front() == '+')) body.remove_prefix(1);
  double value = 0;
  if (equals_ignoring_case(body, "inf") || equals_ignoring_case(body, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (equals_ignoring_case(body, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    const std::string normal = normal_form(body);
    if (normal.empty() || !is_digit(normal.front()) || json_number_size(normal) != normal.size()) {
      return std::nullopt;
    }
    value = nearest_double(normal);
  }
  return negative ? -value : value;
}

std::string truncate_to_int(double value) {
  if (!std::isfinite(value)) return {};
  const double whole = std::trunc(value);
  if (whole == 0) return "0";
  char text[320];
  const char* end = std::to_chars(text, text + sizeof text, whole, std::chars_format::fixed, 0).ptr;
  return std::string{static_cast<const char*>(text), end};
}

}  // namespace intelmq
