// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "type/json_number.hpp"
#include "type/json_text.hpp"
#include "type/python_text.hpp"
#include "type/text_scan.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

enum class Dialect { json_ascii, json_utf8, repr };

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Length of the string literal that begins the text, quotes included; 0 if it is not well-formed.
std::size_t literal_size(std::string_view text) {
  for (std::size_t at = plain_prefix(text, 1); at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') return at + 1;
    if (static_cast<unsigned char>(c) < 0x20) return 0;
    if (c != '\\') continue;
    if (++at == text.size()) return 0;
    if (text[at] == 'u') {
      if (at + 4 >= text.size()) return 0;
      const std::string_view digits = text.substr(at + 1, 4);
      if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return 0;
      at += 4;
    } else if (std::string_view{"\"\\/bfnrt"}.find(text[at]) == std::string_view::npos) {
      return 0;
    }
  }
  return 0;
}

// Whether a text is the same in every dialect.
bool is_simple(std::string_view text) {
  return plain_prefix(text, 0) == text.size() && text.find('\'') == std::string_view::npos;
}

void append_hex(std::string& out, char kind, char32_t code, int digits) {
  out.push_back('\\');
  out.push_back(kind);
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out.push_back("0123456789abcdef"[(code >> static_cast<unsigned>(shift)) & 15U]);
  }
}

void append_repr_code(std::string& out, char32_t code, char quote) {
  if (code == '\\' || code == static_cast<unsigned char>(quote)) {
    out.push_back('\\');
    out.push_back(static_cast<char>(code));
  } else if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else if (is_printable(code)) {
    append_utf8(out, code);
  } else if (code <= 0xFF) {
    append_hex(out, 'x', code, 2);
  } else if (code <= 0xFFFF) {
    append_hex(out, 'u', code, 4);
  } else {
    append_hex(out, 'U', code, 8);
  }
}

// Reads one JSON text from front to back and writes it anew.
class Rewriter {
 public:
  Rewriter(std::string& out, std::string_view text, Dialect dialect, bool sort_keys)
      : out_{out}, text_{text}, dialect_{dialect}, sort_keys_{sort_keys} {}

  bool run() {
    const std::size_t before = out_.size();
    skip_blanks();
    bool good = value(0);
    skip_blanks();
    good = good && at_ == text_.size();
    if (!good) out_.resize(before);
    return good;
  }

 private:
  // One item of an object: its key as it stood, and where key and value begin and end in out_.
  struct Member {
    std::string_view raw_key;
    std::size_t begin;
    std::size_t end;
  };

  struct Keyed {
    std::string key;
    std::size_t first;
    std::size_t last;
  };

  bool repr() const { return dialect_ == Dialect::repr; }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  bool eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view name, std::string_view written) {
    if (text_.substr(at_, name.size()) != name) return false;
    at_ += name.size();
    out_ += written;
    return true;
  }

  bool value(unsigned depth) {
    if (at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '"': return string();
      case '{': return depth < max_json_depth && object(depth + 1);
      case '[': return depth < max_json_depth && array(depth + 1);
      case 'n': return word("null", repr() ? "None" : "null");
      case 't': return word("true", repr() ? "True" : "true");
      case 'f': return word("false", repr() ? "False" : "false");
      case 'N': return word("NaN", repr() ? "nan" : "NaN");
      case 'I': return word("Infinity", repr() ? "inf" : "Infinity");
      default: break;
    }
    return number() || word("-Infinity", repr() ? "-inf" : "-Infinity");
  }

  bool number() {
    const std::size_t size = json_number_size(text_.substr(at_));
    if (size == 0) return false;
    const std::string_view raw = text_.substr(at_, size);
    at_ += size;
    if (is_integer(raw)) {
      out_ += raw == "-0" ? "0" : raw;
      return true;
    }
    if (is_shortest_float(raw)) {
      out_ += raw;
      return true;
    }
    const double value = nearest_double(raw);
    if (std::isinf(value) && !repr()) {
      out_ += value < 0 ? "-Infinity" : "Infinity";
    } else {
      out_ += float_repr(value);
    }
    return true;
  }

  bool string() {
    const std::size_t size = literal_size(text_.substr(at_));
    if (size == 0) return false;
    const std::string_view raw = text_.substr(at_, size);
    at_ += size;
    write_string(raw);
    return true;
  }

  void write_string(std::string_view raw) {
    const std::string_view body = raw.substr(1, raw.size() - 2);
    const char quote = repr() ? '\'' : '"';
    if (is_simple(body)) {
      out_.push_back(quote);
      out_ += body;
      out_.push_back(quote);
      return;
    }
    decode_string(raw, decoded_);
    if (repr()) return append_repr(out_, decoded_);
    append_string(out_, decoded_, dialect_ == Dialect::json_utf8 ? Charset::utf8 : Charset::ascii);
  }

  bool array(unsigned depth) {
    ++at_;
    out_.push_back('[');
    skip_blanks();
    bool first = true;
    while (!(first && eat(']'))) {
      if (!first) out_ += ", ";
      first = false;
      if (!value(depth)) return false;
      skip_blanks();
      if (eat(']')) break;
      if (!eat(',')) return false;
      skip_blanks();
    }
    out_.push_back(']');
    return true;
  }

  bool object(unsigned depth) {
    ++at_;
    out_.push_back('{');
    const std::size_t begin = out_.size();
    std::vector<Member> members;
    skip_blanks();
    while (!(members.empty() && eat('}'))) {
      if (!members.empty()) out_ += ", ";
      if (!member(depth, members)) return false;
      skip_blanks();
      if (eat('}')) break;
      if (!eat(',')) return false;
      skip_blanks();
    }
    if (members.size() > 1) arrange(begin, members);
    out_.push_back('}');
    return true;
  }

  bool member(unsigned depth, std::vector<Member>& members) {
    const std::size_t begin = out_.size();
    const std::size_t key = at_;
    if (at_ >= text_.size() || text_[at_] != '"' || !string()) return false;
    const std::string_view raw_key = text_.substr(key, at_ - key);
    skip_blanks();
    if (!eat(':')) return false;
    out_ += ": ";
    skip_blanks();
    if (!value(depth)) return false;
    members.push_back({raw_key, begin, out_.size()});
    return true;
  }

  // Brings the members written from `begin` on into their final order, each key once.
  void arrange(std::size_t begin, const std::vector<Member>& members) {
    std::vector<Keyed> keys;
    keys.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      keys.push_back({decode_string(members[i].raw_key), i, i});
    }
    std::stable_sort(keys.begin(), keys.end(),
                     [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
    merge(keys);
    if (!sort_keys_) {
      std::sort(keys.begin(), keys.end(),
                [](const Keyed& a, const Keyed& b) { return a.first < b.first; });
    }
    std::string ordered;
    ordered.reserve(out_.size() - begin);
    for (const Keyed& key : keys) {
      if (!ordered.empty()) ordered += ", ";
      const Member& last = members[key.last];
      ordered.append(out_, last.begin, last.end - last.begin);
    }
    out_.replace(begin, std::string::npos, ordered);
  }

  // Folds equal neighbours into one entry: the place of the first, the value of the last.
  static void merge(std::vector<Keyed>& keys) {
    std::size_t kept = 0;
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (keys[i].key == keys[kept].key) {
        keys[kept].last = keys[i].last;
      } else if (++kept != i) {
        keys[kept] = std::move(keys[i]);
      }
    }
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(kept) + 1, keys.end());
  }

  std::string& out_;
  std::string_view text_;
  Dialect dialect_;
  bool sort_keys_;
  std::size_t at_ = 0;
  std::string decoded_;
};

}  // namespace

void append_repr(std::string& out, std::string_view utf8) {
  const bool single = utf8.find('\'') != std::string_view::npos;
  const bool both = single && utf8.find('"') != std::string_view::npos;
  const char quote = single && !both ? '"' : '\'';
  out.push_back(quote);
  if (is_simple(utf8)) {
    out += utf8;
  } else {
    for (std::size_t at = 0; at < utf8.size();) {
      const CodePoint point = code_point_at(utf8, at);
      append_repr_code(out, point.code, quote);
      at += point.size;
    }
  }
  out.push_back(quote);
}

bool append_python_json(std::string& out, std::string_view raw, Charset charset, bool sort_keys) {
  const Dialect dialect = charset == Charset::utf8 ? Dialect::json_utf8 : Dialect::json_ascii;
  return Rewriter{out, raw, dialect, sort_keys}.run();
}

bool append_python_repr(std::string& out, std::string_view raw) {
  return Rewriter{out, raw, Dialect::repr, false}.run();
}

bool append_python_str(std::string& out, std::string_view raw) {
  if (kind_of(raw) != JsonKind::string) return append_python_repr(out, raw);
  if (literal_size(raw) != raw.size()) return false;
  if (!has_escape(raw)) {
    out += raw.substr(1, raw.size() - 2);
  } else {
    out += decode_string(raw);
  }
  return true;
}

bool is_json(std::string_view text) {
  std::string ignored;
  return append_python_json(ignored, text);
}

}  // namespace intelmq
