// SPDX-License-Identifier: Apache-2.0
#include "queue/dead_letters.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "scratch.hpp"
#include "type/json_text.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

DeadLetter letter(std::string_view original) {
  DeadLetter filled;
  filled.bot = "b";
  filled.reason = "not JSON: \"x\"";
  filled.code = "json";
  filled.source = "stdin";
  filled.line = 3;
  filled.offset = 17;
  filled.original = original;
  return filled;
}

// The line without its time.
std::string one(const DeadLetter& dead) {
  const Scratch scratch;
  Result<DeadLetters> letters = DeadLetters::open(scratch / "dead");
  REQUIRE(letters);
  REQUIRE(letters->append(dead));
  const std::string line = scratch.get("dead");
  REQUIRE(line.back() == '\n');
  CHECK(is_json(line));
  CHECK(line.substr(0, 9) == "{\"time\":\"");
  CHECK(line.substr(28, 8) == "+00:00\",");
  return line.substr(36, line.size() - 37);
}

const std::string head =
    R"("bot":"b","reason":"not JSON: \"x\"","code":"json","source":"stdin","line":3,"offset":17,)";

}  // namespace

TEST_CASE("dead letters: a letter is one line") {
  CHECK(one(letter("{\"a\": \xC3\xA9\\")) == head + "\"original\":\"{\\\"a\\\": \xC3\xA9\\\\\"}");
  CHECK(one(letter("")) == head + R"("original":""})");
  CHECK(one(letter(std::string_view("\0\x1F", 2))) == head + R"("original":"\u0000\u001f"})");
}

TEST_CASE("dead letters: bytes that are not UTF-8 are in base64") {
  CHECK(one(letter("a\xFF")) == head + R"("original":"Yf8=","encoding":"base64"})");
  CHECK(one(letter("\xED\xA0\x80")) == head + R"("original":"7aCA","encoding":"base64"})");
  CHECK(one(letter("a\xC3")) == head + R"("original":"YcM=","encoding":"base64"})");
}

TEST_CASE("dead letters: a record that was too long has size and hash") {
  DeadLetter big = letter("abc\xC3");
  big.size = 1000;
  big.digest = "00ff";
  CHECK(one(big) == head + R"("original":"abc","size":1000,"sha256":"00ff"})");
}

TEST_CASE("dead letters: a torn letter moves away and the file is closed to others") {
  const Scratch scratch;
  umask(0);
  scratch.put("dead", "{}\n{\"time\":\"20");
  REQUIRE(DeadLetters::open(scratch / "dead"));
  CHECK(scratch.get("dead") == "{}\n");
  CHECK(scratch.get("dead.torn") == "{\"time\":\"20\n");
  REQUIRE(DeadLetters::open(scratch / "new"));
  struct stat status = {};
  stat((scratch / "new").c_str(), &status);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("dead letters: a full disk is an error and leaves whole letters") {
  const Scratch scratch;
  signal(SIGXFSZ, SIG_IGN);
  Result<DeadLetters> letters = DeadLetters::open(scratch / "dead");
  REQUIRE(letters->append(letter("first")));
  const std::string before = scratch.get("dead");
  rlimit old = {};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit limit = {before.size() + 10, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const Result<void> written = letters->append(letter("second"));
  setrlimit(RLIMIT_FSIZE, &old);
  REQUIRE_FALSE(written);
  CHECK_THAT(written.error().text, Catch::Contains("dead: cannot write: File too large"));
  CHECK(scratch.get("dead") == before);
  REQUIRE(letters->append(letter("second")));
  CHECK(scratch.get("dead").size() > before.size());
  CHECK_FALSE(DeadLetters::open("/dev/full")->append(letter("x")));
}
