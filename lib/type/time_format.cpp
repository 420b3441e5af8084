// SPDX-License-Identifier: Apache-2.0
#include "type/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "type/fuzzy_date.hpp"

namespace intelmq {
namespace {

constexpr double outside = 1e12;  // seconds; far beyond the year 9999 and safe to convert

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Removes the underscores Python allows between two digits; nothing when one stands elsewhere.
std::optional<std::string> plain_number(std::string_view text) {
  text = trimmed(text);
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  const bool plus = !plain.empty() && plain.front() == '+';
  if (plus) plain.erase(0, 1);
  if (plain.empty() || (plus && plain.front() == '-')) return std::nullopt;
  return plain;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  const auto plain = plain_number(text);
  if (!plain) return std::nullopt;
  Number number{};
  const char* end = plain->data() + plain->size();
  const auto [stop, error] = std::from_chars(plain->data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// `seconds` after `epoch`, rounded half to even to microseconds.
std::optional<Timestamp> after(std::int64_t epoch, double seconds) {
  if (!(std::fabs(seconds) < outside)) return std::nullopt;
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  auto micros = static_cast<std::int64_t>(std::nearbyint(fraction * 1e6));
  auto base = static_cast<std::int64_t>(whole);
  if (micros < 0) {
    micros += 1000000;
    --base;
  } else if (micros == 1000000) {
    micros = 0;
    ++base;
  }
  return shifted(Timestamp{epoch, static_cast<std::int32_t>(micros)}, base);
}

std::optional<Timestamp> from_unix(std::string_view text) {
  const auto seconds = read_number<double>(text);
  return seconds ? after(0, *seconds) : std::nullopt;
}

std::optional<Timestamp> from_windows(std::string_view text) {
  constexpr std::int64_t year_1601 = -11644473600;
  const auto ticks = read_number<std::int64_t>(text);
  return ticks ? after(year_1601, static_cast<double>(*ticks) * 1e-7) : std::nullopt;
}

bool has_epoch_length(std::string_view text) {
  return text.size() == 10 || text.size() == 12 || text.size() == 13;
}

std::optional<Timestamp> from_epoch(std::string_view text) {
  const auto number = read_number<std::int64_t>(text);
  if (!number) return std::nullopt;
  const std::int64_t divisor = text.size() == 10 ? 1 : text.size() == 12 ? 100 : 1000;
  const std::int64_t rounding_down = *number < 0 && *number % divisor != 0 ? 1 : 0;
  return shifted(Timestamp{}, *number / divisor - rounding_down);
}

}  // namespace

Result<TimeFormat> TimeFormat::parse(std::string_view parameter) {
  struct Row {
    std::string_view name;
    Kind kind;
  };
  constexpr Row rows[] = {{"", Kind::fuzzy},
                          {"fuzzy", Kind::fuzzy},
                          {"timestamp", Kind::timestamp},
                          {"windows_nt", Kind::windows_nt},
                          {"epoch_millis", Kind::epoch_millis},
                          {"from_format", Kind::from_format},
                          {"from_format_midnight", Kind::from_format_midnight},
                          {"utc_isoformat", Kind::utc_isoformat}};
  const std::size_t bar = std::min(parameter.find('|'), parameter.size());
  const std::string_view name = parameter.substr(0, bar);
  const auto* row = std::find_if(std::begin(rows), std::end(rows),
                                 [name](const Row& r) { return r.name == name; });
  if (row == std::end(rows) || parameter == "|") {
    return fail(
        fmt::format("time_format: '{}' is not a conversion; use timestamp, windows_nt, "
                    "epoch_millis, utc_isoformat, "
                    "fuzzy, from_format|FORMAT or from_format_midnight|FORMAT",
                    parameter));
  }
  const std::string_view behind =
      bar < parameter.size() ? parameter.substr(bar + 1) : std::string_view{};
  const std::string_view format = behind.substr(0, behind.find('|'));
  const bool wants_format =
      row->kind == Kind::from_format || row->kind == Kind::from_format_midnight;
  if (wants_format && format.empty()) {
    return fail(fmt::format("time_format: '{}' lacks its format; write {}|%Y-%m-%d for example",
                            parameter, name));
  }
  if (!wants_format && bar < parameter.size()) {
    return fail(fmt::format("time_format: '{}' has a format, but {} takes none; write {}",
                            parameter, name, name));
  }
  TimeFormat result;
  result.kind_ = row->kind;
  if (!parameter.empty()) result.parameter_ = parameter;
  if (!wants_format) return result;
  auto pattern = TimePattern::parse(format);
  if (!pattern) return tl::unexpected<Error>(pattern.error());
  result.pattern_ = std::move(*pattern);
  return result;
}

std::optional<Timestamp> TimeFormat::read_pattern(std::string_view text) const {
  const auto time = pattern_->match(text);
  if (!time) return std::nullopt;
  CivilTime local = time->local;
  if (kind_ == Kind::from_format_midnight)
    return from_civil({local.year, local.month, local.day, 0, 0, 0, 0});
  const auto instant = from_civil(local);
  return instant ? shifted(*instant, -time->offset.value_or(0)) : std::nullopt;
}

std::optional<Timestamp> TimeFormat::read(std::string_view text, Timestamp now) const {
  switch (kind_) {
    case Kind::fuzzy: return parse_fuzzy(text, now);
    case Kind::timestamp: return from_unix(text);
    case Kind::windows_nt: return from_windows(text);
    case Kind::epoch_millis: return from_epoch(text);
    case Kind::utc_isoformat: return parse_strict(text);
    case Kind::from_format:
    case Kind::from_format_midnight: return read_pattern(text);
  }
  return std::nullopt;
}

Result<std::optional<std::string>> TimeFormat::convert(std::string_view text, Timestamp now) const {
  if (kind_ == Kind::epoch_millis && !has_epoch_length(text)) return std::optional<std::string>{};
  const auto instant = read(text, now);
  if (!instant) {
    constexpr std::size_t shown = 100;
    const std::string_view cut = text.size() > shown ? "..." : "";
    return fail(
        fmt::format("time '{}{}' does not fit the format '{}'; correct time_format or the feed",
                    text.substr(0, shown), cut, parameter_));
  }
  if (kind_ == Kind::utc_isoformat) return std::optional<std::string>(std::string(text));
  return std::optional<std::string>(instant->text());
}

}  // namespace intelmq
