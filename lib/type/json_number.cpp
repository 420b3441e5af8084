// SPDX-License-Identifier: Apache-2.0
#include "type/json_number.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "type/json_text.hpp"

namespace intelmq {
namespace {

std::size_t digits_end(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

std::size_t exponent_end(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
  std::size_t digits = at + 1;
  if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
  const std::size_t end = digits_end(text, digits);
  return end == digits ? at : end;
}

// Whether a number out of the range of double is too large, rather than too small.
bool is_huge(std::string_view text) noexcept {
  long long point = 0;
  bool significant = false;
  bool fraction = false;
  std::size_t at = text.front() == '-' ? 1 : 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    significant = significant || text[at] != '0';
    if (significant && !fraction) ++point;
    if (!significant && fraction) --point;
  }
  if (at < text.size()) ++at;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  long long exponent = 0;
  for (; at < text.size() && exponent < 1'000'000'000'000; ++at) {
    exponent = exponent * 10 + (text[at] - '0');
  }
  return point + (negative ? -exponent : exponent) > 0;
}

void append_digits(std::string& out, std::string_view digits, int exponent) {
  const auto count = static_cast<int>(digits.size());
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (exponent + 1 >= count) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent + 1 - count), '0');
    out += ".0";
  } else {
    const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
    out += digits.substr(0, whole);
    out.push_back('.');
    out += digits.substr(whole);
  }
}

}  // namespace

std::size_t json_number_size(std::string_view text) noexcept {
  const std::size_t first = !text.empty() && text.front() == '-' ? 1 : 0;
  std::size_t at = digits_end(text, first);
  if (at == first) return 0;
  if (text[first] == '0') at = first + 1;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = digits_end(text, at + 1);
    if (end > at + 1) at = end;
  }
  return exponent_end(text, at);
}

bool is_shortest_float(std::string_view number) noexcept {
  constexpr std::size_t exact_digits = 15;
  if (!number.empty() && number.front() == '-') number.remove_prefix(1);
  const std::size_t dot = digits_end(number, 0);
  if (dot == 0 || dot + 1 >= number.size() || number[dot] != '.') return false;
  const std::size_t end = digits_end(number, dot + 1);
  if (end != number.size() || end - 1 > exact_digits) return false;
  const std::string_view fraction = number.substr(dot + 1);
  return fraction == "0" || (fraction.back() != '0' && number.front() != '0');
}

double nearest_double(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{}) return value;
  if (error != std::errc::result_out_of_range) return std::numeric_limits<double>::quiet_NaN();
  const double size = is_huge(text) ? std::numeric_limits<double>::infinity() : 0.0;
  return text.front() == '-' ? -size : size;
}

std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char text[40];
  const char* end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  std::string_view all{text, static_cast<std::size_t>(end - text)};
  std::string out;
  if (all.front() == '-') {
    out.push_back('-');
    all.remove_prefix(1);
  }
  const std::size_t mark = all.find('e');
  int exponent = 0;
  const std::size_t first = mark + (all[mark + 1] == '+' ? 2 : 1);
  std::from_chars(all.data() + first, all.data() + all.size(), exponent);
  if (exponent < -4 || exponent >= 16) return out.append(all);
  std::string digits{all.substr(0, 1)};
  if (mark > 2) digits += all.substr(2, mark - 2);
  append_digits(out, digits, exponent);
  return out;
}

}  // namespace intelmq
