// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "bot/checks.hpp"
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

/// How what came differs from what the example promises; empty: not at all.
std::string difference(const Example& example, const Rehearsal& got) {
  const auto wanted_lines = comparable(std::string(example.output));
  const auto got_lines = comparable(got.output);
  if (wanted_lines != got_lines)
    return fmt::format("expected\n  {}\ngot\n  {}", fmt::join(wanted_lines, "\n  "),
                       fmt::join(got_lines, "\n  "));
  if (!example.failed.empty() && got.messages.find(example.failed) == std::string::npos)
    return fmt::format("expected a failure with '{}'", example.failed);
  if (example.failed.empty() && got.code != ExitCode::ok)
    return fmt::format("ended with {}", static_cast<int>(got.code));
  return {};
}

std::vector<std::string> with_own(const std::vector<std::string>& arguments,
                                  const Example& example) {
  std::vector<std::string> all = arguments;
  for (const std::string& word : must(split_shell(example.args))) all.push_back(word);
  return all;
}

/// An example's own arguments count more than what the API set.
Json without_own(const Json& overrides, const Example& example) {
  const std::string words = ' ' + std::string(example.args) + ' ';
  Json out = Json::object();
  for (const auto& [name, value] : overrides.members()) {
    std::string option = " --" + name;
    std::replace(option.begin(), option.end(), '_', '-');
    if (words.find(option + ' ') == std::string::npos &&
        words.find(option + '=') == std::string::npos)
      out.set(name, value);
  }
  return out;
}

/// The first file that the parameters name and that is not there.
std::string missing_file(const Bot& bot, const Settings& settings) {
  for (const Parameter* const parameter : settings.parameters(bot)) {
    const std::string path = parameter->is_file() ? settings.value(*parameter).text() : "";
    if (!path.empty() && access(path.c_str(), R_OK) != 0) return path;
  }
  return {};
}

void check_example(Check& check, const Bot& bot, const std::vector<std::string>& arguments,
                   const Json& overrides, const Example& example) {
  const auto skip = [&](const std::string& what) {
    check.status = Check::Status::skip;
    check.message = what;
  };
  const auto all = with_own(arguments, example);
  const Json values = without_own(overrides, example);
  if (const auto path = missing_file(bot, Settings::read(bot, all, values)); !path.empty())
    return skip("needs " + path + ", which cannot be read");
  const Rehearsal got = rehearse(bot, all, std::string(example.input), values);
  // Only a start that failed says so: what an example has to read is in memory.
  if (got.code == ExitCode::unavailable || got.code == ExitCode::no_input)
    return skip("needs what is not there: " + got.messages);
  check.message = difference(example, got);
  if (check.message.empty()) return;
  check.status = Check::Status::fail;
  check.message += '\n' + got.messages;
}

}  // namespace

TestReport example_report(const Bot& bot, const std::vector<std::string>& arguments,
                          const Json& overrides) {
  TestReport report("unit-test");
  std::size_t number = 0;
  for (const Example& example : bot.description.examples)
    report.run(fmt::format("example.{}", ++number), std::string(example.about),
               [&](Check& check) { check_example(check, bot, arguments, overrides, example); });
  return report;
}

Rehearsal rehearse(const Bot& bot, const std::vector<std::string>& arguments,
                   const std::string& input, const Json& overrides) {
  Rehearsal out;
  MessageFile messages;
  {
    Log log(messages.get(), bot.description.program(), LogLevel::info, LogForm::text);
    try {
      Settings settings = Settings::read(bot, arguments, overrides);
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
    const Rehearsal got = rehearse(bot, with_own(arguments, example), std::string(example.input));
    const std::string problem = difference(example, got);
    if (!problem.empty())
      failures.push_back(fmt::format("example '{}': {}\n{}", example.about, problem, got.messages));
  }
  return failures;
}

}  // namespace intelmq
