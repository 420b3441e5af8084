// SPDX-License-Identifier: Apache-2.0
// The yardstick: the least a program on simdjson can do and still be a bot. Per line: parse on
// demand, read three fields, go on to the end of the object (a line that breaks off behind the
// third field must not pass), put two more in before the closing brace, write in blocks.
#include <simdjson.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "block.hpp"

namespace {

using intelmq::bench::Block;
using Text = std::string_view;

constexpr std::pair<Text, Text> taxonomies[] = {{"phishing", "fraud"},
                                                {"infected-system", "malicious-code"},
                                                {"c2-server", "malicious-code"},
                                                {"malware-distribution", "malicious-code"},
                                                {"brute-force", "intrusion-attempts"},
                                                {"scanner", "information-gathering"},
                                                {"vulnerable-system", "vulnerable"},
                                                {"spam", "abusive-content"}};

Text taxonomy_of(Text type) {
  for (const auto& [name, taxonomy] : taxonomies) {
    if (name == type) return taxonomy;
  }
  return "other";
}

struct Wanted {
  Text type, ip, feed;
  bool read(simdjson::ondemand::object object) {
    int missing = 3;
    for (auto field : object) {
      simdjson::ondemand::raw_json_string key;
      if (field.key().get(key)) return false;
      Text* const target = slot(key);
      if (target == nullptr) continue;
      if (field.value().get_string().get(*target)) return false;
      --missing;
    }
    return missing == 0;
  }

 private:
  Text* slot(const simdjson::ondemand::raw_json_string& key) {
    if (key.unsafe_is_equal("classification.type")) return &type;
    if (key.unsafe_is_equal("source.ip")) return &ip;
    if (key.unsafe_is_equal("feed.name")) return &feed;
    return nullptr;
  }
};

class Splice {
 public:
  /// False when the line is not an object with the three fields. Room for padding follows it.
  bool line(const char* begin, std::size_t size) {
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    if (parser_.iterate(begin, size, size + simdjson::SIMDJSON_PADDING).get(document)) return false;
    if (document.get_object().get(object)) return false;
    Wanted wanted;
    if (!wanted.read(object)) return false;
    const std::size_t brace = Text(begin, size).rfind('}');
    if (brace == Text::npos) return false;
    out_ << Text(begin, brace) << R"(, "classification.taxonomy": ")" << taxonomy_of(wanted.type)
         << R"(", "extra.bench": )" << std::uint64_t{wanted.ip.size() + wanted.feed.size()}
         << "}\n";
    return true;
  }

  void flush() { out_.flush(); }

 private:
  simdjson::ondemand::parser parser_;
  Block out_{1};
};

class Lines {
 public:
  explicit Lines(Splice& splice) : splice_{splice} {}

  /// Reads standard input to its end; the number of lines that could not be spliced.
  std::uint64_t run() {
    room_.resize(block + padding);
    while (const std::size_t got = more()) {
      used_ += got;
      take_lines();
    }
    if (used_ > 0) take(0, used_);
    splice_.flush();
    return failed_;
  }

 private:
  static constexpr std::size_t block = std::size_t{1} << 19U;
  static constexpr std::size_t padding = simdjson::SIMDJSON_PADDING;

  std::size_t more() {
    if (used_ + padding == room_.size()) room_.resize(2 * room_.size());
    const ssize_t got = ::read(0, room_.data() + used_, room_.size() - padding - used_);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

  void take_lines() {
    std::size_t begin = 0;
    while (const void* end = std::memchr(room_.data() + begin, '\n', used_ - begin)) {
      const auto at = static_cast<std::size_t>(static_cast<const char*>(end) - room_.data());
      take(begin, at);
      begin = at + 1;
    }
    used_ -= begin;
    std::memmove(room_.data(), room_.data() + begin, used_);
  }

  void take(std::size_t begin, std::size_t end) {
    if (!splice_.line(room_.data() + begin, end - begin)) ++failed_;
  }

  Splice& splice_;
  std::vector<char> room_;
  std::size_t used_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  Splice splice;
  const std::uint64_t failed = Lines{splice}.run();
  if (failed == 0) return 0;
  std::fprintf(stderr, "splice: %llu lines failed\n", static_cast<unsigned long long>(failed));
  return 65;
}
