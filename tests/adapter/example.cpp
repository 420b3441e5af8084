// SPDX-License-Identifier: Apache-2.0
// An adapter as a third party would write it: events of the scheme `example:` come from a list of
// numbers and go to a file. It is built apart from the programs and links nothing of theirs.
#include <charconv>
#include <cstdio>
#include <cstring>

#include "queue/adapter.hpp"

using namespace intelmq;

namespace {

std::string_view behind_colon(std::string_view url) { return url.substr(url.find(':') + 1); }

/// `example:N`: N events.
class Numbers final : public Source {
 public:
  explicit Numbers(int count) : count_{count} {}

  Fetch next(Record& out) override {
    if (given_ == count_) return Fetch::end;
    const int size =
        std::snprintf(line_, sizeof line_ - Record::padding, "{\"extra.n\": %d}", given_);
    out.data = line_;
    out.size = static_cast<std::size_t>(size);
    out.source = "example";
    out.line = static_cast<std::uint64_t>(++given_);
    return Fetch::record;
  }
  Fetch next_stream(ByteSource&, std::string&, Wakeup&) override {
    error_.text = "example: has no raw feeds";
    return Fetch::broken;
  }
  void wait(Wakeup&) override {}
  Result<void> acknowledge() override { return {}; }
  const Error& error() const override { return error_; }

 private:
  int count_, given_ = 0;
  char line_[64 + Record::padding] = {};
  Error error_;
};

/// `example:PATH`: lines are appended to the file.
class Lines final : public Destination {
 public:
  explicit Lines(std::FILE* file) : file_{file} {}
  ~Lines() override { std::fclose(file_); }

  Result<Delivery> write(std::string_view lines) override {
    if (std::fwrite(lines.data(), 1, lines.size(), file_) != lines.size())
      return fail("example: the file cannot be written");
    return Delivery::done;
  }
  Result<Delivery> flush() override {
    if (std::fflush(file_) != 0) return fail("example: the file cannot be written");
    return Delivery::done;
  }
  Result<void> close() override { return {}; }

 private:
  std::FILE* file_;
};

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void intelmq_open_source(std::string_view url, const SourceOptions&,
                                Result<std::unique_ptr<Source>>& out) {
  const std::string_view text = behind_colon(url);
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc{} && end == text.data() + text.size() && count >= 0)
    out = std::make_unique<Numbers>(count);
  else
    out = fail("example:" + std::string(text) + ": is no number of events");
}

EXPORT void intelmq_open_destination(std::string_view url, const DestinationOptions&,
                                     Result<std::unique_ptr<Destination>>& out) {
  const std::string path(behind_colon(url));
  if (std::FILE* file = std::fopen(path.c_str(), "ae"))
    out = std::make_unique<Lines>(file);
  else
    out = fail("example:" + path + ": " + std::strerror(errno));
}
