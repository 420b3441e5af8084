// SPDX-License-Identifier: Apache-2.0
#include "type/fuzzy_date.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "type/calendar_names.hpp"
#include "type/date_members.hpp"
#include "type/date_vocabulary.hpp"
#include "type/fuzzy_words.hpp"

namespace intelmq {
namespace {

using Kind = DateWord::Kind;

// What a rule says about the word in hand: not mine, mine (and how many words are used up), or no
// date at all.
struct Verdict {
  enum class Is { foreign, taken, broken } is = Is::foreign;
  std::size_t words = 0;
};

constexpr Verdict foreign{};
constexpr Verdict broken{Verdict::Is::broken, 0};
constexpr Verdict taken(std::size_t words) { return {Verdict::Is::taken, words}; }
constexpr Verdict taken_if(bool good, std::size_t words) { return good ? taken(words) : broken; }

bool is_separator(const DateWord& word) { return word.is('-') || word.is('/') || word.is('.'); }
bool is_sign(const DateWord& word) { return word.is('+') || word.is('-'); }

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t value_of(std::string_view text) { return read_date_number(text).whole; }

class Reader {
 public:
  Reader(const std::vector<DateWord>& words, Timestamp now)
      : words_{words}, today_{to_civil(now)} {}

  std::optional<Timestamp> read() {
    while (at_ < words_.size()) {
      const Verdict verdict = word();
      if (verdict.is == Verdict::Is::broken) return std::nullopt;
      at_ += std::max<std::size_t>(verdict.words, 1);
    }
    return result();
  }

 private:
  using Rule = Verdict (Reader::*)();

  bool has(std::size_t ahead) const { return at_ + ahead < words_.size(); }
  const DateWord& peek(std::size_t ahead) const { return words_[at_ + ahead]; }
  std::string_view text() const { return words_[at_].text; }

  ClockUnit unit_at(std::size_t ahead) const {
    return has(ahead) ? unit_of(peek(ahead).text) : ClockUnit::none;
  }

  template <std::size_t size>
  Verdict first_of(const Rule (&rules)[size]) {
    for (const Rule rule : rules) {
      const Verdict verdict = (this->*rule)();
      if (verdict.is != Verdict::Is::foreign) return verdict;
    }
    return foreign;
  }

  Verdict word() {
    constexpr Rule number_rules[] = {&Reader::clock_after_date,
                                     &Reader::six_digits,
                                     &Reader::long_stamp,
                                     &Reader::with_unit,
                                     &Reader::clock,
                                     &Reader::separated,
                                     &Reader::plain,
                                     &Reader::day};
    constexpr Rule other_rules[] = {&Reader::week_day, &Reader::month, &Reader::half_day,
                                    &Reader::zone_name, &Reader::zone_offset};
    if (words_[at_].kind != Kind::number)
      return is_no_finite_number(text()) ? broken : first_of(other_rules);
    number_ = read_date_number(text());
    return number_.valid ? first_of(number_rules) : foreign;
  }

  // `03` or `0304` once the date is complete.
  Verdict clock_after_date() {
    const std::string_view digits = text();
    if (members_.size() != 3 || hour_ || (digits.size() != 2 && digits.size() != 4)) return foreign;
    if (has(1) && (peek(1).is(':') || unit_at(1) != ClockUnit::none)) return foreign;
    if (!all_digits(digits)) return broken;
    hour_ = value_of(digits.substr(0, 2));
    if (digits.size() == 4) minute_ = value_of(digits.substr(2));
    return taken(1);
  }

  // `200102` as a date if it is the first one, else `030405[.678]` as a time.
  Verdict six_digits() {
    const std::string_view digits = text();
    if (digits.size() != 6 &&
        (digits.size() < 7 || number_.is_integer() || digits.find_first_of(".,") != 6)) {
      return foreign;
    }
    if (!all_digits(digits.substr(0, 6))) return broken;
    if (members_.size() == 0 && number_.is_integer()) {
      return taken_if(add_parts(digits, {2, 2, 2}), 1);
    }
    hour_ = value_of(digits.substr(0, 2));
    minute_ = value_of(digits.substr(2, 2));
    set_second(value_of(digits.substr(4, 2)), number_.micros());
    return taken(1);
  }

  // `20200102[0304[05]]`.
  Verdict long_stamp() {
    const std::string_view digits = text();
    if (digits.size() != 8 && digits.size() != 12 && digits.size() != 14) return foreign;
    if (!all_digits(digits) || !add_parts(digits, {4, 2, 2})) return broken;
    if (digits.size() == 8) return taken(1);
    hour_ = value_of(digits.substr(8, 2));
    minute_ = value_of(digits.substr(10, 2));
    if (digits.size() == 14) second_ = value_of(digits.substr(12));
    return taken(1);
  }

  bool add_parts(std::string_view digits, const std::size_t (&sizes)[3]) {
    bool good = true;
    for (const std::size_t size : sizes) {
      good = good && members_.add_text(digits.substr(0, size));
      digits.remove_prefix(size);
    }
    return good;
  }

  // `3h`, `3 h`, and `4` right after `3h`, which means minutes.
  Verdict with_unit() {
    if (const ClockUnit unit = unit_at(1); unit != ClockUnit::none) return in_unit(unit, 2);
    if (has(2) && peek(1).is(' ') && unit_at(2) != ClockUnit::none) return in_unit(unit_at(2), 3);
    ClockUnit before = ClockUnit::none;
    if (at_ > 0) before = unit_of(words_[at_ - 1].text);
    if (before == ClockUnit::none && at_ > 1 && !has(1) && words_[at_ - 1].is(' '))
      before = unit_of(words_[at_ - 2].text);
    if (before == ClockUnit::none) return foreign;
    return in_unit(static_cast<ClockUnit>(static_cast<int>(before) + 1), 1);
  }

  Verdict in_unit(ClockUnit unit, std::size_t words) {
    if (unit == ClockUnit::hour) {
      hour_ = number_.whole;
      if (number_.sixtieths() > 0) minute_ = number_.sixtieths();
    } else if (unit == ClockUnit::minute) {
      set_minute(number_);
    } else if (unit == ClockUnit::second) {
      set_second(number_.whole, number_.micros());
    }
    return taken(words);
  }

  void set_minute(const DateNumber& number) {
    minute_ = number.whole;
    second_ = number.sixtieths();
  }

  void set_second(std::int64_t second, int micros) {
    second_ = second;
    micros_ = micros;
  }

  // `03:04[:05[.678]]`.
  Verdict clock() {
    if (!has(2) || !peek(1).is(':')) return foreign;
    const DateNumber minute = read_date_number(peek(2).text);
    if (!minute.valid) return broken;
    hour_ = number_.whole;
    set_minute(minute);
    if (!has(4) || !peek(3).is(':')) return taken(3);
    const DateNumber second = read_date_number(peek(4).text);
    if (!second.valid) return broken;
    set_second(second.whole, second.micros());
    return taken(5);
  }

  // `2020-01-02`, `2/Jan/2020`, `1.2`.
  Verdict separated() {
    if (!has(1) || !is_separator(peek(1))) return foreign;
    if (!members_.add_text(text())) return broken;
    if (!has(2) || is_filler(peek(2))) return taken(2);
    if (!add_number_or_month(peek(2).text)) return broken;
    if (!has(3) || peek(3).text != peek(1).text) return taken(3);
    return taken_if(has(4) && add_number_or_month(peek(4).text), 5);
  }

  bool add_number_or_month(std::string_view word) {
    if (const auto month = month_of(word)) return members_.add_month(*month);
    return members_.add_text(word);
  }

  // A number on its own, or an hour before AM or PM.
  Verdict plain() {
    const bool filler = !has(1) || is_filler(peek(1));
    if (filler) {
      const auto half = has(2) ? half_day_of(peek(2).text) : std::nullopt;
      if (!half) return taken_if(add_number(), 2);
      hour_ = on_half_day(number_.whole, *half);
      return taken(3);
    }
    const auto half = half_day_of(peek(1).text);
    if (!half || number_.whole >= 24) return foreign;
    hour_ = on_half_day(number_.whole, *half);
    return taken(2);
  }

  Verdict day() {
    const int rounding_up = has_fraction() && number_.whole > 0 ? 1 : 0;
    if (!members_.could_be_day(number_.whole + rounding_up)) return foreign;
    return taken_if(add_number(), 1);
  }

  bool has_fraction() const {
    return number_.fraction.find_first_not_of('0') != std::string_view::npos;
  }

  bool add_number() {
    return members_.add(number_.whole,
                        number_.whole > 100 || (number_.whole == 100 && has_fraction()));
  }

  Verdict week_day() {
    const auto index = week_day_of(text());
    if (!index) return foreign;
    week_day_ = *index;
    return taken(1);
  }

  // `Jan`, `Jan-02[-2020]`, `Jan of 2020`.
  Verdict month() {
    const auto month = month_of(text());
    if (!month) return foreign;
    if (!members_.add_month(*month)) return broken;
    if (has(1) && (peek(1).is('-') || peek(1).is('/'))) {
      if (!has(2) || !members_.add_text(peek(2).text)) return broken;
      if (!has(3) || peek(3).text != peek(1).text) return taken(3);
      return taken_if(has(4) && members_.add_text(peek(4).text), 5);
    }
    const bool of =
        has(4) && peek(1).is(' ') && peek(3).is(' ') && equals_ignoring_case(peek(2).text, "of");
    if (!of) return taken(1);
    if (!all_digits(peek(4).text)) return taken(5);
    return taken_if(members_.add(full_year(value_of(peek(4).text), today_.year), true), 5);
  }

  Verdict half_day() {
    const auto half = half_day_of(text());
    if (!half) return foreign;
    if (half_day_seen_ || !hour_ || *hour_ > 12) return taken(1);
    hour_ = on_half_day(*hour_, *half);
    half_day_seen_ = true;
    return taken(1);
  }

  Verdict zone_name() {
    if (!hour_ || zone_named_ || offset_ || words_[at_].kind != Kind::letters ||
        !looks_like_zone(text()))
      return foreign;
    zone_named_ = true;
    zone_is_utc_ = is_utc_name(text());
    if (has(1) && is_sign(peek(1))) {
      posix_sign_at_ = at_ + 1;
      zone_named_ = zone_named_ && !zone_is_utc_;
      zone_is_utc_ = false;
    }
    return taken(1);
  }

  // `+02`, `+0200`, `+02:00`, each perhaps followed by ` (NAME)`.
  Verdict zone_offset() {
    if (!hour_ || !is_sign(words_[at_])) return foreign;
    if (!has(1) || !all_digits(peek(1).text)) return broken;
    const std::string_view digits = peek(1).text;
    std::int64_t seconds = 0;
    std::size_t words = 2;
    if (digits.size() == 4) {
      seconds = value_of(digits.substr(0, 2)) * 3600 + value_of(digits.substr(2)) * 60;
    } else if (has(2) && peek(2).is(':')) {
      if (!has(3) || !all_digits(peek(3).text)) return broken;
      seconds = value_of(digits) * 3600 + value_of(peek(3).text) * 60;
      words = 4;
    } else if (digits.size() <= 2) {
      seconds = value_of(digits) * 3600;
    } else {
      return broken;
    }
    const bool east = peek(0).is('+') != (posix_sign_at_ == at_);
    offset_ = east ? seconds : -seconds;
    return taken(words + named_in_brackets(words));
  }

  std::size_t named_in_brackets(std::size_t ahead) {
    if (!has(ahead + 3) || zone_named_ || !is_filler(peek(ahead))) return 0;
    const std::string_view name = peek(ahead + 2).text;
    if (!peek(ahead + 1).is('(') || !peek(ahead + 3).is(')') || name.size() < 3 ||
        !looks_like_zone(name))
      return 0;
    zone_named_ = true;
    zone_is_utc_ = is_utc_name(name);
    return 4;
  }

  std::optional<Timestamp> result() const {
    const bool empty = members_.size() == 0 && !hour_ && !minute_ && !second_ && !week_day_;
    if (empty) return std::nullopt;
    const PartialDate date = members_.resolve(today_.year);
    const auto instant = on_calendar(date);
    if (!instant || zone_is_utc_ || !offset_) return instant;
    constexpr std::int64_t day_seconds = 86400;
    if (*offset_ <= -day_seconds || *offset_ >= day_seconds) return std::nullopt;
    return shifted(*instant, -*offset_);
  }

  std::optional<Timestamp> on_calendar(const PartialDate& date) const {
    static constexpr std::int64_t too_large = 100000;
    const auto field = [](std::optional<std::int64_t> value, int otherwise) {
      return value ? static_cast<int>(std::min(*value, too_large)) : otherwise;
    };
    CivilTime civil;
    civil.year = field(date.year, today_.year);
    civil.month = field(date.month, today_.month);
    civil.day = field(date.day, std::min(today_.day, days_in_month(civil.year, civil.month)));
    civil.hour = field(hour_, 0);
    civil.minute = field(minute_, 0);
    civil.second = field(second_, 0);
    civil.micros = micros_;
    const auto instant = from_civil(civil);
    if (!instant || !week_day_ || date.day) return instant;
    const int ahead = (*week_day_ - weekday(civil.year, civil.month, civil.day) + 7) % 7;
    return shifted(*instant, std::int64_t{ahead} * 86400);
  }

  const std::vector<DateWord>& words_;
  std::size_t at_ = 0;
  CivilTime today_;
  DateNumber number_;
  DateMembers members_;
  std::optional<std::int64_t> hour_, minute_, second_, offset_;
  std::optional<int> week_day_;
  int micros_ = 0;
  bool half_day_seen_ = false;
  bool zone_named_ = false;
  bool zone_is_utc_ = false;
  std::optional<std::size_t> posix_sign_at_;
};

constexpr std::string_view full_width = "\xEF\xBC";  // the first two bytes of full-width digits

// Without zero bytes, which count for nothing, and with full-width digits as plain ones.
std::string in_plain_digits(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool wide = text.substr(i, 2) == full_width && i + 2 < text.size();
    const unsigned last = wide ? static_cast<unsigned char>(text[i + 2]) : 0;
    if (last >= 0x90 && last <= 0x99) {
      plain += static_cast<char>('0' + (last - 0x90));
      i += 2;
    } else if (text[i] != '\0') {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::optional<Timestamp> parse_fuzzy(std::string_view text, Timestamp now) {
  std::string plain;
  if (text.find('\0') != text.npos || text.find(full_width) != text.npos) {
    plain = in_plain_digits(text);
    text = plain;
  }
  return Reader{split_date_words(text), now}.read();
}

}  // namespace intelmq
