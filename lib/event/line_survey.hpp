// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "event/event_keys.hpp"
#include "event/slot.hpp"

namespace intelmq {

namespace detail {

/// What a survey of a line finds, and how far its members have been read.
struct Survey {
  static constexpr std::size_t longest = 16 * 1024;

  const char* line;
  std::size_t size;
  unsigned gap;
  bool good;
  std::size_t quotes, value_quotes;  ///< Those that begin or end a string: all, those of values.
  const std::uint32_t* at;           ///< The next member, ...
  const std::uint32_t* end;          ///< ... and what is behind the last.
  std::uint64_t bits[longest / 64];  ///< Of those quotes.
  /// Offsets of the quotes that begin the first member and every string behind a comma, then that
  /// of a member behind the object's brace.
  std::uint32_t keys[longest / 3 + 32];  // 32: what is written too much
};

}  // namespace detail

/// Reads the members of a flat JSON object, many bytes at a time, on the assumption that the line
/// looks as programs write it: no blanks but one behind commas and colons (or none), no line feeds
/// or tabs. Whether the line is well-formed is known when all members were read, not before.
class LineSurvey {
 public:
  static constexpr std::size_t longest = detail::Survey::longest;  ///< In bytes, of a line.

  /// Looks at `size` bytes at `line`, followed by at least 64 readable ones. `gap` is how far the
  /// name of a member is from the end of the one before: 2 for comma and blank, 1 for a comma.
  /// False: something is wrong with the line, or it looks different.
  bool look(const char* line, std::size_t size, unsigned gap);

  /// No more members than this are there.
  std::size_t most() const { return static_cast<std::size_t>(survey_.end - survey_.at); }
  /// Reads members as long as their keys are those which the leads from `lead` on lead to, in that
  /// order. Returns where the next one has its place.
  Slot* read_foreseen(const Lead* lead, Slot* to);
  /// Whether there are more members; false too if there is something wrong.
  bool more() const { return survey_.at < survey_.end; }
  /// The next member: where the quote that begins its name stands, and the one that ends it.
  const char* key() const { return survey_.line + *survey_.at; }
  const char* key_end() const;
  /// Reads the next member's value, which begins there.
  void read_value(const char* value, Slot& to);
  /// Lets the line be no well-formed object.
  void give_up() {
    survey_.good = false;
    survey_.at = survey_.end;
  }
  /// Whether that was all, and the line a well-formed object of so many members.
  bool holds(std::size_t members) const {
    return survey_.good && survey_.quotes == 2 * members + survey_.value_quotes;
  }

  /// What a processor can do.
  enum class Processor : std::uint8_t { any, avx2, avx512 };
  /// Lets surveys do no more than this, so that tests reach every way; at first they do what is
  /// best. False, and nothing changes: this processor cannot.
  static bool use(Processor kind);

 private:
  detail::Survey survey_;
};

}  // namespace intelmq
