// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/text.hpp"

namespace intelmq {
namespace {

char32_t decode(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  char32_t code = lead & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1)) {
    code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return code;
}

void append_unicode_escape(std::string& out, char32_t code) {
  if (code < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
    return;
  }
  const std::uint32_t rest = code - 0x10000U;
  out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + (rest >> 10U), 0xDC00U + (rest & 0x3FFU));
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    append_unicode_escape(out, static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

void append_quoted(std::string& out, std::string_view text, bool utf8) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text, at);
    if (size == 1) {
      append_ascii(out, text[at++]);
      continue;
    }
    const std::string_view sequence = size == 0 ? replacement : text.substr(at, size);
    if (utf8) {
      out += sequence;
    } else {
      append_unicode_escape(out, decode(sequence));
    }
    at += size == 0 ? 1 : size;
  }
  out += '"';
}

void append_line_end(std::string& out, int indent, int depth) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

/// As Python writes a float: 100.0, 1e+16, 1e-05.
std::string shortest(double value) {
  char buffer[64];
  const auto form = [&](std::chars_format format) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr;
    return std::string(buffer, end);
  };
  std::string text = form(std::chars_format::scientific);
  const long exponent = std::strtol(text.c_str() + text.find('e') + 1, nullptr, 10);
  if (exponent < -4 || exponent >= 16) return text;
  text = form(std::chars_format::fixed);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

}  // namespace

Json::Json(double value) {
  if (!std::isfinite(value)) return;
  kind_ = Kind::number;
  text_ = shortest(value);
}

Json Json::number(std::string text) {
  Json out;
  out.kind_ = Kind::number;
  out.text_ = std::move(text);
  return out;
}

bool Json::is_integer() const {
  return is_number() && text_.find_first_of(".eE") == std::string::npos;
}

std::optional<std::int64_t> Json::integer() const {
  if (!is_integer()) return std::nullopt;
  std::int64_t value = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stop, problem] = std::from_chars(text_.data(), end, value);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<double> Json::real() const {
  if (!is_number()) return std::nullopt;
  double value = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stop, problem] = std::from_chars(text_.data(), end, value);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return value;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json nothing;
  for (const Member& member : members_)
    if (member.first == name) return member.second;
  return nothing;
}

bool Json::has(std::string_view name) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const Member& member) { return member.first == name; });
}

Json& Json::set(std::string name, Json value) {
  for (Member& member : members_) {
    if (member.first != name) continue;
    member.second = std::move(value);
    return *this;
  }
  kind_ = Kind::object;
  members_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  kind_ = Kind::array;
  items_.push_back(std::move(value));
  return *this;
}

std::string Json::dump(bool utf8) const {
  std::string out;
  write(out, utf8, -1, 0);
  return out;
}

std::string Json::dump_pretty() const {
  std::string out;
  write(out, true, 2, 0);
  return out;
}

void Json::write(std::string& out, bool utf8, int indent, int depth) const {
  const std::string_view between = indent < 0 ? ", " : ",";
  switch (kind_) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += boolean_ ? "true" : "false"; return;
    case Kind::number: out += text_; return;
    case Kind::string: append_quoted(out, text_, utf8); return;
    case Kind::array: out += '['; break;
    case Kind::object: out += '{'; break;
  }
  bool first = true;
  const auto start_item = [&] {
    if (!first) out += between;
    first = false;
    append_line_end(out, indent, depth + 1);
  };
  for (const Json& item : items_) {
    start_item();
    item.write(out, utf8, indent, depth + 1);
  }
  for (const Member& member : members_) {
    start_item();
    append_quoted(out, member.first, utf8);
    out += ": ";
    member.second.write(out, utf8, indent, depth + 1);
  }
  if (!first) append_line_end(out, indent, depth);
  out += is_array() ? ']' : '}';
}

bool operator==(const Json& a, const Json& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Json::Kind::null: return true;
    case Json::Kind::boolean: return a.boolean_ == b.boolean_;
    case Json::Kind::string: return a.text_ == b.text_;
    case Json::Kind::number:
      if (a.text_ == b.text_) return true;
      return !a.is_integer() && !b.is_integer() && a.real() && a.real() == b.real();
    case Json::Kind::array: return a.items_ == b.items_;
    case Json::Kind::object: break;
  }
  if (a.members_.size() != b.members_.size()) return false;
  return std::all_of(a.members_.begin(), a.members_.end(), [&](const Json::Member& member) {
    return b.has(member.first) && b[member.first] == member.second;
  });
}

}  // namespace intelmq
