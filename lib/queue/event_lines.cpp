// SPDX-License-Identifier: Apache-2.0
#include "queue/event_lines.hpp"

#include <cstring>

#include "event/scanner.hpp"

namespace intelmq {
namespace {

constexpr std::string_view type_name = "__type";

/// Whether the object has the member `__type`. Inside of a string its quotes would be escaped.
bool has_type(std::string_view line) {
  constexpr std::string_view quoted = "\"__type\"";
  if (line.find(quoted) == line.npos) return false;
  // An object within may have it instead.
  std::string padded(line);
  padded.append(Scanner::padding, '\0');
  bool found = false;
  Scanner(padded.data(), line.size())
      .members([&](const char* key, std::size_t size, const char*, std::size_t) {
        found = found || std::string_view{key, size} == type_name;
      });
  return found;
}

}  // namespace

void EventLines::add(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    add_line(lines.substr(0, end));
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
  }
}

void EventLines::add_line(std::string_view line) {
  if (line.empty()) return;
  text_ += line;
  // Events on their way through a botnet say what they are.
  if (typed_ && line.back() == '}' && !has_type(line)) {
    text_.pop_back();
    const bool empty = line.find('"') == line.npos;
    text_ += empty ? "\"__type\": \"Event\"}" : ", \"__type\": \"Event\"}";
  }
  ends_.push_back(text_.size());
}

std::size_t EventLines::fitting(std::size_t first, std::size_t bytes, std::size_t limit) const {
  std::size_t count = 1;
  while (first + count < ends_.size() && count < limit &&
         ends_[first + count] - begin(first) <= bytes)
    ++count;
  return count;
}

void EventLines::clear() {
  text_.clear();
  ends_.clear();
}

void make_one_line(char* text, std::size_t size) {
  char* const end = text + size;
  while ((text = static_cast<char*>(std::memchr(text, '\n', static_cast<std::size_t>(end - text)))))
    *text = ' ';
}

}  // namespace intelmq
