// SPDX-License-Identifier: Apache-2.0
#include "queue/file_queue.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "queue/append_file.hpp"
#include "scratch.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

/// Files may not grow beyond `size` while it lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t size) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {size, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

std::unique_ptr<Destination> to(const std::string& url) {
  Result<std::unique_ptr<Destination>> opened = open_destination(url);
  REQUIRE(opened);
  return std::move(*opened);
}

std::string write_to(const Scratch& scratch, std::string_view before, std::string_view lines) {
  const std::string path = scratch.put("out", before);
  const auto out = to("file:" + path);
  REQUIRE(out->write(lines));
  REQUIRE(out->close());
  return read_file(path).value();
}

}  // namespace

TEST_CASE("file queue: a file is read to its end") {
  const Scratch scratch;
  const auto source = open_source(
      "file:" + scratch.put("a b?", "{}\r\n[]").replace(scratch.path().size(), 5, "/a%20b%3F"),
      SourceOptions{});
  REQUIRE(source);
  Record record;
  REQUIRE((*source)->next(record) == Fetch::record);
  CHECK(record.source == scratch / "a b?");
  CHECK(record.text() == "{}");
  REQUIRE((*source)->next(record) == Fetch::record);
  CHECK(record.text() == "[]");
  CHECK((*source)->next(record) == Fetch::end);
}

TEST_CASE("file queue: lines are appended to a file of mode 0640") {
  const Scratch scratch;
  umask(0);
  const auto out = to("file:" + scratch / "out" + "?sync=1");
  CHECK(out->write("{\"a\":1}\n").value() == Delivery::done);
  CHECK(out->write("{\"b\":1}\n").value() == Delivery::done);
  CHECK(out->flush().value() == Delivery::done);
  CHECK(scratch.get("out") == "{\"a\":1}\n{\"b\":1}\n");
  struct stat status = {};
  stat((scratch / "out").c_str(), &status);
  CHECK((status.st_mode & 07777) == 0640);
  CHECK(write_to(scratch, "old\n", "new\n") == "old\nnew\n");
}

TEST_CASE("file queue: a torn tail moves away, whole lines stay") {
  const Scratch scratch;
  CHECK(write_to(scratch, "{}\n{\"a\":\"b", "{\"c\":1}\n") == "{}\n{\"c\":1}\n");
  CHECK(scratch.get("out.torn") == "{\"a\":\"b\n");
  CHECK(write_to(scratch, "torn", "{}\n") == "{}\n");
  CHECK(scratch.get("out.torn") == "{\"a\":\"b\ntorn\n");
  const std::string longest(200000, 'x');
  CHECK(write_to(scratch, "{}\n" + longest, "[]\n") == "{}\n[]\n");
  CHECK(scratch.get("out.torn") == "{\"a\":\"b\ntorn\n" + longest + "\n");
}

TEST_CASE("file queue: a last line that lacks only its line feed gets it") {
  const Scratch scratch;
  CHECK(write_to(scratch, "{\"a\":1}\n{\"b\":2}", "{\"c\":3}\n") ==
        "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
  CHECK(scratch.names() == std::vector<std::string>{"out"});
  CHECK(write_to(scratch, "12", "34\n") == "34\n");  // may have been the beginning of 123
}

TEST_CASE("file queue: the line of another process in progress is not touched") {
  const Scratch scratch;
  const auto first = AppendFile::open(scratch / "out");
  REQUIRE(first);
  REQUIRE(write_all(first->fd(), "{\"half"));
  REQUIRE(to("file:" + scratch / "out")->close());
  CHECK(scratch.get("out") == "{\"half");
}

TEST_CASE("file queue: what a full disk took of a write is cut off again") {
  const Scratch scratch;
  const auto out = to("file:" + scratch / "out");
  REQUIRE(out->write("{\"first\":1}\n"));
  {
    const FileLimit limit(30);
    const Result<Delivery> written = out->write("{\"second\":2}\n{\"third\":3}\n");
    REQUIRE_FALSE(written);
    CHECK_THAT(written.error().text,
               Catch::Contains(scratch / "out: cannot write: File too large"));
  }
  CHECK(scratch.get("out") == "{\"first\":1}\n");
  REQUIRE(out->write("{\"second\":2}\n{\"third\":3}\n"));
  CHECK(scratch.get("out") == "{\"first\":1}\n{\"second\":2}\n{\"third\":3}\n");
}

TEST_CASE("file queue: devices are written as they are") {
  const auto out = to("file:/dev/full");
  CHECK_THAT(out->write("{}\n").error().text, Catch::Contains("/dev/full: cannot write: No space"));
  CHECK(to("file:/dev/null")->write("{}\n"));
}

TEST_CASE("file queue: what cannot be opened is named") {
  CHECK_THAT(open_destination("file:/proc/absent/out").error().text,
             Catch::Contains("/proc/absent/out: cannot open"));
  CHECK_THAT(open_source("file:/proc/absent", SourceOptions{}).error().text,
             Catch::Contains("/proc/absent: cannot open"));
  CHECK_THAT(open_source("file:", SourceOptions{}).error().text, Catch::Contains("no path"));
  CHECK_THAT(open_source("file:a?follow=1", SourceOptions{}).error().text,
             Catch::Contains("unknown option 'follow'"));
  const std::string unknown = "queue9:...: no adapter for 'queue9'; known: -, file:, dir:";
  CHECK_THAT(open_source("queue9://:secret@host/0", SourceOptions{}).error().text,
             Catch::StartsWith(unknown));
  CHECK_THAT(open_destination("queue9://:secret@host/0").error().text, Catch::StartsWith(unknown));
}
