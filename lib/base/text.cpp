// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace intelmq {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::size_t message_limit = 120;
constexpr std::size_t longest_name = 100;

char fold(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), fold);
  return out;
}

template <class T>
std::string_view nearest_of(std::string_view name, std::span<const T> candidates) {
  if (name.empty() || name.size() > longest_name) return {};
  const std::string wanted = folded(name);
  std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  limit = std::min(limit, name.size() - 1);
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > name.size() + limit) continue;
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    if (distance > limit || (distance == limit && !best.empty())) continue;
    limit = distance;
    best = candidate;
  }
  return best;
}

bool is_hidden(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (sequence.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (sequence.size() != 3 || byte(0) != 0xE2) return false;
  if (byte(1) == 0x80) {
    return (byte(2) >= 0x8B && byte(2) <= 0x8F) || (byte(2) >= 0xA8 && byte(2) <= 0xAE);
  }
  return byte(1) == 0x81 && byte(2) >= 0xA0 && byte(2) <= 0xAF;
}

/// Reads one word for split_shell; `at` is moved behind it.
class ShellWord {
 public:
  ShellWord(std::string_view text, std::size_t& at) : text_{text}, at_{at} {}

  Result<std::string> read() {
    for (; at_ < text_.size() && blanks.find(text_[at_]) == blanks.npos; ++at_) {
      const char c = text_[at_];
      const bool fine = c == '\''   ? single()
                        : c == '"'  ? twofold()
                        : c == '\\' ? escape()
                                    : plain();
      if (!fine) return fail(fmt::format("{} in {}", problem_, quote_for_message(text_)));
    }
    return std::move(word_);
  }

 private:
  bool plain() {
    word_ += text_[at_];
    return true;
  }
  bool escape() {
    if (++at_ >= text_.size()) {
      problem_ = "nothing follows the last backslash";
      return false;
    }
    if (text_[at_] != '\n') word_ += text_[at_];
    return true;
  }
  bool single() {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == text_.npos) {
      problem_ = "a single quote is not closed";
      return false;
    }
    word_ += text_.substr(at_ + 1, end - at_ - 1);
    at_ = end;
    return true;
  }
  bool twofold() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      const bool special = text_[at_] == '\\' && at_ + 1 < text_.size() &&
                           std::string_view("$`\"\\\n").find(text_[at_ + 1]) != blanks.npos;
      if (special && text_[++at_] == '\n') continue;
      word_ += text_[at_];
    }
    if (at_ < text_.size()) return true;
    problem_ = "a double quote is not closed";
    return false;
  }

  std::string_view text_;
  std::size_t& at_;
  std::string word_;
  std::string_view problem_;
};

/// Where the first item of a list ends: at a comma, but at none between the hosts of a URL. They
/// are hosts if a path follows, and items if the next URL's `SCHEME:` does.
std::size_t end_of_name(std::string_view text) {
  const std::size_t comma = text.find(',');
  const std::size_t scheme = text.find("://");
  if (scheme >= comma) return comma;
  const std::size_t path = text.find_first_of("/?#", scheme + 3);
  if (path == text.npos || text[path] != '/' || text[path - 1] == ':') return comma;
  return text.find(',', path);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    before.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  return nearest_of(name, candidates);
}

std::string_view nearest(std::string_view name, std::span<const std::string> candidates) {
  return nearest_of(name, candidates);
}

std::string did_you_mean(std::string_view suggestion) {
  if (suggestion.empty()) return {};
  return fmt::format("; did you mean '{}'?", suggestion);
}

Result<std::vector<std::string>> split_shell(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(blanks, at)) != text.npos) {
    auto word = ShellWord(text, at).read();
    if (!word) return tl::unexpected(word.error());
    words.push_back(std::move(*word));
  }
  return words;
}

std::string quote_shell(std::string_view word) {
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+@%=";
  if (!word.empty() && word.find_first_not_of(safe) == word.npos) return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(end_of_name(text), text.size());
    const std::string_view name = trim(text.substr(0, end));
    if (!name.empty()) names.emplace_back(name);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

std::string join(std::span<const std::string> parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string quote_for_message(std::string_view value) {
  std::string out = "'";
  std::size_t at = 0;
  for (std::size_t count = 0; at < value.size(); ++count) {
    if (count == message_limit) return out + "...'";
    const std::size_t size = utf8_size(value, at);
    const std::string_view sequence = value.substr(at, std::max<std::size_t>(size, 1));
    if (size == 0 || is_hidden(sequence)) {
      for (const char c : sequence) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += sequence;
    }
    at += sequence.size();
  }
  return out + "'";
}

std::size_t utf8_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (at + size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : size;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    at += std::max<std::size_t>(1, utf8_size(text, at));
  }
  return count;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  if (trim(text).empty()) return lines;
  for (std::string_view paragraph : split(text, '\n')) {
    std::string line;
    std::size_t used = 0;
    for (const std::string_view word : split(paragraph, ' ')) {
      if (word.empty()) continue;
      const std::size_t size = count_characters(word);
      if (used != 0 && used + 1 + size > width) {
        lines.push_back(std::move(line));
        line.clear();
        used = 0;
      }
      if (used != 0) line += ' ';
      line += word;
      used += size + (used == 0 ? 0 : 1);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

void hide_passwords(char* text, std::size_t size) {
  const std::string_view all(text, size);
  const auto hide = [&](std::size_t from, std::size_t to) {
    std::fill(text + from, text + std::max(from, std::min(to, size)), '*');
  };
  for (std::size_t at = 0; (at = all.find("://", at)) != all.npos;) {
    at += 3;
    const std::size_t end = std::min(all.find_first_of("/?\" ", at), size);
    const std::string_view authority = all.substr(at, end - at);
    const std::size_t login = authority.rfind('@');
    if (login == authority.npos) continue;
    const std::size_t colon = authority.find(':');
    hide(at + (colon < login ? colon + 1 : 0), at + login);
  }
  constexpr std::string_view option = "password=";
  for (std::size_t at = 0; (at = all.find(option, at)) != all.npos;) {
    at += option.size();
    hide(at, all.find_first_of("&\" ", at));
  }
}

}  // namespace intelmq
