// SPDX-License-Identifier: Apache-2.0
#include "sieve/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace intelmq::sieve {
namespace {

constexpr std::array<std::string_view, 11> pairs = {"==", "!=", "<=", ">=", "<<", "=~",
                                                    "!~", "+=", "-=", "&&", "||"};
constexpr std::string_view singles = "=!<>(){}[],";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end - at;
}

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view file) : source_{source}, file_{file} {}

  Result<std::vector<Token>> run() {
    std::vector<Token> out;
    for (;;) {
      skip_blanks();
      auto token = next();
      if (!token) return tl::unexpected(token.error());
      out.push_back(*token);
      if (token->kind == TokenKind::end) return out;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  void advance(std::size_t bytes) {
    for (const std::size_t stop = at_ + bytes; at_ < stop; ++at_) {
      const auto c = static_cast<unsigned char>(source_[at_]);
      if (c == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if ((c & 0xc0) != 0x80) {
        ++place_.column;
      }
    }
  }

  void skip_blanks() {
    while (at_ < source_.size()) {
      if (is_space(peek())) {
        advance(1);
      } else if (peek() == '#' || (peek() == '/' && peek(1) == '/')) {
        advance(std::min(source_.find('\n', at_), source_.size()) - at_);
      } else {
        return;
      }
    }
  }

  Token take(TokenKind kind, std::size_t size, std::size_t before = 0, std::size_t after = 0) {
    Token out{source_.substr(at_ + before, size - before - after), place_,
              static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(at_ + size), kind};
    advance(size);
    return out;
  }

  Result<Token> next() {
    if (at_ >= source_.size()) return take(TokenKind::end, 0);
    const char c = peek();
    const bool is_signed = (c == '+' || c == '-') && (is_digit(peek(1)) || peek(1) == '.');
    if (is_word(c) || is_signed) return take(TokenKind::word, word_size());
    if (c == '\'' || c == '"') return text();
    if (c == '$') return variable();
    if (c == ':') return take(TokenKind::sign, 1 + run_of(1, is_letter));
    if (std::find(pairs.begin(), pairs.end(), source_.substr(at_, 2)) != pairs.end())
      return take(TokenKind::sign, 2);
    if (singles.find(c) != singles.npos) return take(TokenKind::sign, 1);
    return unknown();
  }

  template <class Is>
  std::size_t run_of(std::size_t from, Is is) const {
    std::size_t size = 0;
    while (at_ + from + size < source_.size() && is(source_[at_ + from + size])) ++size;
    return size;
  }

  /// A word; the exponent of a number may have a sign inside.
  std::size_t word_size() const {
    const std::size_t sign = is_word(peek()) ? 0 : 1;
    const std::size_t size = sign + run_of(sign, is_word);
    const std::string_view mantissa = source_.substr(at_ + sign, size - sign - 1);
    const char last = source_[at_ + size - 1];
    const bool exponent = (last == 'e' || last == 'E') && !mantissa.empty() &&
                          mantissa.find_first_not_of("0123456789.") == mantissa.npos &&
                          (peek(size) == '+' || peek(size) == '-') && is_digit(peek(size + 1));
    return exponent ? size + 1 + run_of(size + 1, is_word) : size;
  }

  /// The text ends at the first quote without a backslash before it; if there is none, at the
  /// last one.
  Result<Token> text() {
    const char quote = peek();
    std::size_t last = source_.npos;
    for (std::size_t i = at_ + 1; i < source_.size(); ++i) {
      if (source_[i] == '\\' && i + 1 < source_.size() && source_[i + 1] == quote) {
        last = ++i;
      } else if (source_[i] == quote) {
        last = i;
        break;
      }
    }
    if (last == source_.npos)
      return fail(position(file_, place_) + "this text has no end; close it with " + quote);
    return take(TokenKind::text, last + 1 - at_, 1, 1);
  }

  Result<Token> variable() {
    const std::size_t size = run_of(1, [](char c) { return is_word(c) && c != '.'; });
    const std::string_view name = source_.substr(at_ + 1, size);
    if (size == 0 ||
        std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
      return fail(position(file_, place_) +
                  "$ begins the name of a variable; name it with small letters, digits and _");
    return take(TokenKind::variable, size + 1, 1);
  }

  Result<Token> unknown() const {
    const std::size_t size = std::max<std::size_t>(utf8_size(source_, at_), 1);
    std::string_view remedy = "remove it or put it in quotes";
    if (peek() == '&' || peek() == '|') remedy = "write && for and, || for or";
    if (peek() == ';') remedy = "remove it, actions need nothing between them";
    return fail(fmt::format("{}unexpected {}; {}", position(file_, place_),
                            quote_for_message(source_.substr(at_, size)), remedy));
  }

  std::string_view source_, file_;
  std::size_t at_ = 0;
  Place place_;
};

}  // namespace

std::string position(std::string_view file, Place place) {
  return fmt::format("{}:{}:{}: ", file, place.line, place.column);
}

Result<std::vector<Token>> tokenise(std::string_view source, std::string_view file) {
  return Lexer(source, file).run();
}

std::string unescape(std::string_view source, const Token& token) {
  const char quote = source[token.begin];
  std::string out;
  out.reserve(token.text.size());
  for (std::size_t i = 0; i < token.text.size(); ++i) {
    if (token.text[i] == '\\' && i + 1 < token.text.size() && token.text[i + 1] == quote) ++i;
    out += token.text[i];
  }
  return out;
}

bool is_key(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

bool is_number(std::string_view word) {
  std::size_t at = !word.empty() && (word[0] == '+' || word[0] == '-') ? 1 : 0;
  std::size_t digits = digits_at(word, at);
  at += digits;
  if (at < word.size() && word[at] == '.') {
    const std::size_t fraction = digits_at(word, ++at);
    digits += fraction;
    at += fraction;
  }
  if (digits == 0) return false;
  if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
    ++at;
    if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
    const std::size_t exponent = digits_at(word, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == word.size();
}

}  // namespace intelmq::sieve
