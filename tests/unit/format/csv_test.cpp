// SPDX-License-Identifier: Apache-2.0
#include "format/csv.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "format/csv_bits.hpp"
#include "pieces.hpp"

using namespace intelmq;

namespace {

using Rows = std::vector<std::string>;

/// Each row as its cells between brackets; a bad one as `!` and its text.
Rows all_rows(const std::string& text, std::size_t piece, CsvStyle style = {},
              std::size_t max = 1000) {
  CsvReader csv(std::move(style), max);
  csv.start(in_pieces(text, piece));
  Rows out;
  for (;;) {
    const auto found = csv.next();
    if (found == CsvReader::Found::end) return out;
    std::string row;
    if (found == CsvReader::Found::bad) row = "!" + std::string(csv.text());
    for (const std::string_view cell : csv.cells()) row.append("[").append(cell).append("]");
    out.push_back(row);
  }
}

void check(const std::string& text, const Rows& rows, const CsvStyle& style = {},
           std::size_t max = 1000) {
  for (std::size_t piece : {1, 2, 3, 5, 8, 1000}) {
    INFO("pieces of " << piece);
    CHECK(all_rows(text, piece, style, max) == rows);
  }
}

}  // namespace

TEST_CASE("cells are split as Python's csv.reader splits them") {
  check("a,b,c\n", {"[a][b][c]"});
  check("a,,c\r\n,\n", {"[a][][c]", "[][]"});
  check("a\rb", {"[a]", "[b]"});
  check("\"a,b\",\"c\"\"d\",\"\"\n", {"[a,b][c\"d][]"});
  check("a\"b\",c\"\"d\n", {"[a\"b\"][c\"\"d]"});
  check("\"a\"b,\"c\" \"d\",e\n", {"[ab][c \"d\"][e]"});
  check("\"a\nb\",\"c\r\nd\"\nnext\n", {"[a\nb][c\r\nd]", "[next]"});
  check("x,\"\"\"\"\n", {"[x][\"]"});
  check("x,\"", {"[x][]"});
  check("x,\"abc\n", {"[x][abc\n]"});
  check(" \"a\",b\n", {"[ \"a\"][b]"});
  check("\"\"\n", {"[]"});
  check("a,\"b\"\r", {"[a][b]"});
}

TEST_CASE("blank lines, NULs, a byte order mark and comments are left out") {
  check("\n \t\n\r\na\n   \n", {"[a]"});
  check(std::string("a\0,\0\0b\n\0", 8), {"[a][b]"});
  check(
      "\xef\xbb\xbf"
      "a,b\n",
      {"[a][b]"});
  check("#x\na\n  # \"y\nb\n", {"[a]", "[b]"}, {",", true});
  check("#x\n", {"[#x]"});
  check("\"a\n#b\n\nc\"\n", {"[a\n#b\n\nc]"}, {",", true});
}

TEST_CASE("other delimiters") {
  check("a;b,c;\"d;\"\n", {"[a][b,c][d;]"}, {";", false});
  check("a\t\tb\n", {"[a][][b]"}, {"\t", false});
  check(
      "a\xc2\xa6"
      "b\xc2\xa7\xc2\xa6\"c\xc2\xa6\"\n",
      {"[a][b\xc2\xa7][c\xc2\xa6]"}, {"\xc2\xa6", false});
}

TEST_CASE("a quote that is not closed costs its own line alone") {
  check("a\n1,\"x\n2,y\n3,z\n", {"[a]", "!1,\"x", "[2][y]", "[3][z]"});
  const std::string long_line(80, 'y');
  check("1,\"x\n" + long_line + "\n" + long_line + "\n2\n",
        {"!1,\"x", "[" + long_line + "]", "[" + long_line + "]", "[2]"}, {}, 100);
}

TEST_CASE("a line beyond the largest record is cut") {
  for (std::size_t piece : {1, 10, 1000}) {
    const Rows rows = all_rows("a\n" + std::string(300, 'y') + "\nb,\"c\"\n", piece, {}, 100);
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].starts_with("!yyyy"));
    CHECK(rows[2] == "[b][c]");
  }
}

TEST_CASE("text, number, offset and line end of a row") {
  CsvReader csv;
  csv.start(in_pieces("h1;\"h\nh2\n\n1,\"a\nb\"\n2\r\n", 4));
  CHECK(csv.usual_ending() == "\r\n");
  REQUIRE(csv.next_line());
  CHECK(csv.text() == "h1;\"h");
  CHECK(csv.usual_ending() == "\n");
  REQUIRE(csv.next_line());
  REQUIRE(csv.next() == CsvReader::Found::row);
  CHECK(csv.text() == "1,\"a\nb\"");
  CHECK(csv.number() == 4);
  CHECK(csv.offset() == 10);
  REQUIRE(csv.next() == CsvReader::Found::row);
  CHECK(csv.number() == 6);
  CHECK(csv.usual_ending() == "\r\n");
  CHECK(csv.next() == CsvReader::Found::end);
  CHECK(csv.next() == CsvReader::Found::end);
}

TEST_CASE("a broken stream does not give half a row") {
  CsvReader csv;
  csv.start(in_pieces("1,2\n3,\"4", 3, true));
  CHECK(csv.next() == CsvReader::Found::row);
  CHECK(csv.next() == CsvReader::Found::end);
  CHECK(csv.error());
}

TEST_CASE("runaway quotes in a large feed are found in linear time") {
  CsvReader csv({}, 64 * 1024);
  csv.start(repeated("1,\"x\n2,y\n", 200000));
  std::size_t rows = 0;
  for (auto found = csv.next(); found != CsvReader::Found::end; found = csv.next()) ++rows;
  CHECK(rows >= 200000);
}

TEST_CASE("rows are written as Python's csv.writer does") {
  const auto written = [](std::vector<std::string_view> cells) {
    std::string out;
    append_csv_row(out, cells, "\n");
    return out;
  };
  CHECK(written({"a", "b c", ""}) == "a,b c,\n");
  CHECK(written({""}) == "\"\"\n");
  CHECK(written({}) == "\n");
  CHECK(written({"a,b", "c\"d", "e\nf", "g\rh"}) == "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\rh\"\n");
  CHECK(written({"\"", "\"\""}) == "\"\"\"\",\"\"\"\"\"\"\n");
}

TEST_CASE("what is written is read again") {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> texts(1 + random() % 5);
    for (std::string& text : texts)
      for (std::size_t n = random() % 6; n; --n) text += "ab,\"\n\r #"[random() % 8];
    std::string row;
    append_csv_row(row, std::vector<std::string_view>(texts.begin(), texts.end()), "\n");
    if (row.find_first_not_of(" \t\r\n") == row.npos) continue;
    if (row.find_first_not_of(" \t") == row.find_first_of("\r\n")) continue;
    CsvReader csv;
    csv.start(in_pieces(row, 1 + random() % 9));
    REQUIRE(csv.next() == CsvReader::Found::row);
    const auto cells = csv.cells();
    CHECK(std::vector<std::string>(cells.begin(), cells.end()) == texts);
    CHECK(csv.next() == CsvReader::Found::end);
  }
}

TEST_CASE("CSV: any bytes are read to their end") {
  std::mt19937 random(11);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t n = random() % 60; n; --n)
      text += std::string_view("a,\"\n\r #\t\0;\xc3", 11)[random() % 11];
    Rows first;
    for (std::size_t piece : {1, 4, 100}) {
      const Rows rows = all_rows(text, piece, {",", random() % 2 == 0}, 20 + random() % 30);
      CHECK(rows.size() <= text.size());
    }
    first = all_rows(text, 1);
    CHECK(all_rows(text, 3) == first);
    CHECK(all_rows(text, 100) == first);
  }
}

TEST_CASE("which cells may not be plain") {
  const auto unplain = [](const std::string& text, const char* delimiter) {
    CsvReader csv({delimiter});
    csv.start(in_pieces("first\n" + text, 1000));  // the first row finds nothing read
    CHECK(csv.next() == CsvReader::Found::row);
    CHECK(csv.next() == CsvReader::Found::row);
    return csv.unplain();
  };
  const std::uint64_t all = ~std::uint64_t{0};
  CHECK(unplain("a,\"b,c\",\"\"\n", ",") == 0);
  CHECK(unplain("a,\"b\"\"c\",d\n", ",") == 2);
  CHECK(unplain("a\tb\n", "\t") == 0);
  CHECK(unplain("a\\b\n", "\\") == 0);
  // A delimiter in quotes is a byte like any other.
  CHECK(unplain("a\t\"b\tc\"\n", "\t") == all);
  CHECK(unplain("a\\\"b\\c\"\n", "\\") == all);
  for (const char* odd : {"\t", "\\", "\x7f", "\x01", "\xc3\xa9"})
    CHECK(unplain("a,b" + std::string(odd) + "\n", ",") == all);
  CHECK(unplain("a,b\n\\", ",") == 0);
  CHECK(unplain(std::string(70, ',') + "\"\"\"\"\n", ",") == std::uint64_t{1} << 63);
}

TEST_CASE("quotes and delimiters where blocks of 64 bytes meet") {
  for (std::size_t size = 55; size < 70; ++size) {
    const std::string x(size, 'x');
    const auto with = [&](std::string text) {  // x for every #
      for (std::size_t at = 0; (at = text.find('#', at)) != text.npos; at += size)
        text.replace(at, 1, x);
      return text;
    };
    check(with("0\n#,\"b\"\"c\",d\n"), {"[0]", with("[#][b\"c][d]")});
    check(with("0\n\"#\",\"\"\"\"\n"), {"[0]", with("[#][\"]")});
    check(with("0\n\"#,\",e\n"), {"[0]", with("[#,][e]")});
    check(with("0\n\"#\"f,g\n"), {"[0]", with("[#f][g]")});
    check(with("0\n#\"\"f,g\n"), {"[0]", with("[#\"\"f][g]")});
    check(with("0\n#\r\n\"#\n\"\n"), {"[0]", with("[#]"), with("[#\n]")});
  }
}

TEST_CASE("csv: every way to look at 64 bytes sees the same") {
  std::string bytes(64, ' ');
  unsigned state = 1;
  for (int round = 0; round < 20000; ++round) {
    for (char& c : bytes) {
      state = state * 1664525u + 1013904223u;
      c = (state >> 30) ? "a,;\t\"\n\r\\"[state >> 24 & 7] : static_cast<char>(state >> 20);
    }
    const char delimiter = ",;\t\\"[round & 3];
    CsvBits wanted{};
    for (unsigned i = 0; i < 64; ++i) {
      const auto c = static_cast<unsigned char>(bytes[i]);
      const std::uint64_t bit = std::uint64_t{1} << i;
      if (bytes[i] == delimiter) wanted.delimiters |= bit;
      if (c == '"') wanted.quotes |= bit;
      if (c == '\n' || c == '\r') wanted.ends |= bit;
      if (c < 0x20 || c >= 0x7f || c == '\\') wanted.odd |= bit;
    }
    for (const LookAtCsv look : ways_to_look_at_csv()) {
      const CsvBits got = look(bytes.data(), delimiter);
      REQUIRE(got.delimiters == wanted.delimiters);
      REQUIRE(got.quotes == wanted.quotes);
      REQUIRE(got.ends == wanted.ends);
      REQUIRE(got.odd == wanted.odd);
    }
  }
}
