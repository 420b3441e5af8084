// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.hpp"
#include "base/text.hpp"

namespace intelmq {
namespace {

constexpr std::size_t max_message = 2000;

struct Now {
  tm parts{};
  long milliseconds = 0;
};

Now now(bool local) {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  Now out;
  (local ? localtime_r : gmtime_r)(&time.tv_sec, &out.parts);
  out.milliseconds = time.tv_nsec / 1'000'000;
  return out;
}

std::string date_and_time(const tm& parts, char between) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, between, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string utc_now() {
  const Now time = now(false);
  return fmt::format("{}.{:03}+00:00", date_and_time(time.parts, 'T'), time.milliseconds);
}

/// As Python's logging spells it.
std::string local_now() {
  const Now time = now(true);
  return fmt::format("{},{:03}", date_and_time(time.parts, ' '), time.milliseconds);
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

Log::Log(int fd, std::string program, LogLevel threshold, LogForm form)
    : fd_{fd}, program_{std::move(program)}, threshold_{threshold}, form_{form} {}

Log::~Log() {
  settle();
  if (file_ >= 0) ::close(file_);
}

bool Log::write_to(const std::string& path) {
  const int opened = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (opened < 0) return false;
  settle();
  if (file_ >= 0) ::close(file_);
  file_ = fd_ = opened;
  path_ = path;
  last_.clear();
  form_ = LogForm::botnet;
  return true;
}

void Log::plain(std::string_view line) {
  settle();
  std::string text(line);
  text += '\n';
  put_out(text);
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
  if (taker_) return taker_(level, text);
  const std::string_view name = log_level_names[static_cast<std::size_t>(level)];
  std::string line;
  if (form_ == LogForm::botnet) {
    line =
        fmt::format("{} - {} - {} - {}", local_now(), program_, ascii_upper(name), harmless(text));
  } else if (form_ == LogForm::json) {
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
  put_out(line);
  if (listener_) listener_(level, harmless(text));
}

/// Through interruptions by signals; what cannot be written is lost.
void Log::put_out(std::string_view line) const {
  while (!line.empty()) {
    const auto put = ::write(fd_, line.data(), line.size());
    if (put < 0 && errno != EINTR) return;
    if (put > 0) line.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace intelmq
