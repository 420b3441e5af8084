// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "command.hpp"
#include "pipeline/letters.hpp"

namespace intelmq::front {
namespace {

struct LetterParams {
  std::optional<std::string> reason;
  bool json = false;
  std::optional<std::int64_t> limit;
  bool remove = false;
};

constexpr int some_broken = static_cast<int>(ExitCode::bad_data);

/// Gathers output into larger writes; after a failed one nothing more is written.
class Output {
 public:
  void add(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= block) flush();
  }
  bool gone() const { return error_ != 0; }
  /// Whether everything was written.
  bool finish() {
    flush();
    if (error_ != 0 && error_ != EPIPE)
      throw StartError(fmt::format("standard output: {}", std::strerror(error_)),
                       ExitCode::io_error);
    return error_ == 0;
  }

 private:
  static constexpr std::size_t block = 256u << 10;
  void flush() {
    if (error_ == 0) error_ = write_some(STDOUT_FILENO, buffer_).error;
    buffer_.clear();
  }
  std::string buffer_;
  int error_ = 0;
};

void complain_about(const std::string& path, std::int64_t number, std::string_view text) {
  complain(fmt::format("{}: line {}: {}", path, number, text));
}

int show(const std::string& path, const LetterParams& params) {
  Output out;
  LetterCounts counts;
  std::int64_t number = 0, broken = 0, shown = 0;
  if (!params.json) out.add(letter_head() + "\n");
  const auto done = each_line(path, [&](std::string_view line, std::int64_t) {
    ++number;
    if (trim(line).empty()) return true;
    const auto letter = read_letter(line);
    if (!letter) {
      ++broken;
      complain_about(path, number, letter.error().text);
      return true;
    }
    if (!fits(*letter, params.reason.value_or(""))) return true;
    counts.add(*letter);
    if (params.limit && shown >= *params.limit) return true;
    ++shown;
    out.add((params.json ? std::string(line) : letter_row(*letter)) + "\n");
    return !out.gone();
  });
  if (!done) throw StartError(done.error().text, ExitCode::no_input);
  if (!params.json) out.add("\n" + counts.text());
  out.finish();
  return broken == 0 ? 0 : some_broken;
}

/// What is left of the file when the letters that were sent again are taken out.
struct Retry {
  std::vector<std::int64_t> sent;  ///< Offsets of their lines.
  std::int64_t cut = 0, broken = 0;
};

Retry send_again(const std::string& path, const LetterParams& params, Output& out) {
  Retry retry;
  std::int64_t number = 0;
  const auto done = each_line(path, [&](std::string_view line, std::int64_t offset) {
    ++number;
    if (trim(line).empty()) return true;
    const auto letter = read_letter(line);
    if (!letter) {
      ++retry.broken;
      complain_about(path, number, letter.error().text);
      return true;
    }
    if (!fits(*letter, params.reason.value_or(""))) return true;
    if (letter->cut) {
      ++retry.cut;
      complain_about(path, number, "was too long: only its beginning is here, it is not sent");
      return true;
    }
    if (params.limit && static_cast<std::int64_t>(retry.sent.size()) >= *params.limit) return false;
    out.add(letter->original + "\n");
    retry.sent.push_back(offset);
    return !out.gone();
  });
  if (!done) throw StartError(done.error().text, ExitCode::no_input);
  return retry;
}

void lock_alone(const std::string& path, const FileDescriptor& file) {
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return;
  throw StartError(path +
                       ": another program has the file open, nothing was removed; try again "
                       "when it has ended",
                   ExitCode::temporary);
}

bool is_same(const FileDescriptor& file, const std::string& path) {
  struct stat a = {}, b = {};
  return fstat(file.get(), &a) == 0 && stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

void remove_sent(const std::string& path, const FileDescriptor& file, const Retry& retry) {
  if (retry.sent.empty()) return;
  if (!is_same(file, path))
    throw StartError(path + ": another program replaced the file, nothing was removed",
                     ExitCode::temporary);
  std::string kept;
  auto next = retry.sent.begin();
  must(each_line(path,
                 [&](std::string_view line, std::int64_t offset) {
                   if (next != retry.sent.end() && *next == offset)
                     ++next;
                   else
                     kept.append(line).append("\n");
                   return true;
                 }),
       ExitCode::no_input);
  must(atomic_write(path, kept), ExitCode::io_error);
}

int retry(const std::string& path, const LetterParams& params) {
  FileDescriptor file;
  // Not held: whoever reads standard output may want to open the file while we write.
  if (params.remove) {
    file = must(open_file(path, O_RDWR), ExitCode::no_input);
    lock_alone(path, file);
    flock(file.get(), LOCK_UN);
  }
  Output out;
  const Retry done = send_again(path, params, out);
  const bool complete = out.finish();
  if (done.sent.empty() && params.reason)
    complain(fmt::format("{}: no record whose reason or code has {}", path,
                         quote_for_message(*params.reason)));
  if (params.remove && complete) {
    lock_alone(path, file);
    remove_sent(path, file, done);
  }
  return done.broken + done.cut == 0 ? 0 : some_broken;
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  LetterParams params;
  const auto words = read_options(command, arguments, &params);
  const std::string action = words.empty() ? "" : words.front();
  if (action != "show" && action != "retry") {
    const std::string actions[] = {"show", "retry"};
    throw StartError("dead-letters: say show or retry, not " + quote_for_message(action) +
                         did_you_mean(nearest(action, std::span<const std::string>{actions})),
                     ExitCode::usage);
  }
  if (words.size() != 2)
    throw StartError("dead-letters " + action + ": give one FILE", ExitCode::usage);
  if (params.remove && action == "show")
    throw StartError("--remove: only retry removes letters", ExitCode::usage);
  if (params.json && action == "retry")
    throw StartError("--json: only show prints letters; retry prints the records themselves",
                     ExitCode::usage);
  return action == "show" ? show(words[1], params) : retry(words[1], params);
}

}  // namespace

const Command& dead_letters_command() {
  static const Command command{
      .name = "dead-letters",
      .words = "show|retry FILE",
      .summary = "Look at records that failed, or send them again.",
      .details =
          "FILE is what bots append to with --dead-letters. show lists the letters and counts "
          "them by reason. retry prints the original records, one per line, to be piped into the "
          "bot again; give that bot another file for its dead letters.\n\n"
          "Records of which only the beginning was kept are named and not sent; the exit code is "
          "65 then, and when a line of FILE is no dead letter.",
      .options = {param<&LetterParams::reason>("reason",
                                               "Only letters whose reason or code has this text."),
                  param<&LetterParams::json>("json", "show: print the letters as JSON lines."),
                  param<&LetterParams::limit>("limit", "Most letters that are listed or sent."),
                  param<&LetterParams::remove>(
                      "remove", "retry: take the sent letters out of FILE when all were written.")},
      .run = run};
  return command;
}

}  // namespace intelmq::front
