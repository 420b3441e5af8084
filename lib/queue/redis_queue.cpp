// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_queue.hpp"

#include <charconv>
#include <optional>

#include "base/log.hpp"

namespace intelmq {
namespace {

std::optional<unsigned> number_in(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

/// `[[USER:]PASSWORD@]`, taken off the front; false if it has a wrong escape.
bool take_login(std::string_view& authority, RedisAddress& address) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return true;
  const std::string_view login = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const std::size_t colon = login.find(':');
  const auto user = percent_decoded(colon == login.npos ? "" : login.substr(0, colon));
  const auto password = percent_decoded(colon == login.npos ? login : login.substr(colon + 1));
  if (!user || !password) return false;
  address.user = *user;
  address.password = *password;
  return true;
}

/// `HOST[:PORT]`, with an IPv6 address in brackets; an error's text, or nothing.
std::string_view take_host(std::string_view authority, Endpoint& endpoint) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == authority.npos) return "']' is missing after the IPv6 address";
    endpoint.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return "a port must follow with ':'";
    port.remove_prefix(port.empty() ? 0 : 1);
  } else {
    const std::size_t colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    if (colon != authority.npos) port = authority.substr(colon + 1);
  }
  if (endpoint.host.empty()) endpoint.host = "127.0.0.1";
  endpoint.port = 6379;
  if (port.empty()) return {};
  const auto number = number_in(port, 65535);
  if (!number || *number == 0) return "the port is no number from 1 to 65535";
  endpoint.port = static_cast<std::uint16_t>(*number);
  return {};
}

constexpr std::string_view form =
    "; write redis://[[USER:]PASSWORD@]HOST[:PORT]/DB/QUEUE or redis+unix:PATH?db=DB&queue=QUEUE";

Result<void> allow_options(const QueueUrl& url) {
  if (url.scheme() == "redis+unix")
    return url.allow(
        {"db", "queue", "user", "password", "instance", "batch", "drain", "max-queue-length"});
  if (url.scheme() == "rediss")
    return url.allow(
        {"instance", "batch", "drain", "max-queue-length", "ca", "cert", "key", "insecure"});
  return url.allow({"instance", "batch", "drain", "max-queue-length"});
}

Result<void> read_options(RedisQueue& out, const QueueUrl& url) {
  out.instance = url.text("instance", "");
  const auto batch = url.size("batch", out.batch);
  if (!batch) return tl::unexpected<Error>(batch.error());
  out.batch = *batch > 10000 ? 10000 : *batch;
  const auto most = url.size("max-queue-length", ~std::uint64_t{0});
  if (!most) return tl::unexpected<Error>(most.error());
  out.max_length = *most == ~std::uint64_t{0} ? 0 : *most;
  Endpoint& endpoint = out.address.endpoint;
  endpoint.ca_file = url.text("ca", "");
  endpoint.certificate = url.text("cert", "");
  endpoint.key = url.text("key", "");
  const auto drain = url.flag("drain");
  if (!drain) return tl::unexpected<Error>(drain.error());
  out.drain = *drain;
  const auto insecure = url.flag("insecure");
  if (!insecure) return tl::unexpected<Error>(insecure.error());
  endpoint.verify = !*insecure;
  return {};
}

}  // namespace

Result<RedisQueue> RedisQueue::parse(std::string_view url) {
  const std::string scheme = url_scheme(url);
  const std::size_t question = url.find('?');
  std::string_view rest = url.substr(0, question).substr(scheme.size() + 1);
  // The path is looked at here, escapes and all: only its options are QueueUrl's.
  const std::string options_only =
      scheme + ":" + std::string(question == url.npos ? "" : url.substr(question));
  const auto parsed = QueueUrl::parse(options_only);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (auto known = allow_options(*parsed); !known) return tl::unexpected<Error>(known.error());
  RedisQueue out;
  Endpoint& endpoint = out.address.endpoint;
  std::string database, list;
  if (scheme == "redis+unix") {
    const auto path = percent_decoded(rest.starts_with("///") ? rest.substr(2) : rest);
    if (!path || path->empty()) return fail("redis+unix: no path of a socket" + std::string(form));
    endpoint.unix_path = *path;
    database = parsed->text("db", "2");
    list = parsed->text("queue", "");
    out.address.user = parsed->text("user", "");
    out.address.password = parsed->text("password", "");
  } else {
    endpoint.tls = scheme == "rediss";
    if (!rest.starts_with("//")) return fail(scheme + ": has no host" + std::string(form));
    rest.remove_prefix(2);
    const std::size_t slash = rest.find('/');
    std::string_view authority = rest.substr(0, slash);
    std::string_view path = slash == rest.npos ? "" : rest.substr(slash + 1);
    if (!take_login(authority, out.address))
      return fail(scheme + ": '%' in user or password must be followed by two hex digits");
    if (const auto wrong = take_host(authority, endpoint); !wrong.empty()) {
      if (path.find('@') != path.npos)  // then this may be half a password
        return fail(scheme + "://...: a '/' in user or password must be written %2F");
      return fail(scheme + "://" + std::string(authority) + ": " + std::string(wrong));
    }
    const std::size_t next = path.find('/');
    database = path.substr(0, next);
    const auto name = percent_decoded(next == path.npos ? "" : path.substr(next + 1));
    if (!name) return fail(scheme + "://" + endpoint.name() + ": wrong escape in the queue's name");
    list = *name;
  }
  const auto number = number_in(database, 1u << 20);
  if (!number)
    return fail(scheme + "://" + endpoint.name() + ": '" + database +
                "' is no number of a database" + std::string(form));
  if (list.empty())
    return fail(scheme + "://" + endpoint.name() + ": no queue" + std::string(form));
  out.address.database = *number;
  out.list = list;
  if (auto done = read_options(out, *parsed); !done) return tl::unexpected<Error>(done.error());
  return out;
}

std::string RedisQueue::internal_list() const {
  return instance.empty() ? list + "-internal" : list + "-internal-" + instance;
}

std::string RedisQueue::name() const {
  const Endpoint& endpoint = address.endpoint;
  if (!endpoint.unix_path.empty()) return "redis+unix:" + endpoint.unix_path + " " + list;
  return (endpoint.tls ? "rediss://" : "redis://") + endpoint.name() + "/" +
         std::to_string(address.database) + "/" + list;
}

Result<void> RedisLink::connect() {
  bool may_pass = false;
  auto opened = RedisConnection::open(address_, may_pass);
  if (!opened) return tl::unexpected(opened.error());
  connection_ = std::move(*opened);
  return {};
}

Result<void> RedisLink::connect_again() {
  bool may_pass = false;
  auto opened = RedisConnection::open(address_, may_pass);
  if (!opened && !may_pass) return tl::unexpected(opened.error());
  warn(opened ? name_ + ": connected again" : opened.error().text);
  if (opened) connection_ = std::move(*opened);
  return {};
}

void RedisLink::lose(const std::string& why) {
  connection_.reset();
  warn(why + "; connecting again");
}

void RedisLink::warn(const std::string& text) const {
  if (log_) log_->warning(text);
}

std::chrono::milliseconds Backoff::next() {
  const auto now = delay_;
  delay_ = std::min(most, 2 * delay_);
  std::uniform_int_distribution<std::int64_t> part(now.count() / 2, now.count());
  return std::chrono::milliseconds(part(random_));
}

}  // namespace intelmq
