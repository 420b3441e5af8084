// SPDX-License-Identifier: Apache-2.0
#include "type/json_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "type/text_scan.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

void append_u_escape(std::string& out, unsigned unit) {
  constexpr char digits[] = "0123456789abcdef";
  const char text[] = {'\\',
                       'u',
                       digits[(unit >> 12U) & 15U],
                       digits[(unit >> 8U) & 15U],
                       digits[(unit >> 4U) & 15U],
                       digits[unit & 15U]};
  out.append(text, sizeof text);
}

void append_ascii_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default: append_u_escape(out, c);
  }
}

void append_wide(std::string& out, char32_t code, Charset charset) {
  if (charset == Charset::utf8 && !is_surrogate(code)) return append_utf8(out, code);
  if (code < 0x10000) return append_u_escape(out, static_cast<unsigned>(code));
  append_u_escape(out, 0xD800U + static_cast<unsigned>((code - 0x10000U) >> 10U));
  append_u_escape(out, 0xDC00U + static_cast<unsigned>((code - 0x10000U) & 0x3FFU));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four hex digits at `at`, or -1.
std::int32_t hex_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  std::int32_t unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Decodes the `\uXXXX` whose digits begin at `at`; returns the place behind it.
std::size_t decode_unicode(std::string_view body, std::size_t at, std::string& out) {
  const std::int32_t unit = hex_unit(body, at);
  if (unit < 0) {
    append_utf8(out, replacement_character);
    return at;
  }
  const auto high = static_cast<char32_t>(unit);
  at += 4;
  if (high >= 0xD800 && high <= 0xDBFF && body.substr(at, 2) == "\\u") {
    const std::int32_t low = hex_unit(body, at + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      append_utf8(out,
                  0x10000U + ((high - 0xD800U) << 10U) + (static_cast<char32_t>(low) - 0xDC00U));
      return at + 6;
    }
  }
  append_utf8(out, high);
  return at;
}

// Decodes the escape whose backslash stands at `at`; returns the place behind it.
std::size_t decode_escape(std::string_view body, std::size_t at, std::string& out) {
  if (at + 1 >= body.size()) {
    append_utf8(out, replacement_character);
    return at + 1;
  }
  switch (body[at + 1]) {
    case 'n': out.push_back('\n'); break;
    case 'r': out.push_back('\r'); break;
    case 't': out.push_back('\t'); break;
    case 'b': out.push_back('\b'); break;
    case 'f': out.push_back('\f'); break;
    case '"':
    case '\\':
    case '/': out.push_back(body[at + 1]); break;
    case 'u': return decode_unicode(body, at + 2, out);
    default: append_utf8(out, replacement_character);
  }
  return at + 2;
}

}  // namespace

JsonKind kind_of(std::string_view raw) noexcept {
  if (raw.empty()) return JsonKind::null;
  switch (raw.front()) {
    case '"': return JsonKind::string;
    case '{': return JsonKind::object;
    case '[': return JsonKind::array;
    case 't':
    case 'f': return JsonKind::boolean;
    case '-':
    case 'N':
    case 'I': return JsonKind::number;
    default: break;
  }
  return raw.front() >= '0' && raw.front() <= '9' ? JsonKind::number : JsonKind::null;
}

bool is_integer(std::string_view raw) noexcept {
  if (raw.empty()) return false;
  const std::size_t first = raw.front() == '-' ? 1 : 0;
  if (first == raw.size()) return false;
  for (std::size_t at = first; at < raw.size(); ++at) {
    if (raw[at] < '0' || raw[at] > '9') return false;
  }
  return true;
}

bool has_escape(std::string_view raw) noexcept {
  return !raw.empty() && std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

void decode_string(std::string_view raw, std::string& out) {
  out.clear();
  if (!raw.empty() && raw.front() == '"') raw.remove_prefix(1);
  if (!raw.empty() && raw.back() == '"') raw.remove_suffix(1);
  std::size_t at = 0;
  while (at < raw.size()) {
    const void* hit = std::memchr(raw.data() + at, '\\', raw.size() - at);
    if (hit == nullptr) break;
    const auto escape = static_cast<std::size_t>(static_cast<const char*>(hit) - raw.data());
    out.append(raw, at, escape - at);
    at = decode_escape(raw, escape, out);
  }
  if (at < raw.size()) out.append(raw, at);
}

std::string decode_string(std::string_view raw) {
  std::string out;
  decode_string(raw, out);
  return out;
}

void append_string(std::string& out, std::string_view utf8, Charset charset) {
  out.push_back('"');
  std::size_t at = 0;
  while (true) {
    const std::size_t end = plain_prefix(utf8, at);
    out.append(utf8, at, end - at);
    if (end == utf8.size()) break;
    const auto c = static_cast<unsigned char>(utf8[end]);
    if (c == 0x7F && charset == Charset::utf8) {
      out.push_back('\x7f');
      at = end + 1;
      continue;
    }
    if (c < 0x80) {
      append_ascii_escape(out, c);
      at = end + 1;
      continue;
    }
    const CodePoint point = code_point_at(utf8, end);
    append_wide(out, point.code, charset);
    at = end + point.size;
  }
  out.push_back('"');
}

}  // namespace intelmq
