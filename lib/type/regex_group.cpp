// SPDX-License-Identifier: Apache-2.0
#include "type/regex_translator.hpp"

#include <algorithm>

namespace intelmq {
namespace {

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return c == '_' || is_ascii_letter(static_cast<unsigned char>(c)) || (c & 0x80) != 0;
  };
  if (name.empty() || !good(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return good(c) || is_ascii_digit(static_cast<unsigned char>(c));
  });
}

}  // namespace

void PatternTranslator::read_group(Sequence& sequence, std::size_t start, bool first) {
  plain_ = plain_ && cursor_.peek() == '?';
  if (!cursor_.accept('?')) {
    if (cursor_.peek() == '*') {
      refuse(cursor_.position(),
             "nothing to repeat before *; verbs such as (*SKIP) are not part of Python's re");
    }
    return read_capture(sequence, start, "");
  }
  const char32_t kind = cursor_.take();
  if (kind == '#') return skip_comment(start);
  if (kind == 'P') return read_named(sequence, start);
  if (kind == '(') return read_condition(sequence, start);
  if (kind == '<') return read_lookbehind(sequence, start);
  if (kind == '=' || kind == '!') {
    read_enclosed(start, kind == '=' ? "(?=" : "(?!");
    sequence.add_item(Item::atom, {});
    return;
  }
  if (kind == ':' || kind == '>') {
    const Width width = read_enclosed(start, kind == ':' ? "(?:" : "(?>");
    sequence.add_item(Item::atom, width);
    return;
  }
  if (kind == '-' || is_ascii_letter(kind)) return read_flags(sequence, kind, start, first);
  refuse_extension(kind, start);
}

PatternTranslator::Width PatternTranslator::read_enclosed(std::size_t start,
                                                          std::string_view opening) {
  plain_ = false;
  out_.append(opening);
  const Flags outer = flags_;
  const Width width = read_alternatives(false);
  flags_ = outer;
  close(start);
  return width;
}

void PatternTranslator::close(std::size_t start) {
  if (!cursor_.accept(')'))
    refuse(start, "the group ( is not closed; write ) at its end, or \\( for a parenthesis");
  out_.push_back(')');
}

void PatternTranslator::skip_comment(std::size_t start) {
  char32_t next = cursor_.take();
  while (next != ')' && next != end_of_pattern) next = cursor_.take();
  if (next == end_of_pattern) refuse(start, "the comment (?# is not closed; write ) at its end");
}

void PatternTranslator::read_capture(Sequence& sequence, std::size_t start,
                                     const std::string& name) {
  groups_.push_back({name, {}, false});
  const std::size_t number = groups_.size();
  const Width width = read_enclosed(start, "(");
  groups_[number - 1].width = width;
  groups_[number - 1].closed = true;
  sequence.add_item(Item::atom, width);
}

std::string PatternTranslator::read_name(char32_t terminator) {
  const std::size_t start = cursor_.position();
  while (cursor_.peek() != terminator) {
    if (cursor_.take() == end_of_pattern) {
      refuse(start,
             std::string("the group name is not closed by ") + static_cast<char>(terminator));
    }
  }
  std::string name = cursor_.since(start);
  cursor_.take();
  return name;
}

std::size_t PatternTranslator::number_of(std::string_view name) const {
  const auto found =
      std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.name == name; });
  return found == groups_.end() ? 0 : static_cast<std::size_t>(found - groups_.begin()) + 1;
}

void PatternTranslator::read_named(Sequence& sequence, std::size_t start) {
  plain_ = false;
  const char32_t kind = cursor_.take();
  if (kind != '<' && kind != '=') {
    refuse(start,
           "(?P must be followed by <name> or =name; recursion and subroutines are not part of "
           "Python's re");
  }
  const std::size_t position = cursor_.position();
  const std::string name = read_name(kind == '<' ? '>' : ')');
  if (!is_name(name))
    refuse(position, "'" + name + "' is not a group name; use letters, digits and _");
  const std::size_t known = number_of(name);
  if (kind == '=') {
    if (known == 0) refuse(position, "there is no group '" + name + "' before this place");
    return add_reference(sequence, known, position);
  }
  if (known != 0) refuse(position, "the group name '" + name + "' is used twice; choose another");
  read_capture(sequence, start, name);
}

void PatternTranslator::read_lookbehind(Sequence& sequence, std::size_t start) {
  const char32_t kind = cursor_.take();
  if (kind != '=' && kind != '!')
    refuse(start, "(?<name> is not part of Python's re; write (?P<name>...) instead");
  const auto outer = lookbehind_groups_;
  if (!outer) lookbehind_groups_ = groups_.size();
  const Width width = read_enclosed(start, kind == '=' ? "(?<=" : "(?<!");
  lookbehind_groups_ = outer;
  if (width.least != width.most) {
    refuse(start,
           "a lookbehind needs a fixed width; write one lookbehind per width, such as "
           "(?:(?<=a)|(?<=bc))");
  }
  sequence.add_item(Item::atom, {});
}

std::size_t PatternTranslator::read_condition_group() {
  const std::size_t position = cursor_.position();
  const std::string name = read_name(')');
  if (is_name(name)) {
    if (const std::size_t known = number_of(name); known != 0) return known;
    refuse(position, "there is no group '" + name + "' before this place");
  }
  std::uint64_t number = 0;
  for (const char c : name) {
    if (!is_ascii_digit(static_cast<unsigned char>(c))) number = endless;
    number = add_capped(multiply_capped(number, 10), static_cast<std::uint64_t>(c & 0x0F));
  }
  if (number == 0 || number > most_repetitions) {
    refuse(position, "'" + name + "' is neither the number nor the name of a group");
  }
  conditions_.emplace_back(number, position);
  return number;
}

void PatternTranslator::read_condition(Sequence& sequence, std::size_t start) {
  plain_ = false;
  const std::size_t position = cursor_.position();
  const std::size_t group = read_condition_group();
  check_reference(group, position);
  out_.append("(?(" + std::to_string(group) + ")");
  if (++depth_ > deepest_nesting) refuse(start, "groups nest too deep; simplify the pattern");
  Width width = read_sequence(false);
  Width other;
  if (cursor_.accept('|')) {
    out_.push_back('|');
    other = read_sequence(false);
    if (cursor_.peek() == '|')
      refuse(cursor_.position(), "a condition has two branches at most; write (?:...|...)");
  }
  --depth_;
  close(start);
  width = {std::min(width.least, other.least), std::max(width.most, other.most)};
  sequence.add_item(Item::atom, width);
}

bool PatternTranslator::set_flag(Flags& flags, char32_t letter, bool on) {
  switch (letter) {
    case 'i': flags.mode.ignore_case = on; return true;
    case 'm': flags.multiline = on; return true;
    case 's': flags.dot_all = on; return true;
    case 'x': flags.verbose = on; return true;
    case 'a': flags.mode.ascii = true; return on;
    case 'u': flags.mode.ascii = false; return on;
    default: return false;
  }
}

char32_t PatternTranslator::read_flag_letters(Flags& flags, char32_t letter, bool on,
                                              std::string& seen) {
  for (; is_ascii_letter(letter); letter = cursor_.take()) {
    const std::size_t position = cursor_.position() - 1;
    if (!set_flag(flags, letter, on)) {
      refuse(position, std::string("flag ") + static_cast<char>(letter) +
                           (on ? " cannot be set here; the flags are a i m s u x"
                               : " cannot be unset here; the flags are i m s x"));
    }
    seen.push_back(static_cast<char>(letter));
  }
  return letter;
}

void PatternTranslator::read_flags(Sequence& sequence, char32_t letter, std::size_t start,
                                   bool first) {
  if (letter == 'R' || letter == 'C') refuse_extension(letter, start);
  Flags flags = flags_;
  std::string on;
  std::string off;
  char32_t end = read_flag_letters(flags, letter, true, on);
  if (on.find('a') != std::string::npos && on.find('u') != std::string::npos) {
    refuse(start, "the flags a and u exclude each other");
  }
  if (end == ')') return set_global(sequence, flags, start, first);
  const bool minus = end == '-';
  if (minus) end = read_flag_letters(flags, cursor_.take(), false, off);
  if (end != ':' || (minus && off.empty()))
    refuse(start, "flags must be written (?flags), (?flags:...) or (?flags-flags:...)");
  if (on.find_first_of(off) != std::string::npos) refuse(start, "a flag is set and unset at once");
  read_scoped(sequence, flags, start);
}

void PatternTranslator::set_global(Sequence& sequence, const Flags& flags, std::size_t start,
                                   bool first) {
  if (!first || sequence.last != Item::none) {
    refuse(start,
           "global flags must stand at the start of the pattern; move them there or write "
           "(?flags:...)");
  }
  flags_ = flags;
  global_ = flags;
}

void PatternTranslator::read_scoped(Sequence& sequence, const Flags& flags, std::size_t start) {
  std::string on;
  std::string off;
  const auto note = [&](bool before, bool after, char letter) {
    if (before != after) (after ? on : off).push_back(letter);
  };
  note(flags_.mode.native_ignore_case(), flags.mode.native_ignore_case(), 'i');
  note(flags_.multiline, flags.multiline, 'm');
  note(flags_.dot_all, flags.dot_all, 's');
  const Flags outer = flags_;
  flags_ = flags;
  const Width width = read_enclosed(start, "(?" + on + (off.empty() ? "" : "-" + off) + ":");
  flags_ = outer;
  sequence.add_item(Item::atom, width);
}

void PatternTranslator::refuse_extension(char32_t kind, std::size_t start) const {
  std::string text = "unknown extension " + cursor_.since(start);
  if (kind == 'R' || kind == '&' || kind == '+' || is_ascii_digit(kind))
    text += "; recursion and subroutines are not part of Python's re";
  if (kind == '|') text += "; number the groups of each branch by themselves";
  if (kind == '\'') text += "; write (?P<name>...) instead";
  if (kind == 'C') text += "; callouts are not part of Python's re";
  refuse(start, text);
}

void PatternTranslator::check_reference(std::size_t group, std::size_t position) {
  if (lookbehind_groups_ && (group > groups_.size() || !groups_[group - 1].closed)) {
    refuse(position, "a reference to a group that is still open");
  }
  if (lookbehind_groups_ && group > *lookbehind_groups_) {
    refuse(position, "a lookbehind cannot refer to a group within itself");
  }
}

}  // namespace intelmq
