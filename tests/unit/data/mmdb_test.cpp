// SPDX-License-Identifier: Apache-2.0
#include "data/mmdb.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "data/city.hpp"
#include "data/record_texts.hpp"

namespace {

using intelmq::IpAddress;
using intelmq::Mmdb;

const std::filesystem::path data = std::filesystem::path("tests") / "data";

IpAddress v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  IpAddress address{};
  const std::array<unsigned, 4> parts{a, b, c, d};
  for (std::size_t i = 0; i < 4; ++i) address.bytes[i] = static_cast<std::uint8_t>(parts[i]);
  return address;
}

IpAddress v6(std::initializer_list<unsigned> groups) {
  IpAddress address{};
  address.v6 = true;
  std::size_t at = 0;
  for (const unsigned group : groups) {
    address.bytes[at++] = static_cast<std::uint8_t>(group >> 8);
    address.bytes[at++] = static_cast<std::uint8_t>(group);
  }
  return address;
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    path_ = (std::filesystem::temp_directory_path() / "mmdb-test-XXXXXX").string();
    ::close(::mkstemp(path_.data()));
    write(content);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  // By rename: the old file may still be mapped.
  void write(const std::string& content) {
    std::ofstream(path_ + ".new", std::ios::binary) << content;
    std::filesystem::rename(path_ + ".new", path_);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string text(const std::string& s) {  // up to 28 bytes
  return static_cast<char>(0x40 | s.size()) + s;
}

std::string unsigned_number(char type, std::uint64_t value, unsigned size) {  // extended from 8 on
  std::string out;
  if (type >= 8) {
    out = {static_cast<char>(size), static_cast<char>(type - 7)};
  } else {
    out = {static_cast<char>(type << 5 | static_cast<char>(size))};
  }
  for (unsigned i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  return out;
}

// A database of the given version and record size; networks are paths of '0' and '1' from the root.
std::string database(unsigned version, unsigned record_size,
                     const std::vector<std::pair<std::string, std::uint32_t>>& networks,
                     const std::string& data) {
  constexpr std::int64_t empty = -1;
  std::vector<std::array<std::int64_t, 2>> nodes{{empty, empty}};  // <= -2: data offset -2 - n
  for (const auto& [bits, offset] : networks) {
    std::size_t node = 0;
    for (std::size_t i = 0; i + 1 < bits.size(); ++i) {
      const std::size_t side = bits[i] == '1';
      if (nodes[node][side] == empty) {
        nodes[node][side] = static_cast<std::int64_t>(nodes.size());
        nodes.push_back({empty, empty});
      }
      node = static_cast<std::size_t>(nodes[node][side]);
    }
    nodes[node][bits.back() == '1'] = -2 - static_cast<std::int64_t>(offset);
  }
  std::string out;
  const auto put = [&](std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  };
  for (const auto& node : nodes) {
    std::array<std::uint64_t, 2> record{};
    for (std::size_t side = 0; side < 2; ++side) {
      const std::int64_t n = node[side];
      record[side] =
          n >= 0 ? static_cast<std::uint64_t>(n)
                 : nodes.size() + (n == empty ? 0 : 16 + static_cast<std::uint64_t>(-2 - n));
    }
    if (record_size == 24) put(record[0] << 24 | record[1], 6);
    if (record_size == 32) put(record[0] << 32 | record[1], 8);
    if (record_size == 28) {
      put((record[0] & 0xffffff) << 32 | record[0] >> 24 << 28 | record[1], 7);
    }
  }
  out += std::string(16, '\0') + data + "\xab\xcd\xefMaxMind.com";
  out += static_cast<char>(0xe9);
  out += text("node_count") + unsigned_number(6, nodes.size(), 4);
  out += text("record_size") + unsigned_number(5, record_size, 2);
  out += text("ip_version") + unsigned_number(5, version, 2);
  out += text("database_type") + text("Test");
  out += text("languages") + std::string("\x00\x04", 2);
  out += text("binary_format_major_version") + unsigned_number(5, 2, 2);
  out += text("binary_format_minor_version") + unsigned_number(5, 0, 2);
  out += text("build_epoch") + unsigned_number(9, 1767225600, 8);
  out += text("description") + std::string("\xe0", 1);
  return out;
}

// Everything a bot could ask of a database.
void exercise(const Mmdb& db, intelmq::CityReader& reader, const IpAddress& address) {
  unsigned prefix = 0;
  const auto plain = db.find(address);
  REQUIRE(db.find(address, &prefix) == plain);
  REQUIRE(prefix <= (address.v6 ? 128u : 32u));
  const IpAddress other = v4(192, 0, 2, address.bytes[3]);
  REQUIRE(db.find(address, other)[0] == plain.value_or(Mmdb::nowhere));
  REQUIRE(db.find(other, address) ==
          std::array{db.find(other).value_or(Mmdb::nowhere), plain.value_or(Mmdb::nowhere)});
  if (!plain) return;
  const intelmq::City city = reader.read(*plain);
  const intelmq::City fresh = intelmq::CityReader(db).read(*plain);
  REQUIRE(city.cc == fresh.cc);
  REQUIRE(city.city == fresh.city);
  REQUIRE(city.latitude == fresh.latitude);
  db.integer(*plain, {"location", "accuracy_radius"});
  db.number(*plain, {});
  db.text(*plain, {"city", "names", "en", "deeper"});
}

}  // namespace

TEST_CASE("mmdb: finds records and their networks", "[mmdb]") {
  auto db = Mmdb::open(data / "city.mmdb");
  REQUIRE(db);
  CHECK(db->metadata().database_type == "IntelMQ-Test-City");
  CHECK(db->metadata().build_epoch == 1767225600);
  CHECK(db->metadata().ip_version == 6);
  CHECK(db->metadata().record_size == 24);
  CHECK(db->metadata().node_count > 100);

  unsigned prefix = 99;
  const auto vienna = db->find(v4(192, 0, 2, 77), &prefix);
  REQUIRE(vienna);
  CHECK(prefix == 24);
  CHECK(db->find(v4(192, 0, 2, 78)) == vienna);  // first through the table, then from it
  CHECK(db->find(v4(192, 0, 2, 79)) == vienna);
  CHECK(db->text(*vienna, {"city", "names", "en"}) == "Vienna");
  CHECK(db->number(*vienna, {"location", "latitude"}) == 48.2082);
  CHECK(db->integer(*vienna, {"location", "accuracy_radius"}) == 10);
  CHECK(db->number(*vienna, {"location", "accuracy_radius"}) == 10.0);

  CHECK_FALSE(db->find(v4(192, 0, 3, 1), &prefix));
  CHECK(prefix == 24);  // the gap beside 192.0.2.0/24
  CHECK_FALSE(db->find(v4(10, 0, 0, 1)));
  CHECK_FALSE(db->find(v4(198, 18, 5, 127), &prefix));
  CHECK(prefix == 25);
  CHECK(db->find(v4(198, 18, 5, 128)));

  const auto doc = db->find(v6({0x2001, 0xdb8, 1, 2, 3, 4, 5, 6}), &prefix);
  REQUIRE(doc);
  CHECK(prefix == 32);
  CHECK(db->find(v6({0x2001, 0xdb8})) == doc);
  CHECK_FALSE(db->find(v6({0x2001, 0xdb9})));
  CHECK(db->find(v6({0, 0, 0, 0, 0, 0, 0xc000, 0x0201})) == vienna);  // ::192.0.2.1
}

TEST_CASE("mmdb: a path that does not fit finds nothing", "[mmdb]") {
  auto db = Mmdb::open(data / "city.mmdb");
  REQUIRE(db);
  const auto at = *db->find(v4(192, 0, 2, 1));
  CHECK_FALSE(db->text(at, {}));
  CHECK_FALSE(db->text(at, {"city"}));
  CHECK_FALSE(db->text(at, {"city", "names", "xx"}));
  CHECK_FALSE(db->text(at, {"city", "names", "en", "more"}));
  CHECK_FALSE(db->text(at, {"location", "latitude"}));
  CHECK_FALSE(db->number(at, {"city", "names", "en"}));
  CHECK_FALSE(db->integer(at, {"location", "latitude"}));
  CHECK_FALSE(db->text(0xffffffffu, {"city"}));
}

TEST_CASE("mmdb: members are found in one pass", "[mmdb]") {
  auto db = Mmdb::open(data / "city.mmdb");
  REQUIRE(db);
  intelmq::MmdbNames names{"registered_country", "none", "city", "", "en"};
  for (int round = 0; round < 2; ++round) {  // the second time the names are known
    const auto at = *db->find(v4(192, 0, 2, 1));
    const auto found = db->members(at, names);
    CHECK(db->text(found[0], {"iso_code"}) == "AT");
    CHECK(found[1] == Mmdb::nowhere);
    CHECK(db->text(found[2], {"names", "en"}) == "Vienna");
    for (std::size_t i = 3; i < found.size(); ++i) CHECK(found[i] == Mmdb::nowhere);
    CHECK(db->member(at, names, 2) == found[2]);
    CHECK(db->member(at, names, 1) == Mmdb::nowhere);
    CHECK(db->members(found[2], names)[4] == Mmdb::nowhere);
    CHECK(db->members(Mmdb::nowhere, names)[2] == Mmdb::nowhere);
    CHECK(db->member(Mmdb::nowhere, names, 2) == Mmdb::nowhere);
    CHECK(db->target(Mmdb::nowhere) == Mmdb::nowhere);
  }
}

TEST_CASE("mmdb: all record sizes, IPv4 and IPv6 trees", "[mmdb]") {
  const std::string data = text("one") + text("two");
  const std::string zeros(96, '0');
  for (const unsigned size : {24u, 28u, 32u}) {
    CAPTURE(size);
    const TemporaryFile four(
        database(4, size, {{"11000000000000000000001000000001", 0}, {"01", 4}}, data));
    auto db = Mmdb::open(four.path());
    REQUIRE(db);
    CHECK(db->text(*db->find(v4(192, 0, 2, 1)), {}) == "one");
    CHECK(db->text(*db->find(v4(127, 255, 0, 1)), {}) == "two");
    CHECK_FALSE(db->find(v4(192, 0, 2, 0)));
    unsigned prefix = 99;
    CHECK(db->find(v4(64, 0, 0, 0), &prefix));
    CHECK(prefix == 2);
    CHECK_FALSE(db->find(v6({0xc000, 0x0201})));

    const TemporaryFile six(database(6, size, {{zeros + "11", 0}, {"0011", 4}}, data));
    db = Mmdb::open(six.path());
    REQUIRE(db);
    CHECK(db->text(*db->find(v4(192, 0, 2, 1), &prefix), {}) == "one");
    CHECK(prefix == 2);
    CHECK_FALSE(db->find(v4(127, 0, 0, 1)));
    CHECK(db->text(*db->find(v6({0x3fff}), &prefix), {}) == "two");
    CHECK(prefix == 4);

    const TemporaryFile wide(database(6, size, {{zeros.substr(0, 64), 4}}, data));
    db = Mmdb::open(wide.path());
    REQUIRE(db);  // all of IPv4 lies in one larger network
    CHECK(db->text(*db->find(v4(192, 0, 2, 1), &prefix), {}) == "two");
    CHECK(prefix == 0);
    CHECK(db->text(*db->find(v4(192, 0, 2, 1)), {}) == "two");
  }
}

TEST_CASE("mmdb: values of all kinds", "[mmdb]") {
  const auto stored = [](const std::string& value) {
    const TemporaryFile file(database(4, 24, {{"0", 0}}, value));
    return std::move(*Mmdb::open(file.path()));
  };
  CHECK(stored(unsigned_number(6, 0xffffffff, 4)).integer(0, {}) == 4294967295);
  CHECK(stored(unsigned_number(6, 0, 0)).integer(0, {}) == 0);
  CHECK(stored(unsigned_number(8, 0xffffffff, 4)).integer(0, {}) == -1);
  CHECK(stored(unsigned_number(8, 0xffffffff, 4)).number(0, {}) == -1.0);
  CHECK(stored(unsigned_number(9, 0x7fffffffffffffff, 8)).integer(0, {}) == INT64_MAX);
  CHECK_FALSE(stored(unsigned_number(9, 0x8000000000000000, 8)).integer(0, {}));
  CHECK_FALSE(stored(unsigned_number(5, 1, 3)).integer(0, {}));  // too long for its type
  CHECK(stored(unsigned_number(3, 0x404a2b020c49ba5e, 8)).number(0, {}) == 52.336);
  CHECK(stored(unsigned_number(15, 0x424d9d49, 4)).number(0, {}) == 51.4036);  // float
  CHECK_FALSE(stored(unsigned_number(15, 0x7f800000, 4)).number(0, {}));       // infinity
  CHECK_FALSE(stored(unsigned_number(3, 0x7ff8000000000000, 8)).number(0, {}));
  CHECK(stored(text("-12.5")).number(0, {}) == -12.5);
  CHECK(stored(text("64496")).integer(0, {}) == 64496);
  for (const char* bad : {"", "12a", " 1", "nan", "inf", "AS64496", "1e999"}) {
    CAPTURE(bad);
    CHECK_FALSE(stored(text(bad)).number(0, {}));
    CHECK_FALSE(stored(text(bad)).integer(0, {}));
  }
}

TEST_CASE("mmdb: what is no database is refused with a reason", "[mmdb]") {
  const auto reason = [](const std::string& path) { return Mmdb::open(path).error().text; };
  CHECK_THAT(reason("/nonexistent/x.mmdb"), Catch::Contains("/nonexistent/x.mmdb") &&
                                                Catch::Contains("No such file or directory"));
  CHECK_FALSE(Mmdb::open("/"));
  const std::string city = slurp(data / "city.mmdb");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{20}, city.size() / 2}) {
    const TemporaryFile file(city.substr(0, size));
    CHECK_THAT(reason(file.path()), Catch::Contains("fetch it again") || Catch::Contains("check"));
  }
  const TemporaryFile noise(std::string(4096, 'x'));
  CHECK_THAT(reason(noise.path()), Catch::Contains("no intact MaxMind DB"));
}

TEST_CASE("mmdb: hostile records neither crash nor take long", "[mmdb]") {
  const auto open = [](const std::string& data) {
    const TemporaryFile file(database(4, 24, {{"0", 0}}, data));
    return std::move(*Mmdb::open(file.path()));
  };
  std::string nested;  // {"a": [[[[...]]]], "b": "x"}
  for (int i = 0; i < 4'000'000; ++i) nested += "\x01\x04";
  CHECK_FALSE(open("\xe2" + text("a") + nested + text("b") + text("x")).text(0, {"b"}));
  CHECK_FALSE(open("\xff\xff\xff\xff" + text("a")).text(0, {"b"}));  // a map of 16 M entries
  CHECK_FALSE(open("\x5f\xff\xff\xff").text(0, {}));                 // a text of 16 M bytes
  CHECK_FALSE(open(std::string("\x20\x00", 2)).text(0, {}));         // a pointer to itself
  CHECK_FALSE(open("\x38\xff\xff\xff\xff").text(0, {}));             // out of the file
  CHECK_FALSE(open("\xe1" + text("a") + std::string("\x20\x00", 2)).text(0, {"a", "a", "a"}));
  CHECK_FALSE(open("\xe1" + text("a") + std::string(2'000'000, '\xe0')).text(0, {"b"}));
}

TEST_CASE("mmdb: hostile names and pointers neither crash nor take long", "[mmdb]") {
  const auto found = [](const std::string& data) {
    const TemporaryFile file(database(4, 24, {{"0", 0}}, data));
    const auto db = std::move(*Mmdb::open(file.path()));
    intelmq::CityReader(db).read(0);
    intelmq::MmdbNames fresh{"a", "b"};
    for (int round = 0; round < 2; ++round) db.member(0, fresh, 1);
    return db.members(0, fresh)[1] != Mmdb::nowhere;
  };
  const std::string self("\x20\x00", 2);  // a pointer to the start
  CHECK(found("\xe1" + text("b") + self));
  CHECK_FALSE(found("\xe1" + self + text("x")));          // the name is the map itself
  CHECK_FALSE(found(std::string("\xe1\x20\x01", 3)));     // the name points to itself
  CHECK_FALSE(found("\xe1\x38\xff\xff\xff\xff" + self));  // out of the file
  CHECK_FALSE(found("\xe1" + text("b")));                 // cut off before the value
  CHECK_FALSE(found("\xe2\x41"));                         // within the name
  CHECK_FALSE(found("\xe1\x20"));                         // within the pointer
  CHECK_FALSE(found("\xff\xff\xff\xff" + text("a")));
  std::string many = "\xfe\xff\xff";  // 65,820 members: more than are looked at
  for (int i = 0; i < 65'819; ++i) many += text("a") + "\xa0";
  CHECK_FALSE(found(many + text("b") + text("x")));
}

TEST_CASE("mmdb: survives flipped bytes", "[mmdb]") {
  const std::string city = slurp(data / "city.mmdb");
  const std::string flat = slurp(data / "flat.mmdb");
  std::mt19937 random(20260101);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  unsigned opened = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bytes = round % 2 ? city : flat;
    const std::size_t flips = 1 + random() % 64;
    const std::size_t window = round % 3 == 0 ? 600 : bytes.size();  // often the metadata
    for (std::size_t i = 0; i < flips; ++i) {
      bytes[bytes.size() - 1 - random() % window] = static_cast<char>(random());
    }
    const TemporaryFile file(bytes);
    const auto db = Mmdb::open(file.path());
    if (!db) continue;
    ++opened;
    intelmq::CityReader reader(*db);
    for (int i = 0; i < 100; ++i) {
      exercise(*db, reader, v4(i % 2 ? 192 : 80, random(), random(), random()));
      exercise(*db, reader, v4(192, 0, 2, random()));
      exercise(*db, reader, v6({0x2001, 0xdb8, static_cast<unsigned>(random()) & 0xffff}));
    }
  }
  CHECK(opened > 50);
}

TEST_CASE("mmdb: is exchanged while in use", "[mmdb]") {
  TemporaryFile file(slurp(data / "flat.mmdb"));
  auto opened = Mmdb::open(file.path());
  REQUIRE(opened);
  Mmdb db = std::move(*opened);
  CHECK(db.text(*db.find(v4(192, 0, 2, 1)), {"city"}) == "Vienna");
  file.write(slurp(data / "city.mmdb"));
  CHECK(db.text(*db.find(v4(192, 0, 2, 1)), {"city"}) == "Vienna");  // the old mapping lives on
  auto next = Mmdb::open(file.path());
  REQUIRE(next);
  db = std::move(*next);
  CHECK_FALSE(db.text(*db.find(v4(192, 0, 2, 1)), {"city"}));
  CHECK(db.text(*db.find(v4(192, 0, 2, 1)), {"city", "names", "en"}) == "Vienna");
  file.write("nothing");
  CHECK_FALSE(Mmdb::open(file.path()));
  CHECK(db.find(v4(192, 0, 2, 1)));
}

TEST_CASE("record texts: are made once, evicted, and may be long", "[mmdb]") {
  int made = 0;
  const auto make = [&](std::uint32_t offset, std::string& out) {
    ++made;
    std::array<std::uint32_t, 4> end{};
    out += std::to_string(offset);
    end[0] = end[1] = static_cast<std::uint32_t>(out.size());
    out += std::string(offset % 100, 'x');
    end[2] = static_cast<std::uint32_t>(out.size());
    out += "end";
    end[3] = static_cast<std::uint32_t>(out.size());
    return end;
  };
  intelmq::RecordTexts texts(6);
  const auto check = [&](std::uint32_t offset) {
    texts.prefetch(offset);
    const auto found = texts.get(offset, make);
    CHECK(found[0] == std::to_string(offset));
    CHECK(found[1].empty());
    CHECK(found[2] == std::string(offset % 100, 'x'));
    CHECK(found[3] == "end");
  };
  check(0);
  check(0);
  CHECK(made == 1);
  check(99);
  check(99);
  CHECK(made == 3);  // too long to be kept
  for (std::uint32_t i = 0; i < 1000; ++i) check(i * 977);
  check(Mmdb::nowhere - 1);

  made = 0;
  intelmq::RecordTexts large(14);
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t i = 0; i < 4096; ++i) large.get(i * 100, make);
  CHECK(made < 4096 + 2048);  // few collisions
}
