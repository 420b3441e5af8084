// SPDX-License-Identifier: Apache-2.0
#include "queue/byte_input.hpp"

#include <fcntl.h>
#include <poll.h>

#include <catch2/catch.hpp>

#include "scratch.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

struct Outcome {
  std::string bytes;
  std::string error;
};

Outcome drain(ByteInput& input, std::size_t step = 1000) {
  Outcome outcome;
  std::string buffer(step, '\0');
  for (;;) {
    const Result<std::size_t> got = input.read_now(buffer.data(), step);
    if (!got) {
      outcome.error = got.error().text;
      return outcome;
    }
    if (*got == 0) return outcome;
    if (*got == ByteInput::later) {
      pollfd watched = {input.fd(), POLLIN, 0};
      poll(&watched, 1, -1);
      continue;
    }
    outcome.bytes.append(buffer, 0, *got);
  }
}

Outcome from_file(std::string_view content, std::size_t step = 1000) {
  const Scratch scratch;
  Result<ByteInput> input = ByteInput::open(scratch.put("in", content));
  REQUIRE(input);
  return drain(*input, step);
}

Outcome from_pipe(const std::string& content, std::size_t piece) {
  Pipe pipe;
  const Feeder feeder(std::move(pipe.writer), content, piece);
  ByteInput input(std::move(pipe.reader), "stdin");
  return drain(input);
}

}  // namespace

TEST_CASE("byte input: plain bytes come as they are") {
  const std::string text = repeat("0123456789\n", 30000);
  CHECK(from_file(text).bytes == text);
  CHECK(from_file(text, 7).bytes == text);
  CHECK(from_file("").bytes.empty());
  CHECK(from_pipe(text, 4096).bytes == text);
}

TEST_CASE("byte input: beginnings that resemble a magic are plain") {
  for (const std::string& text :
       std::vector<std::string>{"B", "BZ", "BZh9", "BZh91AX", "\x1F", "\x1F\x8B", "(", "P*", "\xEF",
                                "\xEF\xBB", "\xEF\xBBx", "BZh9 is not a stream\n"}) {
    CAPTURE(text);
    CHECK(from_file(text).bytes == text);
    CHECK(from_file(text, 1).bytes == text);
    CHECK(from_pipe(text, 1).bytes == text);
  }
}

TEST_CASE("byte input: a byte order mark is left out, once") {
  CHECK(from_file("\xEF\xBB\xBF{}\n").bytes == "{}\n");
  CHECK(from_file("\xEF\xBB\xBF\xEF\xBB\xBFx").bytes == "\xEF\xBB\xBFx");
  CHECK(from_file("\xEF\xBB\xBF").bytes.empty());
  CHECK(from_pipe("\xEF\xBB\xBF{}\n", 1).bytes == "{}\n");
  CHECK(from_file("\xEF\xBB\xBF{}\n", 1).bytes == "{}\n");
}

TEST_CASE("byte input: packed input is unpacked") {
  const std::string text = repeat(packed_line, packed_lines);
  for (const Packed& packed : test::packed()) {
    CAPTURE(packed.format);
    CHECK(from_file(packed.bytes).bytes == text);
    CHECK(from_file(packed.bytes).error.empty());
    CHECK(from_pipe(packed.bytes, 1).bytes == text);
    const Outcome thrice = from_file(repeat(packed.bytes, 3), 65536);
    CHECK(thrice.bytes == text + text + text);
    CHECK(thrice.error.empty());
    CHECK(from_pipe(packed.bytes + packed.bytes, 3).bytes == text + text);
  }
}

TEST_CASE("byte input: truncated input is an error after the good bytes") {
  const std::string text = repeat(packed_line, packed_lines);
  for (const Packed& packed : test::packed()) {
    CAPTURE(packed.format);
    const std::string cut = packed.bytes.substr(0, packed.bytes.size() - 5);
    const Outcome outcome = from_file(packed.bytes + cut);
    CHECK(outcome.bytes.substr(0, text.size()) == text);
    CHECK_THAT(outcome.error,
               Catch::Contains("/in: " + packed.format + " data is truncated at byte " +
                               std::to_string(packed.bytes.size() + cut.size())));
    for (std::size_t size = 10; size < packed.bytes.size(); size += 7) {
      CHECK_FALSE(from_file(packed.bytes.substr(0, size)).error.empty());
    }
  }
}

TEST_CASE("byte input: corrupt input is an error after the good bytes") {
  const std::string text = repeat(packed_line, packed_lines);
  for (const Packed& packed : test::packed()) {
    CAPTURE(packed.format);
    std::string bytes = packed.bytes + packed.bytes;
    bytes[packed.bytes.size() + packed.bytes.size() / 2] ^= 0x55;
    const Outcome outcome = from_file(bytes);
    CHECK(outcome.bytes.substr(0, text.size()) == text);
    CHECK_THAT(outcome.error, Catch::Contains(packed.format + " data is corrupt near byte "));
    CHECK_FALSE(from_file(packed.bytes + "rubbish").error.empty());
  }
}

TEST_CASE("byte input: a zstd frame that needs too much memory is refused") {
  // Window descriptor 0x90: 2^28 bytes.
  const std::string frame("\x28\xB5\x2F\xFD\x00\x90\x09\x00\x00x", 10);
  CHECK_THAT(from_file(frame).error, Catch::Contains("too much memory"));
}

TEST_CASE("byte input: what cannot be opened is named") {
  CHECK_THAT(ByteInput::open("/proc/absent/in").error().text,
             Catch::Contains("/proc/absent/in: cannot open: No such file"));
  CHECK_THAT(ByteInput::open("/tmp").error().text, Catch::Contains("dir:/tmp"));
}

TEST_CASE("byte input: an empty pipe is not ready and nothing blocks") {
  Pipe pipe;
  ByteInput input(std::move(pipe.reader), "stdin");
  char buffer[16];
  CHECK_FALSE(input.ready());
  CHECK(input.read_now(buffer, sizeof buffer).value() == ByteInput::later);
  REQUIRE(write_all(pipe.writer.get(), "ab"));
  CHECK(input.ready());
  CHECK(input.read_now(buffer, sizeof buffer).value() == 2);
  pipe.writer.reset();
  CHECK(input.ready());
  CHECK(input.read_now(buffer, sizeof buffer).value() == 0);
}
