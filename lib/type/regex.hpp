// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

enum class Case { sensitive, insensitive };

/// Outcome of a search. `limit`: the search was given up because it cost too much; whether the
/// text matches is unknown.
enum class Match { no, yes, limit };

/// Where the groups of a match are. Views point into the searched text, which must stay alive,
/// or, if that text was not UTF-8, into this object. Reuse one object to save allocations.
class Captures {
 public:
  /// Number of groups of the pattern, group 0 (the whole match) not counted; 0 without a match.
  std::size_t count() const noexcept { return spans_.empty() ? 0 : spans_.size() - 1; }
  /// The text of a group; nothing if there is no such group or it took no part in the match.
  std::optional<std::string_view> group(std::size_t number) const noexcept;
  std::optional<std::string_view> group(std::string_view name) const noexcept;

 private:
  friend class Regex;
  using Names = std::vector<std::pair<std::string, std::size_t>>;
  struct Span {
    std::size_t begin;
    std::size_t end;
  };

  std::vector<Span> spans_;
  std::string_view text_;
  std::string repaired_;
  bool is_repaired_ = false;
  std::shared_ptr<const Names> names_;
};

/// A compiled regular expression in the language of Python 3.11's `re` for str patterns.
/// Objects can be searched by several threads at once.
class Regex {
 public:
  /// Error: "column N: reason; remedy", N in characters from 1. Refused is what Python refuses, and
  /// what cannot be done the same way here: \N{name}, half surrogates, [[:alpha:]], more than
  /// 65535 repetitions, references under the flags a and i together.
  static Result<Regex> compile(std::string_view pattern, Case letters = Case::sensitive);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// As re.search: the first match anywhere in `text`. The cost is bounded:
  /// at about 0.3 s of processor time and as much per MiB, mostly far less.
  /// `text` is UTF-8; each byte that is not, and each half surrogate, counts as one U+FFFD.
  /// `captures` is filled on Match::yes and otherwise emptied.
  Match search(std::string_view text, Captures* captures = nullptr) const;

  /// The pattern as given.
  const std::string& pattern() const noexcept { return pattern_; }
  /// Number of groups, group 0 not counted.
  std::size_t groups() const noexcept;
  /// The number of a named group, or nothing.
  std::optional<std::size_t> group_number(std::string_view name) const noexcept;

 private:
  class Program;
  Regex(std::string pattern, std::unique_ptr<const Program> program) noexcept;

  std::string pattern_;
  std::unique_ptr<const Program> program_;
};

}  // namespace intelmq
