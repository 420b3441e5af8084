// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

using namespace intelmq;

TEST_CASE("the digests of the standard", "[sha256]") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnop"
                   "qklmnopqrlmnopq"
                   "rsmnopqrstnopqrstu") ==
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("with and without instructions of the processor", "[sha256]") {
  std::string text;
  for (int size = 0; size < 300; ++size) {
    CHECK(sha256(text) == sha256_portable(text));
    text += static_cast<char>(size * 7);
  }
  CHECK(sha256_portable("abc")[0] == 0xba);
}

namespace {

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// The text behind `"name": "` from `at` on; moves `at` behind it.
std::string next_text(const std::string& json, const std::string& name, std::size_t& at) {
  const std::string begin = "\"" + name + "\": \"";
  const std::size_t found = json.find(begin, at);
  if (found == std::string::npos) return at = std::string::npos, "";
  const std::size_t first = found + begin.size();
  at = json.find('"', first);
  return json.substr(first, at - first);
}

}  // namespace

TEST_CASE("the hashes of the original", "[sha256]") {
  const char* directory = std::getenv("INTELMQ_VECTORS");
  if (directory == nullptr) {
    std::cout << "skipped: INTELMQ_VECTORS not set\n";
    return;
  }
  std::ifstream file{std::string(directory) + "/original/hash.json"};
  const std::string json{std::istreambuf_iterator<char>{file}, {}};
  int checked = 0;
  for (std::size_t at = 0;;) {
    const std::string hash = next_text(json, "hash", at);
    if (at == std::string::npos) break;
    CHECK(sha256_hex(from_hex(next_text(json, "preimage_hex", at))) == hash);
    ++checked;
  }
  CHECK(checked > 0);
}

TEST_CASE("a message in pieces has the digest of the whole") {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += static_cast<char>(i * 7);
  for (const std::size_t piece : {1u, 3u, 63u, 64u, 65u, 200u, 1000u}) {
    intelmq::Sha256 sha;
    for (std::size_t at = 0; at < message.size(); at += piece)
      sha.update(std::string_view{message}.substr(at, piece));
    CHECK(sha.hex() == intelmq::sha256_hex(message));
  }
}
