// SPDX-License-Identifier: Apache-2.0
#include "queue/kafka_queue.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace intelmq {
namespace {

constexpr std::string_view form =
    "; write kafka://[USER:PASSWORD@]BROKER[:PORT][,BROKER...]/TOPIC?group=NAME";

/// `USER:PASSWORD@`, taken off the front.
Result<void> take_login(std::string_view& authority, KafkaQueue& out) {
  const std::size_t at = authority.rfind('@');
  if (at == authority.npos) return {};
  const std::string_view login = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const std::size_t colon = login.find(':');
  if (colon == login.npos)
    return fail("kafka: the user stands without a password" + std::string(form));
  const auto user = percent_decoded(login.substr(0, colon));
  const auto password = percent_decoded(login.substr(colon + 1));
  if (!user || !password)
    return fail("kafka: '%' in user or password must be followed by two hex digits");
  if (user->empty()) return fail("kafka: the password stands without a user" + std::string(form));
  out.user = *user;
  out.password = *password;
  return {};
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value > 0 && value < 65536;
}

/// What is wrong with `HOST[:PORT]`, an IPv6 address in brackets; empty: nothing.
std::string_view wrong_broker(std::string_view broker) {
  std::string_view rest;
  if (broker.starts_with('[')) {
    const std::size_t end = broker.find(']');
    if (end == broker.npos) return "']' is missing after the IPv6 address";
    rest = broker.substr(end + 1);
  } else {
    const std::size_t colon = broker.find(':');
    if (colon == 0 || broker.empty()) return "a broker has no host";
    if (colon != broker.npos) rest = broker.substr(colon);
  }
  if (rest.empty()) return {};
  if (rest.front() != ':') return "a port must follow with ':'";
  return is_port(rest.substr(1)) ? "" : "the port is no number from 1 to 65535";
}

Result<void> check_topic_name(const KafkaQueue& queue) {
  const std::string& topic = queue.topic;
  if (topic.empty()) return fail("kafka://" + queue.brokers + ": no topic" + std::string(form));
  const bool good = topic.size() <= 249 && topic != "." && topic != ".." &&
                    std::all_of(topic.begin(), topic.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
                    });
  if (good) return {};
  return fail("kafka://" + queue.brokers + ": " + quote_for_message(topic) +
              " is no name of a topic: at most 249 of a-z, A-Z, 0-9, '.', '_' and '-'");
}

Result<void> allow_options(const QueueUrl& url, KafkaQueue::End end) {
  if (end == KafkaQueue::End::source)
    return url.allow({"group", "instance", "assignment", "start", "drain", "session-timeout", "tls",
                      "ca", "cert", "key-file", "insecure", "sasl"});
  return url.allow({"key", "compression", "transactional", "batch", "max-message", "linger", "tls",
                    "ca", "cert", "key-file", "insecure", "sasl"});
}

/// One of several words.
Result<std::string> word(const QueueUrl& url, std::string_view option, std::string_view otherwise,
                         std::initializer_list<std::string_view> known) {
  std::string value = url.text(option, otherwise);
  if (std::find(known.begin(), known.end(), value) != known.end()) return value;
  std::string list;
  for (const std::string_view name : known)
    if (!name.empty()) list.append(list.empty() ? "" : ", ").append(name);
  return fail("kafka: option '" + std::string(option) + "': " + quote_for_message(value) +
              " is none of " + list);
}

/// A time such as 50ms, 10s or 2m; a plain number counts seconds.
Result<std::chrono::milliseconds> duration(const QueueUrl& url, std::string_view option,
                                           std::chrono::milliseconds otherwise,
                                           std::int64_t least_ms, std::int64_t most_ms) {
  const std::string text = url.text(option, "");
  if (text.empty()) return otherwise;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  const std::string_view name{unit, end};
  const std::int64_t factor = name == "ms" ? 1 : name == "m" ? 60'000 : 1000;
  const bool known = name.empty() || name == "ms" || name == "s" || name == "m";
  if (error == std::errc{} && known && count >= 0 && count <= most_ms / factor &&
      count * factor >= least_ms)
    return std::chrono::milliseconds(count * factor);
  return fail("kafka: option '" + std::string(option) + "': " + quote_for_message(text) +
              " is no time from " + std::to_string(least_ms) + "ms to " +
              std::to_string(most_ms / 1000) + "s");
}

Result<void> read_security(KafkaQueue& out, const QueueUrl& url) {
  out.ca_file = url.text("ca", "");
  out.certificate = url.text("cert", "");
  out.key_file = url.text("key-file", "");
  const auto tls = url.flag("tls");
  if (!tls) return tl::unexpected<Error>(tls.error());
  const auto insecure = url.flag("insecure");
  if (!insecure) return tl::unexpected<Error>(insecure.error());
  out.tls = *tls;
  out.verify = !*insecure;
  if (!out.tls && (*insecure || !(out.ca_file + out.certificate + out.key_file).empty()))
    return fail(out.name() + ": ca, cert, key-file and insecure are of use only with tls=1");
  if (out.certificate.empty() != out.key_file.empty())
    return fail(out.name() + ": cert and key-file belong together; give both");
  // A login without a mechanism would be sent nowhere.
  const auto sasl = word(url, "sasl", out.user.empty() ? "" : "SCRAM-SHA-512",
                         {"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"});
  if (!sasl) return tl::unexpected<Error>(sasl.error());
  out.sasl = *sasl;
  if (!out.sasl.empty() && out.user.empty())
    return fail(out.name() + ": sasl needs kafka://USER:PASSWORD@BROKER...");
  return {};
}

Result<void> read_source(KafkaQueue& out, const QueueUrl& url) {
  out.group = url.text("group", "");
  out.instance = url.text("instance", "");
  if (out.group.empty())
    return fail(out.name() +
                ": no group; add ?group=NAME, the same for all that share this work, such as the "
                "bot's name");
  const auto start = word(url, "start", "earliest", {"earliest", "latest"});
  if (!start) return tl::unexpected<Error>(start.error());
  out.from_latest = *start == "latest";
  const auto assignment = word(url, "assignment", "cooperative", {"cooperative", "eager"});
  if (!assignment) return tl::unexpected<Error>(assignment.error());
  out.cooperative = *assignment == "cooperative";
  const auto drain = url.flag("drain");
  if (!drain) return tl::unexpected<Error>(drain.error());
  out.drain = *drain;
  const auto session = duration(url, "session-timeout", out.session_timeout, 1000, 1'800'000);
  if (!session) return tl::unexpected<Error>(session.error());
  out.session_timeout = *session;
  return {};
}

Result<void> read_destination(KafkaQueue& out, const QueueUrl& url) {
  out.key_field = url.text("key", "");
  out.transactional = url.text("transactional", "");
  const auto compression =
      word(url, "compression", out.compression, {"none", "gzip", "snappy", "lz4", "zstd"});
  if (!compression) return tl::unexpected<Error>(compression.error());
  out.compression = *compression;
  const auto batch = url.size("batch", out.batch);
  if (!batch) return tl::unexpected<Error>(batch.error());
  out.batch = std::min<std::uint64_t>(*batch, 100'000'000);
  const auto most = url.size("max-message", out.max_message);
  if (!most) return tl::unexpected<Error>(most.error());
  out.max_message = std::clamp<std::uint64_t>(*most, 1000, 1'000'000'000);
  const auto linger = duration(url, "linger", out.linger, 0, 60'000);
  if (!linger) return tl::unexpected<Error>(linger.error());
  out.linger = *linger;
  return {};
}

}  // namespace

Result<KafkaQueue> KafkaQueue::parse(std::string_view url, End end) {
  const std::size_t question = url.find('?');
  std::string_view rest = url.substr(0, question);
  rest.remove_prefix(std::min(rest.size(), rest.find(':') + 1));
  // The path is looked at here, escapes and all: only its options are QueueUrl's.
  const auto parsed =
      QueueUrl::parse("kafka:" + std::string(question == url.npos ? "" : url.substr(question)));
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (auto known = allow_options(*parsed, end); !known) return tl::unexpected<Error>(known.error());
  if (!rest.starts_with("//")) return fail("kafka: has no broker" + std::string(form));
  rest.remove_prefix(2);
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  const std::string_view path = slash == rest.npos ? "" : rest.substr(slash + 1);
  if (path.find('@') != path.npos)  // then the topic may be half a password
    return fail("kafka://...: a '/' in user or password must be written %2F");
  KafkaQueue out;
  if (auto taken = take_login(authority, out); !taken) return tl::unexpected<Error>(taken.error());
  const auto brokers = percent_decoded(authority);
  if (!brokers) return fail("kafka: '%' in a broker must be followed by two hex digits");
  for (const std::string_view broker : split(*brokers, ',')) {
    const std::string_view wrong = wrong_broker(broker);
    if (!wrong.empty())
      return fail("kafka://" + *brokers + ": " + std::string(wrong) + std::string(form));
  }
  out.brokers = *brokers;
  const auto topic = percent_decoded(path);
  if (!topic) return fail("kafka://" + out.brokers + ": wrong escape in the topic's name");
  out.topic = *topic;
  if (auto good = check_topic_name(out); !good) return tl::unexpected<Error>(good.error());
  if (auto done = read_security(out, *parsed); !done) return tl::unexpected<Error>(done.error());
  auto done = end == End::source ? read_source(out, *parsed) : read_destination(out, *parsed);
  if (!done) return tl::unexpected<Error>(done.error());
  return out;
}

}  // namespace intelmq
