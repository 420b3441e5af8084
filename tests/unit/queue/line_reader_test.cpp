// SPDX-License-Identifier: Apache-2.0
#include "queue/line_reader.hpp"

#include <poll.h>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdio>

#include "base/sha256.hpp"
#include "scratch.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

struct Seen {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> lines;
  std::vector<std::uint64_t> offsets;
  std::vector<Record> oversize;
  std::string error;
};

void drain(LineReader& reader, Seen& seen) {
  Record record;
  for (;;) {
    const Fetch state = reader.next(record);
    if (state == Fetch::end) return;
    if (state == Fetch::broken) {
      seen.error = reader.error().text;
      return;
    }
    if (state == Fetch::later) {
      pollfd watched = {reader.input().fd(), POLLIN, 0};
      poll(&watched, 1, -1);
      continue;
    }
    volatile char beyond = record.data[record.size + Record::padding - 1];
    (void)beyond;
    if (state == Fetch::oversize) seen.oversize.push_back(record);
    seen.texts.emplace_back(record.text());
    seen.lines.push_back(record.line);
    seen.offsets.push_back(record.offset);
  }
}

Seen read_file_lines(std::string_view content, const SourceOptions& options = {}) {
  const Scratch scratch;
  LineReader reader(options);
  reader.start(ByteInput::open(scratch.put("in", content)).value());
  Seen seen;
  drain(reader, seen);
  return seen;
}

Seen read_pipe_lines(const std::string& content, std::size_t piece,
                     const SourceOptions& options = {}) {
  Pipe pipe;
  const Feeder feeder(std::move(pipe.writer), content, piece);
  LineReader reader(options);
  reader.start(ByteInput(std::move(pipe.reader), "stdin"));
  Seen seen;
  drain(reader, seen);
  return seen;
}

std::string digest(std::string_view text) {
  Sha256 sha;
  sha.update(text);
  return sha.hex();
}

using Texts = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

long resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stol(line.substr(6));
  }
  return -1;
}

}  // namespace

TEST_CASE("line reader: lines end with LF, CR LF or the input") {
  const Seen seen = read_file_lines("\xEF\xBB\xBF{1}\r\n{2}\n\n  \t\r\n{3}\r\r\n {4}");
  CHECK(seen.texts == Texts{"{1}", "{2}", "{3}\r", " {4}"});
  CHECK(seen.lines == Numbers{1, 2, 5, 6});
  CHECK(seen.offsets == Numbers{3, 8, 18, 24});
  CHECK(read_file_lines("").texts.empty());
  CHECK(read_file_lines("\n\r\n \n ").texts.empty());
}

TEST_CASE("line reader: empty lines are counted") {
  const Scratch scratch;
  LineReader reader{SourceOptions{}};
  reader.start(ByteInput::open(scratch.put("in", "\n\n{}\n \n")).value());
  Seen seen;
  drain(reader, seen);
  CHECK(reader.empty_lines() == 3);
}

TEST_CASE("line reader: any cutting of the input gives the same records") {
  const std::string text = "{\"a\":1}\r\n\n{\"b\":\"\xC3\xA9\"}\nlast";
  const Seen whole = read_file_lines(text);
  for (const std::size_t piece : {1u, 2u, 3u, 5u}) {
    const Seen pieces = read_pipe_lines(text, piece);
    CHECK(pieces.texts == whole.texts);
    CHECK(pieces.offsets == whole.offsets);
  }
  SourceOptions small;
  small.block = 16;
  CHECK(read_file_lines(text, small).texts == whole.texts);
}

TEST_CASE("line reader: records of all sizes around the block") {
  SourceOptions options;
  options.block = 64;
  std::string text;
  Texts expected;
  Numbers offsets;
  for (std::size_t size = 1; size < 400; ++size) {
    expected.push_back(std::string(size, static_cast<char>('a' + size % 26)));
    offsets.push_back(text.size());
    text += expected.back() + "\n";
  }
  const Seen seen = read_file_lines(text, options);
  CHECK(seen.texts == expected);
  CHECK(seen.offsets == offsets);
}

TEST_CASE("line reader: a record that is too long is cut, measured and hashed") {
  SourceOptions options;
  options.max_record = 100;
  for (const std::size_t size : {101u, 102u, 5000u, 300000u, 900000u}) {
    for (const std::string& end : std::vector<std::string>{"\n", "\r\n"}) {
      CAPTURE(size, end);
      const std::string big(size, 'x');
      const std::string fits(100, 'y');
      const std::string text = fmt::format("{{}}\n{0}{2}{1}{2}{{}}", big, fits, end);
      for (const Seen& seen :
           {read_file_lines(text, options), read_pipe_lines(text, 999, options)}) {
        REQUIRE(seen.texts.size() == 4);
        CHECK(seen.texts[1] == big.substr(0, LineReader::kept));
        CHECK(seen.texts[2] == fits);
        CHECK(seen.texts[3] == "{}");
        CHECK(seen.lines == Numbers{1, 2, 3, 4});
        REQUIRE(seen.oversize.size() == 1);
        CHECK(seen.oversize[0].total == size);
        CHECK(seen.oversize[0].offset == 3);
        CHECK(seen.oversize[0].digest == digest(big));
      }
    }
  }
}

TEST_CASE("line reader: a record that is too long may be the last, without a line end") {
  SourceOptions options;
  options.max_record = 100;
  const std::string big = std::string(5000, 'x') + "\r";
  const Seen seen = read_file_lines(big, options);
  REQUIRE(seen.oversize.size() == 1);
  CHECK(seen.oversize[0].total == big.size());
  CHECK(seen.oversize[0].digest == digest(big));
}

TEST_CASE("line reader: an endless line takes no memory") {
  Pipe pipe;
  constexpr std::size_t pieces = 100;
  std::thread writer([&pipe] {
    const std::string piece(1u << 20, 'z');
    for (std::size_t i = 0; i < pieces; ++i) (void)write_some(pipe.writer.get(), piece);
    (void)write_some(pipe.writer.get(), "\n{}\n");
    pipe.writer.reset();
  });
  const long before = resident_kib();
  LineReader reader{SourceOptions{}};
  reader.start(ByteInput(std::move(pipe.reader), "stdin"));
  Seen seen;
  drain(reader, seen);
  writer.join();
  REQUIRE(seen.oversize.size() == 1);
  CHECK(seen.oversize[0].total == pieces << 20);
  CHECK(seen.texts.back() == "{}");
  CHECK(resident_kib() - before < 64 * 1024);
}

TEST_CASE("line reader: memory is given back after a big record") {
  Pipe pipe;
  LineReader reader{SourceOptions{}};
  reader.start(ByteInput(std::move(pipe.reader), "stdin"));
  std::thread writer(
      [&pipe] { (void)write_some(pipe.writer.get(), std::string(15u << 20, 'z') + "\n"); });
  Record record;
  Fetch state = Fetch::later;
  while ((state = reader.next(record)) == Fetch::later) std::this_thread::yield();
  CHECK(state == Fetch::record);
  CHECK(record.size == 15u << 20);
  writer.join();
  const long before = resident_kib();
  CHECK(reader.next(record) == Fetch::later);
  CHECK(before - resident_kib() > 10 * 1024);
  (void)write_some(pipe.writer.get(), "{}\n");
  CHECK(reader.next(record) == Fetch::record);
  CHECK(record.text() == "{}");
  CHECK(record.offset == (15u << 20) + 1);
}

TEST_CASE("line reader: damage is reported after the whole lines before it") {
  for (const Packed& packed : test::packed()) {
    CAPTURE(packed.format);
    const std::string cut = packed.bytes.substr(0, packed.bytes.size() - 9);
    const Seen seen = read_file_lines(packed.bytes + cut);
    CHECK(seen.texts.size() >= packed_lines);
    for (const std::string& text : seen.texts) {
      if (text + "\n" != packed_line) FAIL(text);
    }
    CHECK_THAT(seen.error, Catch::Contains(packed.format + " data is truncated"));
  }
}

TEST_CASE("line reader: the rest can be read as bytes") {
  const Scratch scratch;
  Wakeup wakeup;
  LineReader reader{SourceOptions{}};
  reader.start(ByteInput::open(scratch.put("in", "one\ntwo\nthree")).value());
  Record record;
  REQUIRE(reader.next(record) == Fetch::record);
  char bytes[6];
  CHECK(reader.read(bytes, 6, wakeup).value() == 6);
  CHECK(std::string(bytes, 6) == "two\nth");
  CHECK(reader.read(bytes, 6, wakeup).value() == 3);
  CHECK(reader.read(bytes, 6, wakeup).value() == 0);
}
