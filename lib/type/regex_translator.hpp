// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "type/regex_cursor.hpp"
#include "type/regex_dialect.hpp"
#include "type/regex_set.hpp"

// Inner part of type/regex.hpp: reads a pattern of Python's re once and writes it for PCRE2.

namespace intelmq {

/// One translation. All functions throw PatternError.
class PatternTranslator {
 public:
  PatternTranslator(std::string_view pattern, bool ignore_case);
  TranslatedPattern run();

 private:
  static constexpr std::uint64_t endless = UINT64_MAX;
  static constexpr std::uint64_t most_repetitions = 65535;
  static constexpr unsigned deepest_nesting = 200;

  // How many characters a part matches.
  struct Width {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
  };
  struct Bounds {
    std::uint64_t least = 0;
    std::uint64_t most = endless;
  };
  struct Flags {
    CharacterMode mode;
    bool multiline = false;
    bool dot_all = false;
    bool verbose = false;
  };
  struct Group {
    std::string name;
    Width width;
    bool closed = false;
  };
  enum class Item { none, position, atom, repeat };
  // One run of items between ( | ).
  struct Sequence {
    Width width;
    Item last = Item::none;
    Width last_width;

    void add_item(Item kind, Width item);
  };

  TranslatedPattern finish();
  [[noreturn]] static void refuse(std::size_t position, const std::string& text);
  Width read_alternatives(bool top);
  Width read_sequence(bool first);
  bool skip_blank(char32_t code);
  void read_item(Sequence& sequence, char32_t code, std::size_t start, bool first);
  void add_literal(Sequence& sequence, char32_t code);
  void set_end(LiteralPattern::End end);
  void set_start();
  void read_anchor(Sequence& sequence, char32_t code);
  void read_backslash(Sequence& sequence);
  void append_position(char32_t letter);
  void check_reference(std::size_t group, std::size_t position);
  void add_reference(Sequence& sequence, std::size_t group, std::size_t position);
  std::optional<std::uint64_t> read_digits();
  // After `{`; nothing, with the cursor where it was, if it is no quantifier.
  std::optional<Bounds> read_bounds(std::size_t start);
  bool read_repeat(Sequence& sequence, char32_t code, std::size_t start);
  void append_repeat(Bounds bounds);
  // An endless width stays endless: it is not fixed whatever follows.
  static void replace_last_width(Sequence& sequence, Bounds bounds);

  void read_group(Sequence& sequence, std::size_t start, bool first);
  Width read_enclosed(std::size_t start, std::string_view opening);
  void close(std::size_t start);
  void skip_comment(std::size_t start);
  void read_capture(Sequence& sequence, std::size_t start, const std::string& name);
  std::string read_name(char32_t terminator);
  // 0 if there is none.
  std::size_t number_of(std::string_view name) const;
  void read_named(Sequence& sequence, std::size_t start);
  void read_lookbehind(Sequence& sequence, std::size_t start);
  std::size_t read_condition_group();
  void read_condition(Sequence& sequence, std::size_t start);
  static bool set_flag(Flags& flags, char32_t letter, bool on);
  // Reads the letters up to `:`, `)` or `-`, which is returned.
  char32_t read_flag_letters(Flags& flags, char32_t letter, bool on, std::string& seen);
  void read_flags(Sequence& sequence, char32_t letter, std::size_t start, bool first);
  void set_global(Sequence& sequence, const Flags& flags, std::size_t start, bool first);
  void read_scoped(Sequence& sequence, const Flags& flags, std::size_t start);
  [[noreturn]] void refuse_extension(char32_t kind, std::size_t start) const;

  PatternCursor cursor_;
  std::string out_;
  Flags flags_;
  Flags global_;
  std::vector<Group> groups_;
  // Numbers asked for by conditions, with their positions.
  std::vector<std::pair<std::size_t, std::size_t>> conditions_;
  // Number of groups before the outermost lookbehind that is being read.
  std::optional<std::size_t> lookbehind_groups_;
  LiteralPattern literal_;
  bool plain_ = true;
  unsigned depth_ = 0;
};

/// Sum and product that stay at the greatest number.
std::uint64_t add_capped(std::uint64_t a, std::uint64_t b) noexcept;
std::uint64_t multiply_capped(std::uint64_t a, std::uint64_t b) noexcept;

}  // namespace intelmq
