// SPDX-License-Identifier: Apache-2.0
#include "queue/dead_letters.hpp"

#include <time.h>

#include "type/base64.hpp"
#include "type/json_text.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

// Length of the longest beginning that is UTF-8 (surrogates are not).
std::size_t valid_size(std::string_view text) {
  if (is_ascii(text)) return text.size();
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = code_point_at(text, at);
    if (!point.valid || is_surrogate(point.code)) break;
    at += point.size;
  }
  return at;
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  append_string(out, value, Charset::utf8);
}

// The cut of a record that was too long may have gone through a character.
std::string_view whole_characters(const DeadLetter& letter) {
  constexpr std::size_t longest_character = 4;
  const std::size_t valid = valid_size(letter.original);
  const bool cut = letter.size != 0 && letter.original.size() - valid < longest_character;
  return cut ? letter.original.substr(0, valid) : letter.original;
}

void append_original(std::string& out, const DeadLetter& letter) {
  const std::string_view original = whole_characters(letter);
  if (valid_size(original) == original.size()) {
    append_text(out, ",\"original\":", original);
  } else {
    out.append(",\"original\":\"");
    append_base64(out, original);
    out.append("\",\"encoding\":\"base64\"");
  }
  if (letter.size == 0) return;
  out.append(",\"size\":").append(std::to_string(letter.size));
  append_text(out, ",\"sha256\":", letter.digest);
}

void append_time(std::string& out) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc = {};
  gmtime_r(&now.tv_sec, &utc);
  char text[40];
  out.append(text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &utc));
}

}  // namespace

Result<DeadLetters> DeadLetters::open(const std::string& path) {
  Result<AppendFile> file = AppendFile::open(path);
  if (!file) return tl::unexpected<Error>(file.error());
  return DeadLetters(std::move(*file));
}

void write_letter(std::string& out, const DeadLetter& letter) {
  out.append("{\"time\":\"");
  append_time(out);
  append_text(out, "\",\"bot\":", letter.bot);
  append_text(out, ",\"reason\":", letter.reason);
  append_text(out, ",\"code\":", letter.code);
  append_text(out, ",\"source\":", letter.source);
  out.append(",\"line\":").append(std::to_string(letter.line));
  out.append(",\"offset\":").append(std::to_string(letter.offset));
  append_original(out, letter);
  out.append("}");
}

Result<void> DeadLetters::append(const DeadLetter& letter) {
  line_.clear();
  write_letter(line_, letter);
  line_ += '\n';
  const Result<Delivery> written = file_.append(line_);
  if (!written) return tl::unexpected<Error>(written.error());
  if (*written == Delivery::done) return {};
  return fail(file_.path() + ": nobody reads it any more");
}

}  // namespace intelmq
