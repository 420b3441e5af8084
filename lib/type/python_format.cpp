// SPDX-License-Identifier: Apache-2.0
#include "type/python_format.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "type/json_text.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

// repr() with everything above ASCII escaped.
std::string to_ascii(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    at += point.size;
    if (point.code < 0x80) {
      out.push_back(static_cast<char>(point.code));
      continue;
    }
    const char* form = point.code < 0x100     ? "\\x%02x"
                       : point.code < 0x10000 ? "\\u%04x"
                                              : "\\U%08x";
    char escape[16];
    const int size = std::snprintf(escape, sizeof escape, form, static_cast<unsigned>(point.code));
    out.append(escape, static_cast<std::size_t>(size));
  }
  return out;
}

FormatValue convert(FormatValue value, char conversion) {
  if (conversion == 0) return value;
  std::string text = display_text(value);
  if (conversion != 's' && value.kind == FormatValue::Kind::text) {
    text.clear();
    append_repr(text, value.text);
  }
  if (conversion == 'a') text = to_ascii(text);
  return {FormatValue::Kind::text, std::move(text)};
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string FieldPath::text() const {
  std::string out = name;
  for (const std::string& key : keys) out.append("[").append(key).append("]");
  return out;
}

// Reads a template once, from left to right.
class FormatTemplate::Reader {
 public:
  explicit Reader(std::string_view text) : text_{text} {}

  Result<std::vector<Piece>> run() {
    while (at_ < text_.size()) {
      const char next = text_[at_];
      if (next != '{' && next != '}') {
        literal_.push_back(next);
        ++at_;
        continue;
      }
      if (at_ + 1 < text_.size() && text_[at_ + 1] == next) {
        literal_.push_back(next);
        at_ += 2;
        continue;
      }
      if (next == '}') return refuse("a single '}'; write }} for a brace");
      auto field = read_field();
      if (!field) return tl::unexpected<Error>(field.error());
      pieces_.push_back({std::exchange(literal_, {}), std::move(*field)});
    }
    if (!literal_.empty()) pieces_.push_back({std::move(literal_), std::nullopt});
    return std::move(pieces_);
  }

 private:
  enum class Numbering { open, automatic, manual };

  tl::unexpected<Error> refuse(const std::string& text) const {
    return fail("column " + std::to_string(at_ + 1) + ": " + text);
  }
  tl::unexpected<Error> refuse_end() const {
    return refuse("a field is not closed; write } at its end, or {{ for a brace");
  }

  Result<Field> read_field() {
    ++at_;
    Field field;
    const std::size_t end = text_.find_first_of(".[]!:{}", at_);
    if (end == std::string_view::npos) return refuse_end();
    field.path.name = text_.substr(at_, end - at_);
    if (const auto named = number(field.path.name); !named)
      return tl::unexpected<Error>(named.error());
    at_ = end;
    if (const auto keys = read_keys(field.path); !keys) return tl::unexpected<Error>(keys.error());
    if (const auto rest = read_rest(field); !rest) return tl::unexpected<Error>(rest.error());
    return field;
  }

  Result<void> number(std::string& name) {
    if (!name.empty() && !is_number(name)) return {};
    const Numbering now = name.empty() ? Numbering::automatic : Numbering::manual;
    if (numbering_ != Numbering::open && numbering_ != now) {
      return refuse("{} and {0} cannot be mixed; number all fields or none");
    }
    numbering_ = now;
    if (name.empty()) name = std::to_string(next_number_++);
    return {};
  }

  Result<void> read_keys(FieldPath& path) {
    while (at_ < text_.size() && text_[at_] == '[') {
      const std::size_t end = text_.find(']', at_ + 1);
      if (end == std::string_view::npos) return refuse("a key is not closed; write ] at its end");
      if (end == at_ + 1) return refuse("an empty key; write the name of a field between [ and ]");
      path.keys.emplace_back(text_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
    }
    return {};
  }

  // After the keys: conversion, specification and closing brace.
  Result<void> read_rest(Field& field) {
    if (at_ >= text_.size()) return refuse_end();
    if (text_[at_] == '.') return refuse_attribute(field.path);
    if (text_[at_] == '!') {
      if (at_ + 2 >= text_.size()) return refuse_end();
      field.conversion = text_[at_ + 1];
      if (field.conversion != 'r' && field.conversion != 's' && field.conversion != 'a') {
        return refuse(std::string("'!") + field.conversion +
                      "' is no conversion; write !r, !s or !a");
      }
      at_ += 2;
    }
    if (text_[at_] == ':') {
      if (auto read = read_spec(field); !read) return read;
    }
    if (text_[at_] != '}') {
      return refuse(std::string("unexpected '") + text_[at_] +
                    "' in a field; after the name only [key], !r, "
                    ":format or } may follow");
    }
    ++at_;
    return {};
  }

  tl::unexpected<Error> refuse_attribute(const FieldPath& path) const {
    const std::size_t end = std::min(text_.find_first_of("[]!:{}", at_), text_.size());
    const std::string attribute{text_.substr(at_ + 1, end - at_ - 1)};
    return refuse("attributes such as ." + attribute + " are not supported; write " + path.text() +
                  "[" + attribute + "], or {msg[" + path.text() + "." + attribute +
                  "]} for a field of the event");
  }

  Result<void> read_spec(Field& field) {
    const std::size_t start = at_ + 1;
    const std::size_t end = text_.find_first_of("{}", start);
    if (end == std::string_view::npos) return refuse_end();
    if (text_[end] == '{') {
      return refuse(
          "fields within a format specification are not supported; write the number itself");
    }
    auto spec = FormatSpec::compile(text_.substr(start, end - start));
    if (!spec) return refuse(spec.error().text);
    field.spec = std::move(*spec);
    at_ = end;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string literal_;
  std::vector<Piece> pieces_;
  Numbering numbering_ = Numbering::open;
  std::size_t next_number_ = 0;
};

Result<FormatTemplate> FormatTemplate::compile(std::string_view text) {
  auto pieces = Reader{text}.run();
  if (!pieces) return tl::unexpected<Error>(pieces.error());
  FormatTemplate made;
  made.pieces_ = std::move(*pieces);
  return made;
}

Result<std::string> FormatTemplate::render(const FieldResolver& resolver) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out.append(piece.literal);
    if (!piece.field) continue;
    auto value = resolver(piece.field->path);
    if (!value) {
      return fail("'" + piece.field->path.text() + "' has no value; the template needs one");
    }
    const auto done =
        piece.field->spec.append(out, convert(std::move(*value), piece.field->conversion));
    if (!done) return fail("'" + piece.field->path.text() + "': " + done.error().text);
  }
  return out;
}

std::vector<FieldPath> FormatTemplate::fields() const {
  std::vector<FieldPath> paths;
  for (const Piece& piece : pieces_) {
    if (piece.field) paths.push_back(piece.field->path);
  }
  return paths;
}

}  // namespace intelmq
