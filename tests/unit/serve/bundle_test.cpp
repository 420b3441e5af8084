// SPDX-License-Identifier: Apache-2.0
#include "serve/bundle.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "serve/dumps.hpp"
#include "serve/state_keeper.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/bundle-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + '/' + name; }
  std::string path;
};

void put(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

Json manifest(const std::string& member = "") {
  Json out = Json::parse(R"({"format":"intelmq-state/1","service":"s","instance":"s-1",
    "created":"2026-01-01T00:00:00.000Z","purpose":"snapshot",
    "bots":[{"id":"a","name":"intelmq-expert-a","state_schema":1}],"members":[]})")
                 .value();
  if (!member.empty())
    out.set(
        "members",
        Json::array().push(
            Json::object().set("name", member).set("bytes", 3).set("sha256", sha256_hex("abc"))));
  return out;
}

/// A tar file as an enemy would write it: nothing is checked.
class Tar {
 public:
  Tar& add(const std::string& name, const std::string& bytes, char type = '0',
           const std::string& link = "", long size = -1) {
    char head[512] = {};
    std::strncpy(head, name.c_str(), 100);
    std::snprintf(head + 100, 8, "%07o", 0600);
    std::snprintf(head + 108, 8, "%07o", 0);
    std::snprintf(head + 116, 8, "%07o", 0);
    std::snprintf(head + 124, 12, "%011lo", size < 0 ? static_cast<long>(bytes.size()) : size);
    std::snprintf(head + 136, 12, "%011o", 0);
    head[156] = type;
    std::strncpy(head + 157, link.c_str(), 100);
    std::memcpy(head + 257, "ustar\00000", 8);
    std::memset(head + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : head) sum += static_cast<unsigned char>(c);
    std::snprintf(head + 148, 8, "%06o", sum);
    text_.append(head, sizeof head).append(bytes);
    text_.append((512 - bytes.size() % 512) % 512, '\0');
    return *this;
  }
  Tar& add(const Json& json) { return add("manifest.json", json.dump()); }
  std::string text() const { return text_ + std::string(1024, '\0'); }

 private:
  std::string text_;
};

/// Why it is refused, or "".
std::string verdict(const std::string& bytes, const BundleLimits& limits = {}) {
  const Folder folder;
  put(folder / "x.tar", bytes);
  const auto checked = check_bundle(folder / "x.tar", limits);
  return checked ? "" : checked.error().text;
}

bool says(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

constexpr const char* member = "bots/a/files/state";

}  // namespace

TEST_CASE("a bundle comes back as it was written") {
  const Folder folder;
  const std::string big(3'000'000, 'x');
  put(folder / "work/bots/a/files/state", big);
  put(folder / "work/bots/a/config.json", "{}\n");
  const auto written = write_bundle(folder / "b.tar", manifest(), folder / "work");
  REQUIRE(written);
  CHECK(written->manifest["members"].items().size() == 2);
  CHECK(written->manifest["members"].items()[0]["name"].text() == "bots/a/config.json");
  CHECK_FALSE(std::filesystem::exists(folder / "b.tar.partial"));
  struct stat status {};
  REQUIRE(::stat((folder / "b.tar").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto checked = check_bundle(folder / "b.tar");
  REQUIRE(checked);
  CHECK(checked->sha256 == written->sha256);
  CHECK(checked->manifest == written->manifest);
  REQUIRE(extract_members(folder / "b.tar", checked->manifest, {{member, folder / "out"}}));
  CHECK(read_file(folder / "out").value() == big);
  SECTION("the same files make the same bytes") {
    const auto again = write_bundle(folder / "c.tar", manifest(), folder / "work");
    REQUIRE(again);
    CHECK(again->sha256 == written->sha256);
  }
  SECTION("no bundle and no extracted file is overwritten") {
    CHECK_FALSE(write_bundle(folder / "b.tar", manifest(), folder / "work"));
    CHECK_FALSE(extract_members(folder / "b.tar", checked->manifest, {{member, folder / "out"}}));
    CHECK(read_file(folder / "out").value() == big);
  }
  SECTION("a changed byte is noticed by both") {
    std::string bytes = read_file(folder / "b.tar").value();
    bytes[bytes.size() / 2] ^= 1;
    put(folder / "bad.tar", bytes);
    CHECK_FALSE(check_bundle(folder / "bad.tar"));
    CHECK_FALSE(extract_members(folder / "bad.tar", checked->manifest, {{member, folder / "o2"}}));
    CHECK_FALSE(std::filesystem::exists(folder / "o2"));
  }
  SECTION("every cut is noticed") {
    const std::string bytes = read_file(folder / "b.tar").value();
    for (const std::size_t size : {0ul, 100ul, 600ul, 1024ul, bytes.size() / 2})
      CHECK(verdict(bytes.substr(0, size)) != "");
  }
}

TEST_CASE("hostile bundles are refused before anything is believed") {
  const std::string good = Tar().add(manifest(member)).add(member, "abc").text();
  CHECK(verdict(good) == "");
  CHECK(says(verdict("no tar at all, but some text"), "no tar file"));
  for (const char* const name :
       {"../etc/passwd", "/etc/passwd", "bots/../../x/y", "bots/a/files/..", "bots/a/./state",
        "bots//files/state", "bots/a", "other/a/b", "bots/a/files/a b", "./manifest.json",
        "bots/a/files/\xc3\xa9"}) {
    CHECK(verdict(Tar().add(manifest(name)).add(name, "abc").text()) != "");
    CHECK(verdict(Tar().add(manifest(member)).add(name, "abc").text()) != "");
  }
  for (const char type : {'1', '2', '3', '4', '5', '6'})
    CHECK(says(verdict(Tar().add(manifest(member)).add(member, "", type, "/etc/passwd").text()),
               "no regular file"));
  CHECK(says(verdict(Tar().add(member, "abc").add(manifest(member)).text()), "first member"));
  CHECK(says(verdict(Tar().add(manifest(member)).text()), "lacks"));
  CHECK(says(verdict(Tar().add(manifest()).add(member, "abc").text()), "does not name"));
  CHECK(says(verdict(Tar().add(manifest(member)).add(member, "abd").text()), "not what"));
  CHECK(says(verdict(Tar().add(manifest(member)).add(member, "abcd").text()), "not what"));
  CHECK(says(verdict(Tar().add(manifest(member)).add(member, "abc").add(member, "abc").text()),
             "twice"));
  CHECK(says(verdict(Tar().add(manifest(member)).add(manifest(member)).text()), "twice"));
  CHECK(says(verdict(Tar().add(manifest(member)).add(member, "abc", '0', "", 07777777777).text()),
             "longer than itself"));
  CHECK(says(verdict(Tar().add("manifest.json", "[1").text()), "no JSON"));
  CHECK(says(verdict(Tar().add("manifest.json", R"({"format":"other/1"})").text()), "format"));
  CHECK(verdict(Tar().add(manifest().set("instance", "../x")).text()) != "");
  CHECK(verdict(Tar().add(manifest().set("bots", Json())).text()) != "");
  CHECK(verdict(
            Tar()
                .add("manifest.json", R"({"format":"intelmq-state/1","format":"intelmq-state/1"})")
                .text()) != "");
}

TEST_CASE("a bundle has its limits") {
  const std::string good = Tar().add(manifest(member)).add(member, "abc").text();
  BundleLimits limits;
  limits.bytes = 1000;
  CHECK(says(verdict(good, limits), "too long"));
  limits = {};
  limits.members = 1;
  CHECK(says(verdict(good, limits), "too many"));
  limits = {};
  limits.manifest = 10;
  CHECK(says(verdict(good, limits), "too long"));
}

TEST_CASE("dumps are known by what lies in their directory") {
  const Folder folder;
  const Dumps dumps(folder / "dumps");
  REQUIRE(dumps.prepare());
  put(folder / "work/bots/a/files/state", "abc");
  const auto bundle = write_bundle(dumps.path_of("one"), manifest(), folder / "work");
  REQUIRE(bundle);
  REQUIRE(dumps.add("one", *bundle));
  put(dumps.workshop_of("cut") + "/bots/a", "x");
  put(dumps.path_of("cut") + ".partial", "x");
  REQUIRE(Dumps(folder / "dumps").prepare());
  CHECK(list_directory(folder / "dumps").value() ==
        std::vector<std::string>{"one.json", "one.tar"});
  REQUIRE(dumps.list().size() == 1);
  CHECK((*dumps.find("one"))["sha256"].text() == bundle->sha256);
  CHECK_FALSE(dumps.find("../one"));
  CHECK_FALSE(dumps.remove("two"));
  CHECK(dumps.remove("one"));
  CHECK(dumps.list().empty());
}

TEST_CASE("where a parameter says that state is") {
  CHECK(state_file_in("file:/var/x") == "/var/x");
  CHECK(state_file_in("file:///var/x?sync=none") == "/var/x");
  CHECK(state_file_in("file:x") == "x");
  CHECK(state_file_in("/var/x:y") == "/var/x:y");
  CHECK(state_file_in("x") == "x");
  CHECK(state_file_in("memory:") == "");
  CHECK(state_file_in("redis:") == "");
  CHECK(state_file_in("") == "");
}
