// SPDX-License-Identifier: Apache-2.0
#include "type/base64.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

namespace {

std::string encode(std::string_view bytes) {
  std::string out = ">";
  append_base64(out, bytes);
  return out;
}

std::optional<std::string> decode_in_pieces(const std::string& text, std::size_t size) {
  Base64Decoder decoder;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    const std::string_view piece = std::string_view{text}.substr(at, size);
    std::string room(Base64Decoder::room(piece.size()), '\0');
    const auto written = decoder.feed(piece, room.data());
    if (!written) return std::nullopt;
    REQUIRE(*written <= room.size());
    out.append(room, 0, *written);
  }
  if (!decoder.finish()) return std::nullopt;
  return out;
}

}  // namespace

TEST_CASE("append_base64 pads") {
  CHECK(encode("") == ">");
  CHECK(encode("f") == ">Zg==");
  CHECK(encode("fo") == ">Zm8=");
  CHECK(encode("foo") == ">Zm9v");
  CHECK(encode("foobar") == ">Zm9vYmFy");
  CHECK(encode("\xFF\xFB\xEF") == ">//vv");
}

TEST_CASE("every byte survives the way there and back") {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = encode(bytes).substr(1);
    CHECK(decode_base64(text) == bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
  const std::string text = encode(bytes).substr(1);
  for (std::size_t size = 1; size < 12; ++size) CHECK(decode_in_pieces(text, size) == bytes);
}

TEST_CASE("foreign characters are skipped") {
  CHECK(decode_base64("Zm 9v\r\nYm-Fy") == "foobar");
  CHECK(decode_base64("!") == "");
  CHECK(decode_base64("") == "");
  CHECK(decode_base64("====") == "");
  CHECK(decode_base64(std::string("Zm\0"
                                  "9v",
                                  5)) == "foo");
}

TEST_CASE("the padding ends the text") {
  CHECK(decode_base64("Zg==Zm9v") == "f");
  CHECK(decode_base64("Zg= =") == "f");
  CHECK(decode_base64("Zm8=x") == "fo");
  CHECK(decode_base64("Zg=9v") == decode_base64("Zg9v"));
}

TEST_CASE("wrong padding and characters outside ASCII are errors") {
  for (const auto* text :
       {"Z", "Zg", "Zg=", "Zm8", "Zm9vY", "Zm9vYg", "Z===", "Zm9v\xC3\xBC", "\xFF", "Zg==\x80"}) {
    INFO(text);
    CHECK_FALSE(decode_base64(text));
    CHECK_FALSE(decode_in_pieces(text, 1));
  }
}
