// SPDX-License-Identifier: Apache-2.0
#include "format/lines.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "pieces.hpp"

using namespace intelmq;

namespace {

using Texts = std::vector<std::string>;

Texts all_lines(const std::string& text, std::size_t piece, std::size_t max = 1000) {
  Lines lines(max);
  lines.start(in_pieces(text, piece));
  Texts out;
  while (lines.next())
    out.push_back(std::string(lines.text()) + "|" + std::string(lines.ending()) +
                  (lines.too_long() ? "!" : ""));
  return out;
}

}  // namespace

TEST_CASE("lines end at LF, CR LF and CR, whatever the pieces are") {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    CHECK(all_lines("a\nbc\r\nd\re\r\r\n\nf", piece) ==
          Texts{"a|\n", "bc|\r\n", "d|\r", "e|\r", "|\r\n", "|\n", "f|"});
    CHECK(all_lines("a\r", piece) == Texts{"a|\r"});
    CHECK(all_lines("a\r\n", piece) == Texts{"a|\r\n"});
    CHECK(all_lines("", piece).empty());
    CHECK(all_lines("\n", piece) == Texts{"|\n"});
    CHECK(all_lines("a\xe2\x80\xa8"
                    "b\x0c"
                    "c\n",
                    piece) == Texts{"a\xe2\x80\xa8"
                                    "b\x0c"
                                    "c|\n"});
  }
}

TEST_CASE("a byte order mark is left out at the beginning alone") {
  for (std::size_t piece = 1; piece < 5; ++piece) {
    CHECK(all_lines("\xef\xbb\xbf"
                    "a\n\xef\xbb\xbf"
                    "b",
                    piece) == Texts{"a|\n",
                                    "\xef\xbb\xbf"
                                    "b|"});
    CHECK(all_lines("\xef\xbb", piece) == Texts{"\xef\xbb|"});
  }
}

TEST_CASE("a line that is too long is cut and the next one is unharmed") {
  for (std::size_t piece : {1, 3, 7, 100}) {
    CHECK(all_lines("ok\n" + std::string(50, 'x') + "\nnext\n", piece, 10) ==
          Texts{"ok|\n", "xxxxxxxxxx|" + std::string(piece == 100 ? "\n" : "") + "!", "next|\n"});
    CHECK(all_lines(std::string(50, 'x'), piece, 10).size() == 1);
    CHECK(all_lines(std::string(50, 'x') + "\r\nb", piece, 10).back() == "b|");
  }
}

TEST_CASE("lines are numbered and placed") {
  Lines lines;
  lines.start(in_pieces("a\r\nbb\n\nc", 2));
  std::vector<std::uint64_t> places;
  while (lines.next()) {
    places.push_back(lines.number());
    places.push_back(lines.offset());
  }
  CHECK(places == std::vector<std::uint64_t>{1, 0, 2, 3, 3, 6, 4, 7});
}

TEST_CASE("a broken stream does not give half a line") {
  Lines lines;
  lines.start(in_pieces("a\nb", 100, true));
  CHECK(lines.next());
  CHECK_FALSE(lines.next());
  REQUIRE(lines.error());
  CHECK(lines.error()->text == "the line is cut");
  lines.start(in_pieces("again", 1));
  CHECK(lines.next());
  CHECK(lines.text() == "again");
}
