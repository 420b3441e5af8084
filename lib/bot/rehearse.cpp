// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "bot/program.hpp"
#include "bot/runner.hpp"

namespace intelmq {
namespace {

/// Lines in memory as a source.
class MemorySource final : public Source {
 public:
  explicit MemorySource(std::string text) : text_{std::move(text)} {
    size_ = text_.size();
    text_.append(Record::padding, '\0');
  }
  Fetch next(Record& out) override {
    while (at_ < size_) {
      const std::size_t end = std::min(text_.find('\n', at_), size_);
      out = {};
      out.data = text_.data() + at_;
      out.size = end - at_;
      out.source = "example";
      out.line = ++line_;
      out.offset = at_;
      at_ = end + 1;
      if (out.size) return Fetch::record;
    }
    return Fetch::end;
  }
  Fetch next_stream(ByteSource& out, std::string& name, Wakeup&) override {
    if (streamed_) return Fetch::end;
    streamed_ = true;
    name = "example";
    out = [this](char* to, std::size_t size) -> Result<std::size_t> {
      const std::size_t taken = std::min(size, size_ - at_);
      std::copy_n(text_.data() + at_, taken, to);
      at_ += taken;
      return taken;
    };
    return Fetch::record;
  }
  void wait(Wakeup&) override {}
  Result<void> acknowledge() override { return {}; }
  const Error& error() const override { return error_; }

 private:
  std::string text_;
  std::size_t size_ = 0, at_ = 0;
  std::uint64_t line_ = 0;
  bool streamed_ = false;
  Error error_;
};

class MemoryDestination final : public Destination {
 public:
  explicit MemoryDestination(std::string& out) : out_{out} {}
  Result<Delivery> write(std::string_view lines) override {
    out_ += lines;
    return Delivery::done;
  }
  Result<Delivery> flush() override { return Delivery::done; }
  Result<void> close() override { return {}; }

 private:
  std::string& out_;
};

/// Standard error of the run, as a file in memory.
class MessageFile {
 public:
  MessageFile() : fd_{memfd_create("messages", MFD_CLOEXEC)} {}
  int get() const { return fd_.get(); }
  std::string text() const {
    std::string out;
    char piece[4096];
    for (off_t at = 0;;) {
      const ssize_t got = pread(fd_.get(), piece, sizeof piece, at);
      if (got <= 0) return out;
      out.append(piece, static_cast<std::size_t>(got));
      at += got;
    }
  }

 private:
  FileDescriptor fd_;
};

[[noreturn]] void stop_undeclared(std::string_view name) {
  throw std::logic_error(fmt::format("the bot sets or removes {}, undeclared in its sheet", name));
}

/// Lines as sorted JSON without what differs from run to run.
std::vector<std::string> comparable(const std::string& lines) {
  std::vector<std::string> out;
  for (const std::string_view line : split(lines, '\n')) {
    if (trim(line).empty()) continue;
    const auto json = Json::parse(line);
    if (!json || !json->is_object()) {
      out.emplace_back(line);
      continue;
    }
    Json::Object members;
    for (const auto& member : json->members())
      if (member.first != "time.observation") members.push_back(member);
    std::sort(members.begin(), members.end(),
              [](const Json::Member& a, const Json::Member& b) { return a.first < b.first; });
    out.push_back(Json(std::move(members)).dump());
  }
  return out;
}

}  // namespace

Rehearsal rehearse(const Bot& bot, const std::vector<std::string>& arguments,
                   const std::string& input) {
  Rehearsal out;
  MessageFile messages;
  {
    Log log(messages.get(), bot.description.program(), LogLevel::info, LogForm::text);
    try {
      Settings settings = Settings::read(bot, arguments);
      settings.require(bot);
      EventRules rules;
      rules.undeclared = stop_undeclared;
      if (settings.options().harmonization)
        rules.harmonization = must(Harmonization::load(*settings.options().harmonization));
      Wakeup wakeup;
      Paths paths;
      paths.add("_default", std::make_unique<MemoryDestination>(out.output));
      std::string elsewhere;
      for (const std::string& text : settings.options().destination)
        if (const auto equals = text.find('='); equals != std::string::npos)
          paths.add(text.substr(0, equals), std::make_unique<MemoryDestination>(elsewhere));
      MemorySource source(input);
      const Context context{rules, log, paths.names()};
      Runner runner({bot,
                     settings,
                     rules,
                     bot.shape == Shape::collector ? nullptr : &source,
                     paths,
                     wakeup,
                     log,
                     bot.make(settings.params(), context),
                     {}});
      out.code = runner.run();
    } catch (const StartError& error) {
      log.error(error.what());
      out.code = error.code();
    } catch (const std::exception& error) {
      log.error(error.what());
      out.code = ExitCode::internal;
    }
  }
  out.messages = messages.text();
  return out;
}

std::vector<std::string> check_examples(const Bot& bot, const std::vector<std::string>& arguments) {
  std::vector<std::string> failures;
  for (const Example& example : bot.description.examples) {
    std::vector<std::string> all = arguments;
    for (const std::string& word : must(split_shell(example.args))) all.push_back(word);
    const Rehearsal got = rehearse(bot, all, std::string(example.input));
    const auto wanted_lines = comparable(std::string(example.output));
    const auto got_lines = comparable(got.output);
    std::string problem;
    if (wanted_lines != got_lines)
      problem = fmt::format("expected\n  {}\ngot\n  {}", fmt::join(wanted_lines, "\n  "),
                            fmt::join(got_lines, "\n  "));
    else if (!example.failed.empty() && got.messages.find(example.failed) == std::string::npos)
      problem = fmt::format("expected a failure with '{}'", example.failed);
    else if (example.failed.empty() && got.code != ExitCode::ok)
      problem = fmt::format("ended with {}", static_cast<int>(got.code));
    if (!problem.empty())
      failures.push_back(fmt::format("example '{}': {}\n{}", example.about, problem, got.messages));
  }
  return failures;
}

}  // namespace intelmq
