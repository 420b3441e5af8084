// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace intelmq {

/// Where a line stops being one flat, well-formed JSON object.
struct ScanError {
  const char* reason = nullptr;  ///< nullptr: none.
  std::size_t offset = 0;        ///< In bytes from the start of the line.
};

/// Finds the members of one JSON object in a single pass and proves the line well-formed on the
/// way: grammar, escapes, control characters, UTF-8, nesting of at most 128. Numbers may also be
/// NaN, Infinity and -Infinity, as the Python original writes and reads them.
///
/// `size` bytes at `line`, followed by at least 64 readable bytes.
class Scanner {
 public:
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t max_depth = 128;

  Scanner(const char* line, std::size_t size) : line_{line}, end_{line + size} {}

  /// Calls `visit(key, key_size, value, value_size)` for each member in order: the key without its
  /// quotes, perhaps with escapes; the value as its raw JSON text.
  template <class Visit>
  ScanError members(Visit&& visit);

  /// End of the last member, where another may be inserted; set by `members`.
  const char* tail() const { return tail_; }

  /// End of the value that begins at `p`, but for its UTF-8; nullptr: there is none.
  const char* value_end(const char* p);

 private:
  const char* skip_blanks(const char* p) const {
    while (p < end_ && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) ++p;
    return p;
  }
  const char* word_end(const char* p) const;
  const char* scalar_end(const char* p);
  const char* nested_end(const char* p);
  const char* string_end(const char* p);
  ScanError failed(const char* reason, const char* at) const;
  const char* none(const char* reason, const char* at);
  ScanError finish(const char* p) const;

  const char* line_;
  const char* end_;
  const char* tail_ = nullptr;
  ScanError value_error_;
};

/// Bytes of `text` that are valid UTF-8 from the start; equals `size` when all of it is.
std::size_t valid_utf8_prefix(const char* text, std::size_t size);

/// Whether what follows a backslash (a character and, if need be, four digits) is an escape of
/// JSON.
inline bool is_escape(const char* p, const char* end) {
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  switch (*p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return true;
    case 'u': return end - p > 4 && is_hex(p[1]) && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]);
    default: return false;
  }
}

// ---------------------------------------------------------------------------------------------

template <class Visit>
inline ScanError Scanner::members(Visit&& visit) {
  const char* p = skip_blanks(line_);
  if (p == end_ || *p != '{') return failed("not a JSON object", p);
  tail_ = p = skip_blanks(p + 1);
  if (p < end_ && *p == '}') return finish(p);
  for (;;) {
    if (p >= end_ || *p != '"') return failed("expected a name in quotes", p);
    const char* const key = p + 1;
    const char* const key_end = string_end(p);
    if (!key_end) return value_error_;
    p = skip_blanks(key_end);
    if (p >= end_ || *p != ':') return failed("expected ':' after the name", p);
    const char* const value = skip_blanks(p + 1);
    p = value_end(value);
    if (!p) return value_error_;
    visit(key, static_cast<std::size_t>(key_end - 1 - key), value,
          static_cast<std::size_t>(p - value));
    tail_ = p;
    p = skip_blanks(p);
    if (p >= end_) return failed("unterminated object", p);
    if (*p == '}') return finish(p);
    if (*p != ',') return failed("expected ',' or '}' after a value", p);
    p = skip_blanks(p + 1);
  }
}

}  // namespace intelmq
