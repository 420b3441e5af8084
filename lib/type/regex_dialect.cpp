// SPDX-License-Identifier: Apache-2.0
#include "type/regex_dialect.hpp"

#include <algorithm>

#include "type/regex_translator.hpp"
#include "type/utf8.hpp"

namespace intelmq {

std::uint64_t add_capped(std::uint64_t a, std::uint64_t b) noexcept {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

std::uint64_t multiply_capped(std::uint64_t a, std::uint64_t b) noexcept {
  if (a == 0 || b == 0) return 0;
  return a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

void PatternTranslator::Sequence::add_item(Item kind, Width item) {
  width = {add_capped(width.least, item.least), add_capped(width.most, item.most)};
  last = kind;
  last_width = item;
}

PatternTranslator::PatternTranslator(std::string_view pattern, bool ignore_case)
    : cursor_{pattern} {
  flags_.mode.ignore_case = ignore_case;
}

TranslatedPattern PatternTranslator::run() {
  read_alternatives(true);
  if (cursor_.peek() == ')')
    refuse(cursor_.position(), "unbalanced parenthesis; write \\) for a parenthesis");
  for (const auto& [group, position] : conditions_) {
    if (group > groups_.size()) refuse(position, "there is no group " + std::to_string(group));
  }
  return finish();
}

TranslatedPattern PatternTranslator::finish() {
  TranslatedPattern done;
  done.text = std::move(out_);
  done.ignore_case = global_.mode.native_ignore_case();
  done.multiline = global_.multiline;
  done.dot_all = global_.dot_all;
  done.groups = groups_.size();
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!groups_[i].name.empty()) done.names.emplace_back(groups_[i].name, i + 1);
  }
  if (plain_ && !global_.mode.ignore_case && !global_.multiline) done.literal = std::move(literal_);
  return done;
}

void PatternTranslator::refuse(std::size_t position, const std::string& text) {
  PatternCursor::refuse(position, text);
}

PatternTranslator::Width PatternTranslator::read_alternatives(bool top) {
  if (++depth_ > deepest_nesting)
    refuse(cursor_.position(), "groups nest too deep; simplify the pattern");
  Width width = read_sequence(top);
  while (cursor_.accept('|')) {
    plain_ = false;
    out_.push_back('|');
    const Width other = read_sequence(false);
    width = {std::min(width.least, other.least), std::max(width.most, other.most)};
  }
  --depth_;
  return width;
}

PatternTranslator::Width PatternTranslator::read_sequence(bool first) {
  Sequence sequence;
  if (first) global_ = flags_;
  for (char32_t next = cursor_.peek(); next != end_of_pattern && next != '|' && next != ')';
       next = cursor_.peek()) {
    const std::size_t start = cursor_.position();
    cursor_.take();
    if (flags_.verbose && skip_blank(next)) continue;
    read_item(sequence, next, start, first);
  }
  return sequence.width;
}

bool PatternTranslator::skip_blank(char32_t code) {
  if (code == ' ' || (code >= 9 && code <= 13)) return true;
  if (code != '#') return false;
  for (char32_t next = cursor_.take(); next != '\n' && next != end_of_pattern;)
    next = cursor_.take();
  return true;
}

void PatternTranslator::read_item(Sequence& sequence, char32_t code, std::size_t start,
                                  bool first) {
  switch (code) {
    case '\\': read_backslash(sequence); return;
    case '[':
      plain_ = false;
      append_set(out_, cursor_, flags_.mode);
      sequence.add_item(Item::atom, {1, 1});
      return;
    case '.':
      plain_ = false;
      out_.push_back('.');
      sequence.add_item(Item::atom, {1, 1});
      return;
    case '^':
    case '$': read_anchor(sequence, code); return;
    case '(': read_group(sequence, start, first); return;
    case '*':
    case '+':
    case '?':
    case '{':
      if (read_repeat(sequence, code, start)) return;
      break;
    default: break;
  }
  add_literal(sequence, code);
}

void PatternTranslator::add_literal(Sequence& sequence, char32_t code) {
  append_literal(out_, code, flags_.mode);
  sequence.add_item(Item::atom, {1, 1});
  if (literal_.end != LiteralPattern::End::open) plain_ = false;
  append_utf8(literal_.text, code);
}

void PatternTranslator::set_end(LiteralPattern::End end) {
  if (literal_.end != LiteralPattern::End::open) plain_ = false;
  literal_.end = end;
}

void PatternTranslator::set_start() {
  if (literal_.at_start || !literal_.text.empty() || literal_.end != LiteralPattern::End::open)
    plain_ = false;
  literal_.at_start = true;
}

void PatternTranslator::read_anchor(Sequence& sequence, char32_t code) {
  out_.push_back(static_cast<char>(code));
  sequence.add_item(Item::position, {});
  if (code == '^') set_start();
  if (code == '$') set_end(LiteralPattern::End::before_newline);
}

void PatternTranslator::read_backslash(Sequence& sequence) {
  const std::size_t position = cursor_.position() - 1;
  const Escape escape = read_escape(cursor_, false);
  switch (escape.kind) {
    case Escape::Kind::literal: add_literal(sequence, escape.value); return;
    case Escape::Kind::position:
      append_position(escape.value);
      sequence.add_item(Item::position, {});
      return;
    case Escape::Kind::category:
      plain_ = false;
      append_category(out_, escape.value, flags_.mode);
      sequence.add_item(Item::atom, {1, 1});
      return;
    case Escape::Kind::group: add_reference(sequence, escape.value, position); return;
  }
}

void PatternTranslator::append_position(char32_t letter) {
  if (letter == 'A') {
    out_.append("\\A");
    set_start();
    return;
  }
  if (letter == 'Z') {
    out_.append("\\z");
    set_end(LiteralPattern::End::absolute);
    return;
  }
  plain_ = false;
  const std::string word = ascii_word_set;
  const bool boundary = letter == 'b';
  if (!flags_.mode.ascii) {
    out_.append(boundary ? "\\b" : "\\B");
  } else {
    out_.append("(?:(?<=" + word + ")(?" + (boundary ? '!' : '=') + word + ")|(?<!" + word + ")(?" +
                (boundary ? '=' : '!') + word + "))");
  }
  // Python's \B does not match in an empty text.
  if (!boundary) out_.append("(?!\\A\\z)");
}

void PatternTranslator::add_reference(Sequence& sequence, std::size_t group, std::size_t position) {
  plain_ = false;
  if (group == 0 || group > groups_.size()) {
    refuse(position, "there is no group " + std::to_string(group) + " before this place");
  }
  if (!groups_[group - 1].closed) refuse(position, "a reference to a group that is still open");
  check_reference(group, position);
  if (flags_.mode.ignore_case && flags_.mode.ascii) {
    refuse(position,
           "a reference under the flags a and i together cannot be done here; leave out flag a");
  }
  out_.append("\\g{" + std::to_string(group) + "}");
  sequence.add_item(Item::atom, groups_[group - 1].width);
}

std::optional<std::uint64_t> PatternTranslator::read_digits() {
  if (!is_ascii_digit(cursor_.peek())) return std::nullopt;
  std::uint64_t value = 0;
  while (is_ascii_digit(cursor_.peek()))
    value = add_capped(multiply_capped(value, 10), cursor_.take() - '0');
  return value;
}

std::optional<PatternTranslator::Bounds> PatternTranslator::read_bounds(std::size_t start) {
  const std::size_t back = cursor_.position();
  if (cursor_.peek() == '}') return std::nullopt;
  const auto low = read_digits();
  const auto high = cursor_.accept(',') ? read_digits() : low;
  if (!cursor_.accept('}')) {
    cursor_.seek(back);
    return std::nullopt;
  }
  const Bounds bounds{low.value_or(0), high.value_or(endless)};
  if (bounds.most < bounds.least)
    refuse(start, "the first number of {m,n} is greater than the second");
  if (bounds.least > most_repetitions || (bounds.most > most_repetitions && high)) {
    refuse(start, "a repetition differs from Python: the most is 65535 here; write {" +
                      std::to_string(std::min(bounds.least, most_repetitions)) + ",} instead");
  }
  return bounds;
}

bool PatternTranslator::read_repeat(Sequence& sequence, char32_t code, std::size_t start) {
  Bounds bounds;
  if (code == '+') bounds.least = 1;
  if (code == '?') bounds.most = 1;
  if (code == '{') {
    const auto read = read_bounds(start);
    if (!read) return false;
    bounds = *read;
  }
  const std::string sign = cursor_.since(start);
  if (sequence.last == Item::none || sequence.last == Item::position) {
    refuse(start,
           "nothing to repeat before " + sign + "; write \\" + sign + " for the character itself");
  }
  if (sequence.last == Item::repeat) {
    refuse(start,
           "a second repetition " + sign + " of the same thing; write (?:...)" + sign + " instead");
  }
  if (lookbehind_groups_ && sequence.last_width.most == 0 && bounds.least != bounds.most) {
    refuse(start, "within a lookbehind nothing of no width can be repeated; leave out " + sign);
  }
  plain_ = false;
  append_repeat(bounds);
  if (cursor_.accept('?'))
    out_.push_back('?');
  else if (cursor_.accept('+'))
    out_.push_back('+');
  sequence.last = Item::repeat;
  replace_last_width(sequence, bounds);
  return true;
}

void PatternTranslator::append_repeat(Bounds bounds) {
  out_.append("{" + std::to_string(bounds.least) + ",");
  if (bounds.most != endless) out_.append(std::to_string(bounds.most));
  out_.push_back('}');
}

void PatternTranslator::replace_last_width(Sequence& sequence, Bounds bounds) {
  const Width one = sequence.last_width;
  const Width all{multiply_capped(one.least, bounds.least), multiply_capped(one.most, bounds.most)};
  Width& sum = sequence.width;
  sum.least = sum.least == endless ? endless : add_capped(sum.least - one.least, all.least);
  sum.most = sum.most == endless ? endless : add_capped(sum.most - one.most, all.most);
}

Result<TranslatedPattern> translate_pattern(std::string_view pattern, bool ignore_case) {
  try {
    return PatternTranslator{pattern, ignore_case}.run();
  } catch (const PatternError& error) {
    return fail(error.text);
  }
}

}  // namespace intelmq
