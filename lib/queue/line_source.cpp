// SPDX-License-Identifier: Apache-2.0
#include "queue/line_source.hpp"

#include <poll.h>

#include <chrono>
#include <utility>

namespace intelmq {
namespace {

class LineSource final : public Source {
 public:
  LineSource(ByteInput input, const SourceOptions& options) : lines_{options} {
    lines_.start(std::move(input));
  }

  Fetch next(Record& out) override { return lines_.next(out); }

  Fetch next_stream(ByteSource& out, std::string& name, Wakeup& wakeup) override {
    if (std::exchange(given_, true)) return Fetch::end;
    name = lines_.input().name();
    out = [this, &wakeup](char* to, std::size_t size) { return lines_.read(to, size, wakeup); };
    return Fetch::record;
  }

  Fetch rest(Record& out) override {
    using Clock = std::chrono::steady_clock;
    if (given_ || lines_.input().regular()) return Fetch::later;
    const auto limit = Clock::now() + std::chrono::seconds(5);
    for (;;) {
      const Fetch got = lines_.rest(out);
      if (got != Fetch::later || !lines_.in_a_line()) return got == Fetch::end ? Fetch::later : got;
      constexpr int patience_ms = 1000;
      pollfd watched = {lines_.input().fd(), POLLIN, 0};
      if (::poll(&watched, 1, patience_ms) == 0 || Clock::now() >= limit) return lines_.torn();
    }
  }

  void wait(Wakeup& wakeup) override {
    if (!lines_.input().ready()) wakeup.wait(lines_.input().fd(), -1);
  }

  Result<void> acknowledge() override { return {}; }
  const Error& error() const override { return lines_.error(); }

 private:
  LineReader lines_;
  bool given_ = false;
};

}  // namespace

std::unique_ptr<Source> line_source(ByteInput input, const SourceOptions& options) {
  return std::make_unique<LineSource>(std::move(input), options);
}

}  // namespace intelmq
