// SPDX-License-Identifier: Apache-2.0
#include "queue/line_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/sha256.hpp"

namespace intelmq {
namespace {

// A big record is often followed by more of them: shrink only after some blocks without one.
constexpr unsigned calm_enough = 32;
// Between two looks at signals while an endless line is skipped.
constexpr std::size_t skip_at_once = 16u << 20;

char* line_feed_in(char* from, const char* to) {
  if (from == to) return nullptr;
  return static_cast<char*>(std::memchr(from, '\n', static_cast<std::size_t>(to - from)));
}

bool is_blank(const char* line, const char* stop) {
  return std::all_of(line, stop, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

}  // namespace

// A record too long to keep: its first bytes, its length so far and its hash.
struct LineReader::Skipped {
  std::array<char, kept + Record::padding> head;
  std::size_t head_size = 0;
  std::uint64_t total = 0;
  std::uint64_t offset = 0;
  bool carriage_return = false;  // seen last and not yet counted: may belong to the line end
  bool given = false;
  Sha256 sha;

  void add_plain(std::string_view bytes) {
    const std::size_t room = std::min(bytes.size(), kept - head_size);
    std::memcpy(head.data() + head_size, bytes.data(), room);
    head_size += room;
    total += bytes.size();
    sha.update(bytes);
  }
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    if (carriage_return) add_plain("\r");
    carriage_return = bytes.back() == '\r';
    add_plain(bytes.substr(0, bytes.size() - (carriage_return ? 1 : 0)));
  }
};

LineReader::LineReader(const SourceOptions& options)
    : max_record_{options.max_record},
      block_{std::max<std::size_t>(options.block, 16)},
      step_{block_} {}

LineReader::LineReader(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

void LineReader::start(ByteInput input) {
  input_.emplace(std::move(input));
  begin_ = scan_ = end_ = buffer_.data();
  base_ = line_ = 0;
  ended_ = false;
  skipped_.reset();
}

void LineReader::stop() { input_.reset(); }

Fetch LineReader::next(Record& out) {
  if (skipped_) {
    if (!skipped_->given) return skip(out);
    skipped_.reset();
  }
  for (;;) {
    char* feed = line_feed_in(scan_, end_);
    if (feed == nullptr) {
      const Fetch state = fill();
      if (state == Fetch::record) continue;
      return state == Fetch::oversize ? skip(out) : at_end(state, out);
    }
    char* line = begin_;
    begin_ = scan_ = feed + 1;
    if (take(line, feed, out)) return skipped_ ? give_skipped(true, out) : Fetch::record;
  }
}

// Byte by byte to the line's end: what follows it stays in the pipe for the next reader.
Fetch LineReader::rest(Record& out) {
  if (skipped_ && skipped_->given) skipped_.reset();
  if (!in_a_line()) return Fetch::later;
  step_ = 1;
  steps_ = 65536;
  const Fetch got = next(out);
  step_ = block_;
  return got;
}

bool LineReader::skipped_given() const { return skipped_->given; }

Fetch LineReader::torn() {
  return broken(Error{input_->name() + ": the end of a line did not come"});
}

// False: the line is empty. A line that is too long ends up in skipped_.
bool LineReader::take(char* line, char* stop, Record& out) {
  ++line_;
  if (stop != line && stop[-1] == '\r') --stop;
  if (stop == line || (static_cast<unsigned char>(*line) <= ' ' && is_blank(line, stop))) {
    ++empty_lines_;
    return false;
  }
  const auto size = static_cast<std::size_t>(stop - line);
  out.data = line;
  out.size = size;
  number(out, offset_of(line));
  if (size <= max_record_) return true;
  skipped_ = std::make_unique<Skipped>();
  skipped_->offset = out.offset;
  skipped_->add_plain({line, size});
  return true;
}

void LineReader::number(Record& out, std::uint64_t offset) {
  out.source = input_->name();
  out.line = line_;
  out.offset = offset;
  out.total = out.size;
  if (!out.digest.empty()) out.digest.clear();
}

std::uint64_t LineReader::offset_of(const char* place) const {
  return base_ + static_cast<std::uint64_t>(place - buffer_.data()) + input_->skipped();
}

// A last line without a line feed is a record; one that damage cut off is not.
Fetch LineReader::at_end(Fetch state, Record& out) {
  if (state != Fetch::end || begin_ == end_) return state;
  char* line = begin_;
  begin_ = scan_ = end_;
  if (!take(line, end_, out)) return Fetch::end;
  return skipped_ ? give_skipped(false, out) : Fetch::record;
}

std::size_t LineReader::usual_size() const { return 2 * block_ + Record::padding; }

// record: there are more bytes; oversize: the record in the buffer is too long, skip it.
Fetch LineReader::fill() {
  if (ended_) return Fetch::end;
  if (static_cast<std::size_t>(end_ - begin_) > max_record_ + 1) {
    begin_skip();
    return Fetch::oversize;
  }
  if (step_ == 1 && steps_-- == 0) return Fetch::later;
  scan_ = end_;
  if (!make_room()) {
    return broken(Error{input_->name() + ": no memory for a record of " +
                        std::to_string(end_ - begin_) + " bytes; lower --max-line"});
  }
  const Result<std::size_t> got = input_->read_now(end_, step_);
  if (!got) return broken(got.error());
  if (*got == ByteInput::later) {
    if (begin_ == end_) shrink();
    return Fetch::later;
  }
  ended_ = *got == 0;
  end_ += *got;
  return ended_ ? Fetch::end : Fetch::record;
}

// Moves the unfinished line to the front and sees to a block of room behind it.
bool LineReader::make_room() {
  const auto tail = static_cast<std::size_t>(end_ - begin_);
  if (begin_ != buffer_.data()) {
    std::memmove(buffer_.data(), begin_, tail);
    base_ += static_cast<std::uint64_t>(begin_ - buffer_.data());
    begin_ = buffer_.data();
    end_ = begin_ + tail;
  }
  const std::size_t needed = tail + block_ + Record::padding;
  calm_fills_ = needed > usual_size() ? 0 : calm_fills_ + 1;
  bool room = true;
  if (needed > buffer_.size()) {
    room = buffer_.resize(std::max({needed, usual_size(), 2 * buffer_.size()})) ||
           buffer_.resize(needed);
  } else if (calm_fills_ > calm_enough) {
    shrink();
  }
  begin_ = buffer_.data();
  scan_ = end_ = begin_ + tail;
  return room;
}

// Called when what is in use fits.
void LineReader::shrink() {
  if (buffer_.size() <= usual_size() + block_) return;
  const auto tail = static_cast<std::size_t>(end_ - begin_);
  base_ += static_cast<std::uint64_t>(begin_ - buffer_.data());
  std::memmove(buffer_.data(), begin_, tail);
  buffer_.resize(usual_size());
  begin_ = buffer_.data();
  scan_ = end_ = begin_ + tail;
}

Fetch LineReader::broken(const Error& error) {
  error_ = error;
  const auto unfinished = static_cast<std::size_t>(end_ - begin_);
  if (unfinished != 0) {
    error_.text += "; line " + std::to_string(line_ + 1) + " is unfinished and was left out (" +
                   std::to_string(unfinished) + " bytes)";
  }
  return Fetch::broken;
}

void LineReader::begin_skip() {
  ++line_;
  skipped_ = std::make_unique<Skipped>();
  skipped_->offset = offset_of(begin_);
  skipped_->add({begin_, static_cast<std::size_t>(end_ - begin_)});
  begin_ = scan_ = end_;
}

Fetch LineReader::skip(Record& out) {
  const std::uint64_t stop_at = skipped_->total + skip_at_once;
  for (;;) {
    if (begin_ == end_) {
      if (skipped_->total >= stop_at) return Fetch::later;
      const Fetch state = fill();
      if (state == Fetch::end) return give_skipped(false, out);
      if (state != Fetch::record) return state;
    }
    const char* feed = line_feed_in(begin_, end_);
    const char* stop = feed == nullptr ? end_ : feed;
    const auto part = static_cast<std::size_t>(stop - begin_);
    skipped_->add({begin_, part});
    begin_ += part + (feed == nullptr ? 0 : 1);
    scan_ = begin_;
    if (feed != nullptr) return give_skipped(true, out);
  }
}

Fetch LineReader::give_skipped(bool line_feed, Record& out) {
  Skipped& s = *skipped_;
  if (s.carriage_return && !line_feed) s.add_plain("\r");
  out.data = s.head.data();
  out.size = s.head_size;
  number(out, s.offset);
  out.total = s.total;
  out.digest = s.sha.hex();
  s.given = true;
  return Fetch::oversize;
}

Result<std::size_t> LineReader::read(char* out, std::size_t size, const Wakeup& wakeup) {
  if (begin_ == end_) return input_->read(out, size, wakeup);
  const std::size_t taken = std::min(size, static_cast<std::size_t>(end_ - begin_));
  std::memcpy(out, begin_, taken);
  begin_ += taken;
  scan_ = std::max(scan_, begin_);
  return taken;
}

}  // namespace intelmq
