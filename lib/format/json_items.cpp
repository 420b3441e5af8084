// SPDX-License-Identifier: Apache-2.0
#include "format/json_items.hpp"

#include <algorithm>
#include <utility>

#include "type/json_text.hpp"

namespace intelmq {
namespace {

constexpr std::size_t longest_boundary = 64;
constexpr const char* too_long = "the item is longer than a record may be";
constexpr const char* not_closed = "the array is not closed: the feed is not complete";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

std::string_view without_separator(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == ',')) text.remove_suffix(1);
  return text;
}

/// Index of the quote that closes the string at `at`, of a line break before it, or the size.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\n') return at;
    if (c == '\\') ++at;
  }
  return text.size();
}

}  // namespace

struct JsonItems::Scan {
  enum State : std::uint8_t { complete, open, broken } state = open;
  std::size_t at = 0;  // end of the item, or from where to look for the next one
  const char* reason = "the text ends within an item";
};

void JsonItems::start(ByteSource bytes) {
  window_.start(std::move(bytes));
  size_ = taken_ = 0;
  number_ = 0;
  in_array_ = skipping_ = false;
}

JsonItems::Found JsonItems::next() {
  window_.drop(taken_);
  size_ = taken_ = 0;
  if (skipping_ && !skip_broken()) return Found::end;
  if (!go_to_item()) return end_of_stream();
  ++number_;
  return read_item();
}

JsonItems::Found JsonItems::end_of_stream() {
  if (!in_array_ || window_.error()) return Found::end;
  in_array_ = false;
  ++number_;
  reason_ = not_closed;
  return Found::bad;
}

/// Drops blanks, commas and the brackets of the outermost array; false at the end.
bool JsonItems::go_to_item() {
  for (;;) {
    const std::string_view held = window_.text();
    std::size_t at = 0;
    for (; at < held.size(); ++at) {
      const char c = held[at];
      if (is_blank(c)) continue;
      if (!in_array_ && c == '[')
        in_array_ = true;
      else if (in_array_ && c == ']')
        in_array_ = false;
      else if (!in_array_ || c != ',')
        break;
    }
    const bool found = at < held.size();
    window_.drop(at);
    if (found) return true;
    if (!window_.more()) return false;
  }
}

JsonItems::Found JsonItems::read_item() {
  bool ended = false;
  for (;;) {
    const Scan found = scan(ended);
    if (found.state == Scan::broken) return give_bad(found.reason, found.at);
    if (found.state == Scan::complete) {
      if (found.at > max_record_) return give_bad(too_long, found.at - 1);
      const std::string_view item = without_separator(window_.text().substr(0, found.at));
      give(item.size(), found.at);
      if (is_json(item)) return Found::item;
      reason_ = "not JSON";
      return Found::bad;
    }
    if (ended) return give_bad(found.reason, window_.size());
    if (window_.size() > max_record_) return give_bad(too_long, window_.size());
    ended = !window_.much_more();
    if (window_.error()) return Found::end;
  }
}

void JsonItems::give(std::size_t size, std::size_t taken) {
  size_ = size;
  taken_ = taken;
}

/// Gives everything before the next item as broken; that item is looked for from `from` on.
JsonItems::Found JsonItems::give_bad(const char* reason, std::size_t from) {
  reason_ = reason;
  for (;;) {
    const auto start = next_start(from);
    const std::size_t end = start.value_or(window_.size());
    if (start || window_.size() > max_record_) {
      size_ = std::min(without_separator(window_.text().substr(0, end)).size(), max_record_);
      skipping_ = !start;
      taken_ = start ? end : end - std::min(end, longest_boundary);
      return Found::bad;
    }
    from = std::max(from, end - std::min(end, longest_boundary));
    if (window_.more()) continue;
    give(without_separator(window_.text()).size(), window_.size());
    in_array_ = false;
    return Found::bad;
  }
}

bool JsonItems::skip_broken() {
  skipping_ = false;
  for (;;) {
    const std::size_t held = window_.size();
    if (const auto start = next_start(0)) {
      window_.drop(*start);
      return true;
    }
    window_.drop(held - std::min(held, longest_boundary));
    if (window_.more()) continue;
    window_.drop(window_.size());
    in_array_ = false;
    return false;
  }
}

/// Where the next item seems to start.
std::optional<std::size_t> JsonItems::next_start(std::size_t from) const {
  const std::string_view held = window_.text();
  const char before = in_array_ ? '}' : '\n';
  for (std::size_t at = held.find(before, from); at != held.npos; at = held.find(before, at + 1)) {
    std::size_t to = at + 1;
    if (in_array_) {
      to = skip_blanks(held, to);
      if (to >= held.size() || held[to] != ',') continue;
      to = skip_blanks(held, to + 1);
    }
    if (to < held.size() && (held[to] == '{' || (!in_array_ && held[to] == '['))) return to;
  }
  return std::nullopt;
}

JsonItems::Scan JsonItems::scan(bool ended) const {
  const std::string_view held = window_.text();
  if (held[0] == '{' || held[0] == '[') return scan_nested();
  if (!in_array_) return {Scan::broken, 0, "neither a JSON object nor an array"};
  std::size_t at = held[0] == '"' ? string_end(held, 0) + 1 : held.find_first_of(",]\n", 1);
  if (at < held.size()) return {Scan::complete, at, ""};
  if (!ended) return {};
  return {Scan::broken, held.size(), not_closed};
}

/// Follows brackets and strings, and notices what tells that one of them is missing.
JsonItems::Scan JsonItems::scan_nested() const {
  const std::string_view held = window_.text();
  char closers[max_json_depth];
  std::size_t depth = 0, last_close = 0;
  char last = 0;
  for (std::size_t at = 0; at < held.size(); ++at) {
    const char c = held[at];
    if (is_blank(c)) continue;
    if (c == '"') {
      const std::size_t end = string_end(held, at);
      if (end < held.size() && held[end] == '\n')
        return {Scan::broken, end, "a line break in a string: its quote is not closed"};
      const std::size_t after = skip_blanks(held, end + 1);
      if (after >= held.size()) break;
      if (held[after] != ',' && held[after] != ':' && held[after] != '}' && held[after] != ']')
        return {Scan::broken, at, "text after a string: a quote is missing"};
      at = end;
    } else if (c == '{' || c == '[') {
      if (depth == max_json_depth) return {Scan::broken, at, "nesting deeper than 128"};
      if (depth && closers[depth - 1] == '}' && last != ':')
        return {Scan::broken, last_close ? last_close : at, "a brace is not closed"};
      closers[depth++] = c == '{' ? '}' : ']';
    } else if (c == '}' || c == ']') {
      if (depth == 0 || closers[depth - 1] != c)
        return {Scan::broken, at, "a closing bracket of the wrong kind"};
      last_close = at;
      if (--depth == 0) return {Scan::complete, at + 1, ""};
    }
    last = c;
  }
  return {};
}

}  // namespace intelmq
