// SPDX-License-Identifier: Apache-2.0
#include "queue/stdio.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "queue/line_source.hpp"
#include "scratch.hpp"

using namespace intelmq;
using namespace intelmq::test;

TEST_CASE("stdio: lines go out as they are") {
  Pipe pipe;
  const auto out = stream_destination(pipe.writer.get(), "stdout");
  CHECK(out->write("{}\n").value() == Delivery::done);
  CHECK(out->flush().value() == Delivery::done);
  CHECK(out->close());
  char bytes[8];
  CHECK(read(pipe.reader.get(), bytes, sizeof bytes) == 3);
}

TEST_CASE("stdio: a reader that is gone is no error") {
  Wakeup wakeup;  // SIGPIPE would end the test
  Pipe pipe;
  pipe.reader.reset();
  const auto out = stream_destination(pipe.writer.get(), "stdout");
  CHECK(out->write("{}\n").value() == Delivery::reader_gone);
  CHECK(out->write("{}\n").value() == Delivery::reader_gone);
  CHECK(out->flush().value() == Delivery::reader_gone);
  CHECK(out->close());
}

TEST_CASE("stdio: a full device is an error") {
  const FileDescriptor full(open("/dev/full", O_WRONLY));
  const auto out = stream_destination(full.get(), "stdout");
  const Result<Delivery> written = out->write("{}\n");
  REQUIRE_FALSE(written);
  CHECK(written.error().text == "stdout: cannot write: No space left on device");
}

TEST_CASE("stdio: a non-blocking pipe gets everything") {
  Pipe pipe;
  fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK);
  const std::string text = repeat("0123456789abcde\n", 300000);
  std::string seen;
  std::thread reader([&pipe, &seen] {
    std::string block(65536, '\0');
    for (ssize_t got = 0; (got = read(pipe.reader.get(), block.data(), block.size())) > 0;) {
      seen.append(block, 0, static_cast<std::size_t>(got));
    }
  });
  const auto out = stream_destination(pipe.writer.get(), "stdout");
  CHECK(out->write(text).value() == Delivery::done);
  pipe.writer.reset();
  reader.join();
  CHECK(seen == text);
}

TEST_CASE("stdio: a pipe says later instead of blocking, and ends") {
  Wakeup wakeup;
  Pipe pipe;
  const auto source = line_source(ByteInput(std::move(pipe.reader), "stdin"), SourceOptions{});
  Record record;
  CHECK(source->next(record) == Fetch::later);
  REQUIRE(write_all(pipe.writer.get(), "{\"a\""));
  source->wait(wakeup);
  CHECK(source->next(record) == Fetch::later);
  REQUIRE(write_all(pipe.writer.get(), ":1}\n{}"));
  CHECK(source->next(record) == Fetch::record);
  CHECK(record.text() == "{\"a\":1}");
  CHECK(record.source == "stdin");
  CHECK(record.line == 1);
  CHECK(source->next(record) == Fetch::later);
  pipe.writer.reset();
  source->wait(wakeup);
  CHECK(source->next(record) == Fetch::record);
  CHECK(record.text() == "{}");
  CHECK(source->next(record) == Fetch::end);
  CHECK(source->next(record) == Fetch::end);
  CHECK(source->acknowledge());
}

TEST_CASE("stdio: one feed as a stream") {
  Wakeup wakeup;
  Pipe pipe;
  const std::string text = repeat("a,b\n", 100000);
  const Feeder feeder(std::move(pipe.writer), text, 1000);
  const auto source = line_source(ByteInput(std::move(pipe.reader), "stdin"), SourceOptions{});
  ByteSource bytes;
  std::string name;
  REQUIRE(source->next_stream(bytes, name, wakeup) == Fetch::record);
  CHECK(name == "stdin");
  std::string seen;
  char block[777];
  for (;;) {
    const Result<std::size_t> got = bytes(block, sizeof block);
    REQUIRE(got);
    if (*got == 0) break;
    seen.append(block, *got);
  }
  CHECK(seen == text);
  CHECK(source->next_stream(bytes, name, wakeup) == Fetch::end);
}
