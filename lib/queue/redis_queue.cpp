// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_queue.hpp"

#include "base/log.hpp"
#include "queue/server_url.hpp"

namespace intelmq {
namespace {

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
  const auto drain = url.flag("drain");
  if (!drain) return tl::unexpected<Error>(drain.error());
  out.drain = *drain;
  return read_tls_options(out.address.endpoint, url);
}

}  // namespace

Result<RedisQueue> RedisQueue::parse(std::string_view url) {
  const std::string scheme = url_scheme(url);
  const std::size_t question = url.find('?');
  // The path is looked at here, escapes and all: only its options are QueueUrl's.
  const auto parsed = options_of(url);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (auto known = allow_options(*parsed); !known) return tl::unexpected<Error>(known.error());
  RedisQueue out;
  Endpoint& endpoint = out.address.endpoint;
  std::string database, list;
  if (scheme == "redis+unix") {
    const std::string_view rest = url.substr(0, question).substr(scheme.size() + 1);
    const auto path = percent_decoded(rest.starts_with("///") ? rest.substr(2) : rest);
    if (!path || path->empty()) return fail("redis+unix: no path of a socket" + std::string(form));
    endpoint.unix_path = *path;
    database = parsed->text("db", "2");
    list = parsed->text("queue", "");
    out.address.user = parsed->text("user", "");
    out.address.password = parsed->text("password", "");
  } else {
    auto server = ServerUrl::parse(url.substr(0, question), 6379, form);
    if (!server) return tl::unexpected<Error>(server.error());
    endpoint = std::move(server->endpoint);
    endpoint.tls = scheme == "rediss";
    out.address.user = std::move(server->user);
    out.address.password = std::move(server->password);
    const std::string_view path = server->path;
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

}  // namespace intelmq
