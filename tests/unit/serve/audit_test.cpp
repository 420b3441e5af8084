// SPDX-License-Identifier: Apache-2.0
#include "serve/audit.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "base/file.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

struct Place {
  Place() {
    std::string made = "/tmp/audit-test-XXXXXX";
    directory = mkdtemp(made.data());
    path = directory + "/audit.ndjson";
  }
  ~Place() {
    const auto names = *list_directory(directory);
    for (const auto& name : names) unlink((directory + "/" + name).c_str());
    rmdir(directory.c_str());
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// Does jobs at once, or, with `hold`, not before `finish`.
  Work worker() {
    return [this](const std::function<void()>& job, const std::function<void()>& then) {
      held.push_back([job, then] {
        job();
        then();
      });
      if (!hold) finish();
    };
  }
  void finish() {
    while (!held.empty()) {
      const auto next = std::move(held.front());
      held.erase(held.begin());
      next();
    }
  }
  Result<std::unique_ptr<Audit>> open() { return Audit::open(worker(), path); }

  /// Writes records by these names; how many got to disk.
  int write(Audit& audit, const std::vector<std::string>& names) {
    int good = 0;
    for (const auto& name : names)
      audit.write(Json::object().set("actor", Json::object().set("name", name)).set("seq", 99),
                  [&](const Result<void>& written) {
                    good += static_cast<int>(written.has_value());
                    if (!written) error = written.error().text;
                  });
    finish();
    return good;
  }
  static std::vector<Json> read(Audit& audit, AuditQuery query) {
    std::vector<Json> out;
    audit.read(std::move(query),
               [&](Result<std::vector<Json>> got) { out = std::move(got.value()); });
    return out;
  }
  std::string verdict() const {
    const auto chain = verify_audit(path);
    return chain ? std::to_string(chain->lines) + " good" : chain.error().text;
  }
  void replace(const std::string& from, const std::string& to) const {
    std::string text = *read_file(path);
    text.replace(text.find(from), from.size(), to);
    REQUIRE(atomic_write(path, text));
  }

  std::vector<std::function<void()>> held;
  bool hold = false;
  std::string directory, path, error;
};

}  // namespace

TEST_CASE_METHOD(Place, "audit: a chain over restarts and files") {
  {
    auto audit = open();
    REQUIRE(audit);
    CHECK(verdict() == "0 good");
    CHECK(write(**audit, {"ann", "bob", "ann"}) == 3);
  }
  auto audit = open();
  REQUIRE(audit);
  CHECK(write(**audit, {"cyd"}) == 1);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(verdict() == "4 good");
  CHECK(verify_audit(path)->last == 4);
  const auto found = read(**audit, {"", "ann", 10});
  REQUIRE(found.size() == 2);
  CHECK(found[0]["seq"].integer() == 1);
  CHECK(found[1]["seq"].integer() == 3);
  CHECK(read(**audit, {"", "", 2}).front()["seq"].integer() == 3);
  CHECK(read(**audit, {"9", "", 9}).empty());
  CHECK(read(**audit, {"2", "", 9}).size() == 4);
  // After log rotation the chain goes on in the new file.
  const std::string old = path + ".1";
  REQUIRE(rename(path.c_str(), old.c_str()) == 0);
  (*audit)->reopen();
  CHECK(write(**audit, {"dan"}) == 1);
  CHECK(verify_audit(path)->first == 5);
  CHECK(verify_audit(path)->before == verify_audit(old)->hash);
}

TEST_CASE_METHOD(Place, "audit: what was changed is found") {
  {
    auto audit = open();
    write(**audit, {"ann", "bob", "cyd", "dan"});
  }
  const std::string good = *read_file(path);
  const auto line = [&](int number) {
    std::size_t start = 0;
    for (int i = 1; i < number; ++i) start = good.find('\n', start) + 1;
    return good.substr(start, good.find('\n', start) + 1 - start);
  };
  const auto check = [&](const std::string& text, const std::string& expected) {
    REQUIRE(atomic_write(path, text));
    INFO(verdict());
    CHECK(verdict().find(expected) != std::string::npos);
  };
  check(good, "4 good");
  REQUIRE(atomic_write(path, good));
  replace("bob", "eve");
  CHECK(verdict().find("line 2: its hash is not that of its content") != std::string::npos);
  check(line(1) + line(3) + line(4), "line 2: its number is 3, not 2");
  check(line(2) + line(1), "line 2: its number is 1, not 3");
  check(line(1) + line(1), "line 2: its number is 1");
  check(good + "{}\n", "line 5: it does not end with a hash");
  check(good.substr(0, good.size() - 1), "line 4: it has no end");
  check(line(2) + line(3), "2 good");  // the rest of a chain; `first` tells
  CHECK(verify_audit(path)->first == 2);
  // A file made anew by the rules, but without the line that came before.
  {
    Place other;
    auto audit = other.open();
    other.write(**audit, {"x", "y"});
    const std::string foreign = *read_file(other.path);
    check(line(1) + foreign.substr(foreign.find('\n') + 1), "line 2: it does not follow");
  }
}

TEST_CASE_METHOD(Place, "audit: files that it does not go on with") {
  REQUIRE(atomic_write(path, "something else\n"));
  CHECK(open().error().text.find("is not one of the audit log") != std::string::npos);
  CHECK_FALSE(Audit::open(worker(), directory));
  CHECK_FALSE(Audit::open(worker(), directory + "/none/x"));
  const std::string link = directory + "/link";
  REQUIRE(symlink(path.c_str(), link.c_str()) == 0);
  CHECK_FALSE(Audit::open(worker(), link));
}

TEST_CASE_METHOD(Place, "audit: half a line of a crash is cut off") {
  {
    auto audit = open();
    write(**audit, {"ann", "bob"});
  }
  REQUIRE(atomic_write(path, *read_file(path) + R"({"time": "2)"));
  auto audit = open();
  REQUIRE(audit);
  write(**audit, {"cyd"});
  CHECK(verdict() == "3 good");
}

TEST_CASE_METHOD(Place, "audit: a full disk breaks no chain") {
  auto audit = open();
  REQUIRE(audit);
  CHECK(write(**audit, {"ann"}) == 1);
  // A limit on the size of files stands for the full disk.
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = static_cast<rlim_t>(status.st_size) + 100;
  setrlimit(RLIMIT_FSIZE, &small);
  const int during = write(**audit, {"bob", "cyd"});
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(during == 0);
  CHECK(error.find("cannot be written") != std::string::npos);
  CHECK(write(**audit, {"dan"}) == 1);
  CHECK(verdict() == "2 good");
}

TEST_CASE_METHOD(Place, "audit: those who write too fast are told so") {
  auto audit = open();
  hold = true;
  const std::vector<std::string> many(1500, "eve");
  const int good = write(**audit, many);
  CHECK(good >= 1024);
  CHECK(good < 1500);
  hold = true;
  std::size_t seen = 0;
  (*audit)->write(Json::object().set("actor", Json::object().set("name", "bob")), {});
  (*audit)->read({"", "bob", 9}, [&](const Result<std::vector<Json>>& got) { seen = got->size(); });
  finish();
  CHECK(seen == 1);  // whoever reads waits for what is being written
  hold = false;
  CHECK(write(**audit, {"ann"}) == 1);
  CHECK(read(**audit, {"", "bob", 1}).front()["lost_before"].integer() == 1500 - good);
  CHECK(verdict() == std::to_string(good + 2) + " good");
}
