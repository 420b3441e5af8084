// SPDX-License-Identifier: Apache-2.0
#include "queue/directory.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "scratch.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

using Texts = std::vector<std::string>;

std::unique_ptr<Source> from(const std::string& url) {
  Result<std::unique_ptr<Source>> opened = open_source(url, SourceOptions{});
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

std::unique_ptr<Destination> to(const std::string& url) {
  Result<std::unique_ptr<Destination>> opened = open_destination(url);
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

Texts drain(Source& source, Fetch last = Fetch::end) {
  Texts texts;
  Record record;
  Fetch state = Fetch::record;
  while ((state = source.next(record)) == Fetch::record) texts.emplace_back(record.text());
  CHECK(state == last);
  return texts;
}

Texts published(const Scratch& scratch) {
  Texts names;
  for (const std::string& name : scratch.names()) {
    if (name[0] != '.' && name.find(".jsonl") != std::string::npos) names.push_back(name);
  }
  return names;
}

std::size_t hidden(const Scratch& scratch) {
  std::size_t count = 0;
  for (const std::string& name : scratch.names()) count += name.find(".tmp") != std::string::npos;
  return count;
}

void in_child(void (*work)(const std::string&), const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    work(path);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
}

}  // namespace

TEST_CASE("directory queue: files are taken in the order of their names") {
  const Scratch scratch;
  scratch.put("2.jsonl", "{3}\n{4}");
  scratch.put("1.jsonl", "{1}\n{2}\n");
  scratch.put(".0.jsonl", "hidden\n");
  scratch.put("0.txt", "other\n");
  std::filesystem::create_directory(scratch / "0.jsonl");
  for (const Packed& packed : test::packed()) {
    if (packed.format == "xz") scratch.put("3.jsonl" + packed.suffix, packed.bytes);
  }
  const Texts texts = drain(*from("dir:" + scratch.path()));
  REQUIRE(texts.size() == 4 + packed_lines);
  CHECK(Texts(texts.begin(), texts.begin() + 4) == Texts{"{1}", "{2}", "{3}", "{4}"});
}

TEST_CASE("directory queue: only what was acknowledged is not handed out again") {
  const Scratch scratch;
  scratch.put("1.jsonl", "{1}\n{2}\n");
  scratch.put("2.jsonl", "{3}\n{4}\n");
  {
    const auto source = from("dir:" + scratch.path());
    Record record;
    REQUIRE(source->next(record) == Fetch::record);
    CHECK(record.source == scratch / "1.jsonl");
    CHECK(source->acknowledge());
    CHECK(published(scratch) == Texts{"1.jsonl", "2.jsonl"});
    REQUIRE(source->next(record) == Fetch::record);
    REQUIRE(source->next(record) == Fetch::record);
    CHECK(record.text() == "{3}");
    CHECK(published(scratch) == Texts{"1.jsonl", "2.jsonl"});
    CHECK(source->acknowledge());
    CHECK(published(scratch) == Texts{"2.jsonl"});
    CHECK(scratch.get("done/1.jsonl") == "{1}\n{2}\n");
  }
  const auto again = from("dir:" + scratch.path());
  CHECK(drain(*again) == Texts{"{3}", "{4}"});
  CHECK(again->acknowledge());
  CHECK(drain(*again).empty());
  CHECK(published(scratch).empty());
}

TEST_CASE("directory queue: a name that is done already is kept too") {
  const Scratch scratch;
  for (const char* text : {"{1}\n", "{2}\n", "{3}\n"}) {
    scratch.put("a.jsonl", text);
    const auto source = from("dir:" + scratch.path());
    drain(*source);
    CHECK(source->acknowledge());
  }
  CHECK(scratch.get("done/a.jsonl") == "{1}\n");
  CHECK(scratch.get("done/a.jsonl.1") == "{2}\n");
  CHECK(scratch.get("done/a.jsonl.2") == "{3}\n");
}

TEST_CASE("directory queue: a killed reader loses nothing") {
  const Scratch scratch;
  scratch.put("1.jsonl", "{1}\n");
  in_child([](const std::string& path) { drain(*from("dir:" + path)); }, scratch.path());
  CHECK(drain(*from("dir:" + scratch.path())) == Texts{"{1}"});
}

TEST_CASE("directory queue: one process reads a directory") {
  const Scratch scratch;
  const auto source = from("dir:" + scratch.path());
  CHECK_THAT(open_source("dir:" + scratch.path(), SourceOptions{}).error().text,
             Catch::Contains("is locked by process " + std::to_string(getpid())));
}

TEST_CASE("directory queue: a damaged file is named and stays") {
  const Scratch scratch;
  scratch.put("1.jsonl", "{1}\n");
  scratch.put("2.jsonl.gz", test::packed()[0].bytes.substr(0, 300));
  const auto source = from("dir:" + scratch.path());
  drain(*source, Fetch::broken);
  CHECK_THAT(source->error().text, Catch::Contains("2.jsonl.gz: gzip data is truncated"));
  CHECK(source->acknowledge());
  CHECK(published(scratch) == Texts{"2.jsonl.gz"});
}

TEST_CASE("directory queue: with follow it waits for more") {
  Wakeup wakeup;
  const Scratch scratch;
  const auto source = from("dir:" + scratch.path() + "?follow=1");
  CHECK(drain(*source, Fetch::later).empty());
  const auto begin = std::chrono::steady_clock::now();
  std::thread writer([&scratch] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto out = to("dir:" + scratch.path());
    REQUIRE(out->write("{1}\n"));
    REQUIRE(out->close());
  });
  Texts texts;
  while (texts.empty()) {
    source->wait(wakeup);
    texts = drain(*source, Fetch::later);
  }
  writer.join();
  CHECK(texts == Texts{"{1}"});
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("directory queue: each file is one feed") {
  Wakeup wakeup;
  const Scratch scratch;
  scratch.put("1.csv", "a,b\n");
  scratch.put("2.csv", "c,d\n");
  const auto source = from("dir:" + scratch.path() + "?suffix=.csv");
  ByteSource bytes;
  std::string name;
  Texts seen;
  while (source->next_stream(bytes, name, wakeup) == Fetch::record) {
    char block[64];
    seen.push_back(name.substr(scratch.path().size() + 1) + "=" +
                   std::string(block, bytes(block, sizeof block).value()));
  }
  CHECK(seen == Texts{"1.csv=a,b\n", "2.csv=c,d\n"});
  CHECK(source->acknowledge());
  CHECK(scratch.get("done/2.csv") == "c,d\n");
}

TEST_CASE("directory queue: a flush publishes") {
  const Scratch scratch;
  const auto out = to("dir:" + scratch / "spool");
  const Scratch& all = scratch;
  CHECK(out->flush().value() == Delivery::done);
  REQUIRE(out->write("{1}\n"));
  REQUIRE(out->write("{2}\n"));
  CHECK(list_directory(all / "spool").value().at(0).at(0) == '.');
  CHECK(out->flush().value() == Delivery::done);
  REQUIRE(out->write("{3}\n"));
  REQUIRE(out->close());
  CHECK(list_directory(all / "spool")->size() == 2);
  CHECK(drain(*from("dir:" + all / "spool")) == Texts{"{1}", "{2}", "{3}"});
}

TEST_CASE("directory queue: a file that is full is published") {
  const Scratch scratch;
  const auto out = to("dir:" + scratch.path() + "?max=10");
  for (int i = 0; i < 10; ++i) REQUIRE(out->write("{\"a\":1}\n"));
  CHECK(published(scratch).size() == 5);
  CHECK(hidden(scratch) == 0);
}

TEST_CASE("directory queue: what a dead writer left is recovered") {
  const Scratch scratch;
  in_child(
      [](const std::string& path) {
        const auto out = to("dir:" + path);
        (void)out->write("{1}\n");
        (void)out->write("{\"torn");
        raise(SIGKILL);
      },
      scratch.path());
  scratch.put(".empty.jsonl.tmp", "");
  CHECK(hidden(scratch) == 2);
  const auto alive = to("dir:" + scratch.path());
  CHECK(hidden(scratch) == 0);
  REQUIRE(published(scratch).size() == 1);
  const std::string name = published(scratch)[0];
  CHECK(scratch.get(name) == "{1}\n");
  CHECK(scratch.get(name.substr(0, name.size() - 6) + ".torn") == "{\"torn\n");
}

TEST_CASE("directory queue: two processes write into one directory") {
  const Scratch scratch;
  const auto first = to("dir:" + scratch.path());
  REQUIRE(first->write("{1}\n"));
  const auto second = to("dir:" + scratch.path());
  REQUIRE(second->write("{2}\n"));
  CHECK(hidden(scratch) == 2);
  CHECK(published(scratch).empty());
  REQUIRE(first->close());
  REQUIRE(second->close());
  CHECK(published(scratch).size() == 2);
}

TEST_CASE("directory queue: what cannot be opened is named") {
  CHECK_THAT(open_source("dir:/proc/absent", SourceOptions{}).error().text,
             Catch::Contains("/proc/absent: cannot open the directory"));
  CHECK_THAT(open_destination("dir:/proc/absent/spool").error().text,
             Catch::Contains("/proc/absent/spool: cannot create the directory"));
  CHECK_THAT(open_destination("dir:/tmp?max=much").error().text, Catch::Contains("'much'"));
  CHECK_FALSE(open_destination("dir:/dev/null"));
}
