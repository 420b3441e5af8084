// SPDX-License-Identifier: Apache-2.0
#include "pipeline/letters.hpp"

#include <fmt/format.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "type/base64.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

constexpr std::size_t original_shown = 60, reason_shown = 200;

// Characters that change the direction or order of what a terminal shows, and invisible ones.
bool is_deceptive(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
         code == 0xFEFF || is_surrogate(code);
}

std::string escaped(std::string_view bytes) {
  if (bytes == "\n") return "\\n";
  if (bytes == "\t") return "\\t";
  std::string out;
  for (const char c : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::string harmless(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t shown = 0;
  for (std::size_t at = 0; at < text.size(); ++shown) {
    if (shown == most) return out + "...";
    const CodePoint point = code_point_at(text, at);
    const std::string_view bytes = text.substr(at, point.size);
    if (!point.valid || is_deceptive(point.code))
      out += escaped(bytes);
    else
      out += bytes;
    at += point.size;
  }
  return out;
}

Result<Letter> read_letter(std::string_view line) {
  Result<Json> json = Json::parse(line);
  if (!json) return fail(json.error().text);
  if (!json->is_object() || !(*json)["original"].is_string() || !(*json)["reason"].is_string())
    return fail("no dead letter: it has no original and reason");
  Letter out;
  out.time = (*json)["time"].text();
  out.bot = (*json)["bot"].text();
  out.code = (*json)["code"].text();
  out.reason = (*json)["reason"].text();
  out.source = (*json)["source"].text();
  out.line = (*json)["line"].integer().value_or(0);
  out.original = (*json)["original"].text();
  out.cut = json->has("size");
  if ((*json)["encoding"].text() == "base64") {
    auto bytes = decode_base64(out.original);
    if (!bytes) return fail("original is not base64");
    out.original = std::move(*bytes);
  }
  return out;
}

bool fits(const Letter& letter, std::string_view text) {
  return letter.reason.find(text) != std::string::npos ||
         letter.code.find(text) != std::string::npos;
}

std::string letter_head() {
  return fmt::format("{:<25}  {:<28}  {:<8}  REASON  SOURCE:LINE  ORIGINAL", "TIME", "BOT", "CODE");
}

std::string letter_row(const Letter& letter) {
  return fmt::format("{:<25}  {:<28}  {:<8}  {}  {}:{}  {}", harmless(letter.time, 40),
                     harmless(letter.bot, 80), harmless(letter.code, 40),
                     harmless(letter.reason, reason_shown), harmless(letter.source, 200),
                     letter.line, harmless(letter.original, original_shown));
}

void LetterCounts::add(const Letter& letter) {
  ++total_;
  const std::string reason = harmless(letter.reason, reason_shown);
  const auto known = counts_.find(reason);
  if (known != counts_.end())
    ++known->second;
  else if (counts_.size() < most_reasons)
    counts_.emplace(reason, 1);
  else
    ++others_;
}

std::string LetterCounts::text() const {
  std::vector<std::pair<std::int64_t, std::string>> rows;
  for (const auto& [reason, count] : counts_) rows.emplace_back(-count, reason);
  std::sort(rows.begin(), rows.end());
  std::string out;
  for (const auto& [count, reason] : rows) out += fmt::format("{:>8}  {}\n", -count, reason);
  if (others_ > 0) out += fmt::format("{:>8}  other reasons\n", others_);
  return out + fmt::format("{:>8}  in all\n", total_);
}

Result<void> each_line(const std::string& path,
                       const std::function<bool(std::string_view, std::int64_t)>& visit) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), fclose);
  if (!file) return system_failure(path, "cannot open", errno);
  char* buffer = nullptr;
  std::size_t size = 0;
  std::int64_t offset = 0;
  for (bool more = true; more;) {
    const ssize_t got = getline(&buffer, &size, file.get());
    if (got <= 0) break;
    std::string_view line(buffer, static_cast<std::size_t>(got));
    if (line.ends_with('\n')) line.remove_suffix(1);
    more = visit(line, offset);
    offset += got;
  }
  const bool broken = ferror(file.get()) != 0;
  const int code = errno;
  free(buffer);
  if (broken) return system_failure(path, "cannot read", code);
  return {};
}

}  // namespace intelmq
