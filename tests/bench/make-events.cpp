// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "block.hpp"
#include "draw.hpp"

namespace {

using intelmq::bench::Block;
using intelmq::bench::Draw;
using Text = std::string_view;

constexpr Text usage =
    "usage: make-events [--count N] [--seed N] [--repeats PERCENT] [--taxonomy]\n"
    "Write DHO 1 events as JSON lines: about 38 keys and 940 bytes, the same for the same "
    "options.\n"
    "  --count N          events to write (default 1000)\n"
    "  --seed N           start of the sequence (default 1)\n"
    "  --repeats PERCENT  share of events with the source.ip and source.port of an earlier one"
    " (default 0)\n"
    "  --taxonomy         include classification.taxonomy\n";

struct Options {
  std::uint64_t count = 1000;
  std::uint64_t seed = 1;
  std::uint32_t repeats = 0;
  bool taxonomy = false;
};

struct Kind {
  Text type, taxonomy, malware, application;
};

constexpr Kind kinds[] = {
    {"phishing", "fraud", "", "https"},
    {"infected-system", "malicious-code", "qakbot", "smb"},
    {"c2-server", "malicious-code", "emotet", "http"},
    {"malware-distribution", "malicious-code", "mozi", "http"},
    {"brute-force", "intrusion-attempts", "", "ssh"},
    {"scanner", "information-gathering", "", "telnet"},
    {"vulnerable-system", "vulnerable", "", "rdp"},
    {"spam", "abusive-content", "", "smtp"},
};
constexpr Text feeds[] = {"Proxies", "Phishing", "SSH", "Sinkhole", "Drones", "Hosts"};
constexpr Text tlps[] = {"WHITE", "GREEN", "AMBER"};
constexpr Text countries[] = {"AT", "DE", "FR", "NL", "US", "BR", "IN", "ZA", "JP", "SE"};
constexpr Text agents[] = {"curl/8", "Wget", "zgrab", "Go/1.1"};
constexpr Text systems[] = {"Linux", "Win 10", "BSD"};
constexpr Text ways[] = {"cron", "mail", "api"};
constexpr Text small_numbers[] = {"ttl", "hop", "len", "seq", "hits", "rank", "pid", "win"};

struct Endpoint {
  std::uint32_t ip;
  std::uint32_t port;
};

class Generator {
 public:
  Generator(const Options& options, Block& out)
      : options_{options}, draw_{options.seed}, out_{out} {
    recent_.reserve(window);
  }

  void event(std::uint64_t number) {
    const Kind& kind = kinds[draw_.below(std::size(kinds))];
    const Endpoint source = endpoint();
    head(number);
    subject(kind, source);
    extras(source);
    raw();
    out_ << "\", \"__type\": \"Event\"}\n";
  }

 private:
  static constexpr std::size_t window = 65536;

  Endpoint endpoint() {
    if (!recent_.empty() && draw_.chance(options_.repeats)) {
      return recent_[draw_.below(static_cast<std::uint32_t>(recent_.size()))];
    }
    const Endpoint fresh{draw_.public_address(), 1024 + draw_.below(64000)};
    if (recent_.size() < window) {
      recent_.push_back(fresh);
    } else {
      recent_[next_++ % window] = fresh;
    }
    return fresh;
  }

  void head(std::uint64_t number) {
    const auto second = static_cast<std::uint32_t>(number / 3);
    out_ << R"({"feed.accuracy": 100.0, "feed.name": ")" << draw_.one_of(feeds)
         << R"(", "feed.provider": "CERT", "time.observation": ")";
    out_.time(second + 40, 'T') << R"(+00:00", "time.source": ")";
    out_.time(second, 'T') << R"(+00:00", )";
  }

  void subject(const Kind& kind, const Endpoint& source) {
    out_ << R"("classification.type": ")" << kind.type << R"(", )";
    if (options_.taxonomy) out_ << R"("classification.taxonomy": ")" << kind.taxonomy << R"(", )";
    out_ << R"("source.ip": ")";
    out_.address(source.ip) << R"(", "source.port": )" << std::uint64_t{source.port}
                            << R"(, "source.asn": )" << std::uint64_t{1000 + draw_.below(60000)}
                            << R"(, "source.fqdn": "h)" << std::uint64_t{draw_.below(10000)}
                            << R"(.example.net", "destination.ip": ")";
    out_.address(draw_.public_address())
        << R"(", "destination.port": )" << std::uint64_t{1 + draw_.below(1023)}
        << R"(, "protocol.transport": "tcp", "protocol.application": ")" << kind.application
        << R"(", "malware.name": ")" << (kind.malware.empty() ? Text("unknown") : kind.malware)
        << R"(", "tlp": ")" << draw_.one_of(tlps) << R"(", "status": ")"
        << (draw_.chance(70) ? Text("online") : Text("offline")) << R"(", "rtir_id": )"
        << std::uint64_t{draw_.below(90000)} << ", ";
  }

  void extras(const Endpoint& source) {
    out_ << R"("extra.cc": ")" << draw_.one_of(countries) << R"(", "extra.ua": ")"
         << draw_.one_of(agents) << R"(", "extra.os": ")" << draw_.one_of(systems)
         << R"(", "extra.tag": "t)" << std::uint64_t{source.port % 97} << R"(", "extra.ssl": )"
         << (draw_.chance(40) ? Text("true") : Text("false")) << R"(, "extra.score": )"
         << std::uint64_t{draw_.below(100)} << "." << std::uint64_t{draw_.below(10)};
    for (const Text name : small_numbers) {
      out_ << R"(, "extra.)" << name << R"(": )" << std::uint64_t{draw_.below(100)};
    }
    out_ << R"(, "extra.note": "caf\u00e9 \"x\"", "extra.v6": null, "extra.ids": [)"
         << std::uint64_t{draw_.below(9)} << ", " << std::uint64_t{draw_.below(9)}
         << R"(], "extra.via": ")" << draw_.one_of(ways) << R"(", "extra.ok": )"
         << (draw_.chance(90) ? Text("true") : Text("false")) << R"(, "extra.age": )"
         << std::uint64_t{draw_.below(1000)} << ", ";
  }

  void raw() {
    static constexpr char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[raw_size];
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < raw_size; ++i) {
      if (i % 10 == 0) bits = draw_.bits();
      text[i] = alphabet[bits & 63U];
      bits >>= 6U;
    }
    out_ << R"("raw": ")" << Text(text, raw_size);
  }

  static constexpr std::size_t raw_size = 16;

  Options options_;
  Draw draw_;
  Block& out_;
  std::vector<Endpoint> recent_;
  std::size_t next_ = 0;
};

int refuse(Text what) {
  std::fprintf(stderr, "make-events: %.*s; see --help\n", static_cast<int>(what.size()),
               what.data());
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  for (int i = 1; i < argc; ++i) {
    const Text name = argv[i];
    if (name == "-h" || name == "--help") return std::fputs(usage.data(), stdout) < 0;
    if (name == "--taxonomy") {
      options.taxonomy = true;
      continue;
    }
    if (i + 1 == argc) return refuse(std::string(name) + " is unknown or lacks its value");
    const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
    if (name == "--count") {
      options.count = value;
    } else if (name == "--seed") {
      options.seed = value;
    } else if (name == "--repeats" && value <= 100) {
      options.repeats = static_cast<std::uint32_t>(value);
    } else {
      return refuse(std::string(name) + " " + argv[i] + " is not an option");
    }
  }
  Block out{1};
  Generator generator{options, out};
  for (std::uint64_t number = 0; number < options.count; ++number) generator.event(number);
  out.flush();
}
