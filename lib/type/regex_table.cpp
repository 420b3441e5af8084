// SPDX-License-Identifier: Apache-2.0
#include "type/regex_table.hpp"

#include <algorithm>
#include <bitset>
#include <map>
#include <utility>

namespace intelmq {
namespace {

using Bytes = std::bitset<128>;

constexpr std::size_t most_nodes = 400, most_states = 200;
constexpr unsigned most_copies = 32;
constexpr std::uint32_t nowhere = UINT32_MAX;

bool is_punctuation(char c) {
  return std::string_view{"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}.find(c) != std::string_view::npos;
}

/// What is left to match from one place of the pattern.
struct Node {
  enum class Kind : std::uint8_t {
    take,   ///< One byte of `bytes`.
    fork,   ///< Nothing; goes on with `next` and with `other`.
    begin,  ///< The beginning of the text.
    end,    ///< The end of the text or the line feed before it; nothing comes after.
    found
  };
  Kind kind = Kind::fork;
  Bytes bytes{};
  std::uint32_t next = nowhere, other = nowhere;
};

/// Nodes from `first` to `last`, whose `next` is still free.
struct Part {
  std::uint32_t first, last;
};

/// Reads a simple pattern into nodes; `failed` when it is not simple.
class SimplePattern {
 public:
  SimplePattern(std::string_view pattern, bool ignore_case)
      : pattern_{pattern}, ignore_case_{ignore_case} {
    if (pattern_.starts_with("(?i)")) {
      pattern_.remove_prefix(4);
      ignore_case_ = true;
    }
    const Part whole = alternatives(0);
    if (at_ != pattern_.size() || nodes.size() > most_nodes) failed = true;
    root = whole.first;
    nodes[whole.last].next = add(Node::Kind::found);
  }

  std::vector<Node> nodes;
  std::uint32_t root = 0;
  bool failed = false;

 private:
  bool more() const { return at_ < pattern_.size() && !failed; }
  bool next_is(char c) const { return more() && pattern_[at_] == c; }
  bool skip(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  std::uint32_t add(Node::Kind kind, const Bytes& bytes = {}) {
    if (nodes.size() > most_nodes) failed = true;
    nodes.push_back({kind, bytes, nowhere, nowhere});
    return static_cast<std::uint32_t>(nodes.size() - 1);
  }

  Part alternatives(unsigned depth) {
    std::uint32_t fork = add(Node::Kind::fork);
    const Part out{fork, add(Node::Kind::fork)};
    if (depth > 20) failed = true;
    while (!failed) {
      const Part part = sequence(depth);
      nodes[fork].next = part.first;
      nodes[part.last].next = out.last;
      if (!skip('|')) break;
      const std::uint32_t other = add(Node::Kind::fork);
      nodes[fork].other = other;
      fork = other;
    }
    return out;
  }

  Part sequence(unsigned depth) {
    Part out{add(Node::Kind::fork), 0};
    out.last = out.first;
    if (depth == 0 && skip('^')) out.last = nodes[out.first].next = add(Node::Kind::begin);
    while (more() && !next_is('|') && !next_is(')')) {
      const Part part = item(depth);
      nodes[out.last].next = part.first;
      out.last = part.last;
    }
    return out;
  }

  Part item(unsigned depth) {
    if (skip('(')) {
      if (skip('?') && !skip(':')) failed = true;
      const Part group = alternatives(depth + 1);
      if (!skip(')')) failed = true;
      return optional(group);
    }
    if (skip('$')) {
      const std::uint32_t end = add(Node::Kind::end);
      if (depth > 0 || (more() && !next_is('|'))) failed = true;
      return {end, end};
    }
    return repeated(one());
  }

  Part optional(Part part) {
    if (!skip('?')) {
      if (more() && std::string_view{"*+{"}.find(pattern_[at_]) != std::string_view::npos)
        failed = true;
      return part;
    }
    end_of_repeat();
    return maybe(part);
  }

  Part maybe(Part part) {
    const Part out{add(Node::Kind::fork), add(Node::Kind::fork)};
    nodes[out.first].next = part.first;
    nodes[part.last].next = nodes[out.first].other = out.last;
    return out;
  }

  Part any_number(const Bytes& bytes) {
    const Part out{add(Node::Kind::fork), add(Node::Kind::fork)};
    const std::uint32_t take = add(Node::Kind::take, bytes);
    nodes[out.first].next = take;
    nodes[take].next = out.first;
    nodes[out.first].other = out.last;
    return out;
  }

  /// A lazy repetition finds the same; one that never gives back may not.
  void end_of_repeat() {
    if (!skip('?') && next_is('+')) failed = true;
    if (more() && std::string_view{"*+?{"}.find(pattern_[at_]) != std::string_view::npos)
      failed = true;
  }

  Part repeated(const Bytes& bytes) {
    unsigned least = 1, most = 1;
    const bool repeats =
        more() && std::string_view{"*+?{"}.find(pattern_[at_]) != std::string_view::npos;
    if (skip('*'))
      least = 0, most = nothing_less;
    else if (skip('+'))
      most = nothing_less;
    else if (skip('?'))
      least = 0;
    else if (skip('{'))
      bounds(least, most);
    if (repeats) end_of_repeat();
    Part out{add(Node::Kind::fork), 0};
    out.last = out.first;
    const auto join = [&](Part part) {
      nodes[out.last].next = part.first;
      out.last = part.last;
    };
    for (unsigned i = 0; i < (most == nothing_less ? least : most) && !failed; ++i) {
      const std::uint32_t take = add(Node::Kind::take, bytes);
      join(i < least ? Part{take, take} : maybe({take, take}));
    }
    if (most == nothing_less) join(any_number(bytes));
    return out;
  }

  /// Behind `{`.
  void bounds(unsigned& least, unsigned& most) {
    const auto first = number();
    least = first.value_or(0);
    most = least;
    if (skip(','))
      most = number().value_or(nothing_less);
    else if (!first)
      failed = true;
    if (!skip('}') || least > most_copies || (most > most_copies && most != nothing_less) ||
        most < least || most == 0)
      failed = true;
  }

  std::optional<unsigned> number() {
    const std::size_t first = at_;
    unsigned value = 0;
    for (; more() && pattern_[at_] >= '0' && pattern_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<unsigned>(pattern_[at_] - '0');
      if (at_ - first > 3) failed = true;
    }
    return at_ == first ? std::nullopt : std::optional(value);
  }

  void put(Bytes& bytes, char first, char last) const {
    for (int c = static_cast<unsigned char>(first); c <= last; ++c) {
      bytes.set(static_cast<std::size_t>(c));
      const int lower = c | 0x20;
      if (ignore_case_ && lower >= 'a' && lower <= 'z')
        bytes.set(static_cast<std::size_t>(c ^ 0x20));
    }
  }

  /// Behind a backslash: one character, or a class, of which nothing is returned.
  std::optional<char> escaped(Bytes& bytes) {
    const char c = more() ? pattern_[at_++] : '\0';
    if (is_punctuation(c)) return c;
    if (c != 'd' && c != 'w') failed = true;
    put(bytes, '0', '9');
    if (c == 'd') return std::nullopt;
    put(bytes, 'a', 'z');
    put(bytes, 'A', 'Z');
    put(bytes, '_', '_');
    return std::nullopt;
  }

  /// The bytes that one character of the pattern, or a set, stands for.
  Bytes one() {
    Bytes out;
    if (!more()) return out;
    const char c = pattern_[at_++];
    if (static_cast<signed char>(c) < ' ' || c == 0x7f ||
        std::string_view{"^$*+?{}])|"}.find(c) != std::string_view::npos)
      failed = true;
    else if (c == '[')
      out = set();
    else if (c == '.')
      out.set().reset('\n');
    else if (c != '\\')
      put(out, c, c);
    else if (const auto same = escaped(out))
      put(out, *same, *same);
    return out;
  }

  /// Behind `[`.
  Bytes set() {
    Bytes out;
    const bool others = skip('^');
    if (next_is(']')) failed = true;
    while (more() && !next_is(']')) {
      const auto first = member(out);
      if (!first || !next_is('-') || pattern_.substr(at_ + 1).starts_with(']')) continue;
      ++at_;
      const auto last = member(out);
      if (last && *last >= *first)
        put(out, *first, *last);
      else
        failed = true;
    }
    if (!skip(']')) failed = true;
    return others ? ~out : out;
  }

  std::optional<char> member(Bytes& out) {
    const char c = more() ? pattern_[at_++] : '\0';
    if (static_cast<signed char>(c) < ' ' || c == 0x7f || c == '[') failed = true;
    if (failed) return std::nullopt;
    const auto same = c == '\\' ? escaped(out) : std::optional(c);
    if (same) put(out, *same, *same);
    return same;
  }

  static constexpr unsigned nothing_less = UINT32_MAX;  // no upper bound

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool ignore_case_;
};

}  // namespace

/// Finds the states: sets of nodes from which the rest of a text may be matched.
class TableMaker {
 public:
  explicit TableMaker(const SimplePattern& pattern)
      : nodes_{pattern.nodes}, line_feed_{static_cast<std::uint32_t>(nodes_.size())} {
    number_kinds();
    table_.size_ = kinds_ + 2;
    table_.unknown_ = table_.size_;
    table_.found_ = 2 * table_.size_;
    add_row({});
    add_row({});
    add_row({});
    States first;
    reach(pattern.root, true, first);
    reach(pattern.root, false, again_);
    table_.start_ = row_of(first);
    for (std::size_t i = 0; i < waiting_.size() && waiting_.size() < most_states; ++i) fill(i);
  }

  std::optional<RegexTable> table() {
    if (waiting_.size() >= most_states) return std::nullopt;
    return std::move(table_);
  }

 private:
  using States = std::vector<std::uint32_t>;  // sorted

  /// Bytes that all nodes treat alike are of one kind; those beyond ASCII are of the last.
  void number_kinds() {
    const auto split = [this](const Bytes& bytes) {
      std::map<std::pair<std::uint8_t, bool>, std::uint8_t> numbers;
      for (std::size_t c = 0; c < 128; ++c) {
        const auto number = static_cast<std::uint8_t>(numbers.size());
        table_.kinds_[c] = numbers.try_emplace({table_.kinds_[c], bytes[c]}, number).first->second;
      }
      kinds_ = numbers.size();
    };
    split(Bytes{}.set('\n'));
    for (const Node& node : nodes_)
      if (node.kind == Node::Kind::take) split(node.bytes);
    for (std::size_t c = 128; c < 256; ++c) table_.kinds_[c] = static_cast<std::uint8_t>(kinds_);
  }

  /// Adds the nodes that can be had from one without taking a byte.
  void reach(std::uint32_t from, bool at_start, States& out) const {
    std::vector<bool> seen(nodes_.size() + 1);
    for (const std::uint32_t node : out) seen[node] = true;
    for (States open{from}; !open.empty();) {
      const std::uint32_t node = open.back();
      open.pop_back();
      if (node == nowhere || seen[node]) continue;
      seen[node] = true;
      const Node& what = nodes_[node];
      if (what.kind == Node::Kind::fork || (what.kind == Node::Kind::begin && at_start)) {
        open.push_back(what.next);
        open.push_back(what.other);
      } else if (what.kind != Node::Kind::begin) {
        out.insert(std::upper_bound(out.begin(), out.end(), node), node);
      }
    }
  }

  void add_row(const States& states) {
    const bool ends = std::any_of(states.begin(), states.end(), [this](std::uint32_t node) {
      return node == line_feed_ || nodes_[node].kind == Node::Kind::end;
    });
    table_.rows_.resize(table_.rows_.size() + table_.size_);
    table_.rows_.back() = ends;
  }

  std::uint16_t row_of(const States& states) {
    if (states.empty()) return 0;
    for (const std::uint32_t node : states)
      if (node != line_feed_ && nodes_[node].kind == Node::Kind::found)
        return static_cast<std::uint16_t>(table_.found_);
    const auto row = static_cast<std::uint16_t>(table_.rows_.size());
    const auto [place, is_new] = rows_.try_emplace(states, row);
    if (!is_new) return place->second;
    add_row(states);
    waiting_.push_back(states);
    return row;
  }

  void fill(std::size_t number) {
    const States states = waiting_[number];
    const std::size_t row = (number + 3) * table_.size_;
    for (std::size_t kind = 0; kind < kinds_; ++kind) {
      const auto byte = static_cast<std::size_t>(
          std::find(table_.kinds_.begin(), table_.kinds_.end(), kind) - table_.kinds_.begin());
      const std::uint16_t to = row_of(after(states, byte));
      table_.rows_[row + kind] = to;
    }
    table_.rows_[row + kinds_] = static_cast<std::uint16_t>(table_.unknown_);
  }

  States after(const States& states, std::size_t byte) const {
    States out = again_;
    for (const std::uint32_t node : states) {
      if (node == line_feed_) continue;
      if (nodes_[node].kind == Node::Kind::take && nodes_[node].bytes[byte])
        reach(nodes_[node].next, false, out);
      if (nodes_[node].kind == Node::Kind::end && byte == '\n') out.push_back(line_feed_);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  const std::vector<Node>& nodes_;
  std::uint32_t line_feed_;  // stands for the end behind a line feed that was the text's last
  std::size_t kinds_ = 0;
  States again_;  // where a match that begins later begins
  std::map<States, std::uint16_t> rows_;
  std::vector<States> waiting_;
  RegexTable table_;
};

std::optional<RegexTable> RegexTable::make(std::string_view pattern, bool ignore_case) {
  const SimplePattern simple(pattern, ignore_case);
  if (simple.failed) return std::nullopt;
  return TableMaker(simple).table();
}

}  // namespace intelmq
