// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include "base/json.hpp"

namespace intelmq {
namespace {

constexpr std::size_t max_message = 2000;

std::string utc_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+00:00", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     now.tv_nsec / 1'000'000);
}

/// Without anything that a terminal would act on.
std::string harmless(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, max_message)) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f)
      out += fmt::format("\\x{:02x}", u);
    else
      out += c;
  }
  if (text.size() > max_message) out += "...";
  return out;
}

}  // namespace

Log::Log(int fd, std::string program, LogLevel threshold, bool json)
    : fd_{fd}, program_{std::move(program)}, threshold_{threshold}, json_{json} {}

void Log::plain(std::string_view line) {
  settle();
  std::string text(line);
  text += '\n';
  [[maybe_unused]] const auto ignored = ::write(fd_, text.data(), text.size());
}

void Log::settle() {
  if (!repeats_) return;
  const std::uint64_t times = repeats_;
  repeats_ = 0;
  put(last_level_, fmt::format("{} more like this: {}", times, last_));
}

void Log::write(LogLevel level, std::string_view text) {
  if (level < threshold_) return;
  if (level == last_level_ && text == last_) {
    ++repeats_;
    return;
  }
  settle();
  last_level_ = level;
  last_ = text;
  put(level, text);
}

void Log::put(LogLevel level, std::string_view text) {
  const std::string_view name = log_level_names[static_cast<std::size_t>(level)];
  std::string line;
  if (json_) {
    line = Json::object()
               .set("time", utc_now())
               .set("level", std::string(name))
               .set("bot", program_)
               .set("message", harmless(text))
               .dump();
  } else {
    line = fmt::format("{}: {}{}", program_,
                       level == LogLevel::info ? "" : fmt::format("{}: ", name), harmless(text));
  }
  line += '\n';
  [[maybe_unused]] const auto ignored = ::write(fd_, line.data(), line.size());
}

}  // namespace intelmq
