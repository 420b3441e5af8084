// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <string>

#include "block.hpp"
#include "draw.hpp"

namespace {

using intelmq::bench::Block;
using intelmq::bench::Draw;
using Text = std::string_view;

constexpr Text usage =
    "usage: make-csv [--count N | --bytes N] [--seed N]\n"
    "Write the rows of a CSV feed, about 160 bytes each, some with quoted cells:\n"
    "time, ip, port, fqdn, url, asn, cc, malware, comment.\n"
    "  --count N  rows to write (default 1000)\n"
    "  --bytes N  stop after the row that reaches this size\n"
    "  --seed N   start of the sequence (default 1)\n";

constexpr Text countries[] = {"AT", "DE", "FR", "NL", "US", "BR", "IN", "ZA", "JP", "SE"};
constexpr Text malwares[] = {"qakbot", "emotet", "dridex", "mirai", "mozi", "cobaltstrike"};
constexpr Text comments[] = {"seen by sinkhole",
                             "first report",
                             "\"open port, default password\"",
                             "",
                             "\"banner: \"\"SSH-2.0-dropbear\"\"\"",
                             "repeated"};
constexpr Text paths[] = {"login/index.php?id=", "wp-content/uploads/",
                          "gate.php?uid=", "bins/sh4-", "invoice/2024/"};

void row(Draw& draw, Block& out, std::uint64_t number) {
  const std::uint64_t host = draw.below(1000000);
  out.time(static_cast<std::uint32_t>(number / 3), ' ') << ",";
  out.address(draw.public_address())
      << "," << std::uint64_t{1 + draw.below(65535)} << ",www" << host
      << ".customer.example.net,http://www" << host << ".customer.example.net/"
      << draw.one_of(paths) << std::uint64_t{draw.below(100000)} << ","
      << std::uint64_t{1000 + draw.below(60000)} << "," << draw.one_of(countries) << ","
      << draw.one_of(malwares) << "," << draw.one_of(comments) << "\n";
}

int refuse(const std::string& what) {
  std::fprintf(stderr, "make-csv: %s; see --help\n", what.c_str());
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::uint64_t count = 1000;
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    const Text name = argv[i];
    if (name == "-h" || name == "--help") return std::fputs(usage.data(), stdout) < 0;
    if (i + 1 == argc) return refuse(std::string(name) + " is unknown or lacks its value");
    const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
    if (name == "--count") {
      count = value;
    } else if (name == "--bytes") {
      bytes = value;
      count = std::numeric_limits<std::uint64_t>::max();
    } else if (name == "--seed") {
      seed = value;
    } else {
      return refuse(std::string(name) + " is not an option");
    }
  }
  Block out{1};
  Draw draw{seed};
  for (std::uint64_t number = 0; number < count && out.written() < bytes; ++number) {
    row(draw, out, number);
  }
  out.flush();
}
