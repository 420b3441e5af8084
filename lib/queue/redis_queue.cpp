// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_queue.hpp"

#include <vector>

#include "queue/server_url.hpp"

namespace intelmq {
namespace {

/// What a URL says before its options: which of the schemes, and how that one is written.
struct Scheme {
  std::string_view name, form;
  bool is_stream = false, tls = false, unix_socket = false;
};

constexpr std::string_view list_form =
    "; write redis://[[USER:]PASSWORD@]HOST[:PORT]/DB/QUEUE or redis+unix:PATH?db=DB&queue=QUEUE";
constexpr std::string_view server_form =
    "; write redis://[[USER:]PASSWORD@]HOST[:PORT][/DB] or redis+unix:PATH[?db=DB]";
constexpr std::string_view stream_form =
    "; write redis-stream://[[USER:]PASSWORD@]HOST[:PORT]/DB/STREAM or "
    "redis-stream+unix:PATH?db=DB&stream=STREAM";

Scheme scheme_of(const std::string& name) {
  const bool is_stream = name.find("-stream") != name.npos;
  return {name, is_stream ? stream_form : list_form, is_stream, name.starts_with("rediss"),
          name.ends_with("+unix")};
}

/// What says how the server is reached.
std::vector<std::string_view> server_options(const Scheme& scheme) {
  if (scheme.unix_socket) return {"db", "user", "password"};
  if (scheme.tls) return {"ca", "cert", "key", "insecure"};
  return {};
}

Result<void> allow_options(const QueueUrl& url, const Scheme& scheme) {
  std::vector<std::string_view> known = server_options(scheme);
  const auto add = [&](std::initializer_list<std::string_view> names) {
    known.insert(known.end(), names);
  };
  add({"batch", "claim-after", "drain", "max-queue-length"});
  if (scheme.is_stream)
    add({"group", "consumer", "start", "field", "maxlen"});
  else
    add({"instance"});
  if (scheme.unix_socket) add({scheme.is_stream ? "stream" : "queue"});
  return url.allow(known);
}

Result<void> read_stream_options(RedisQueue& out, const QueueUrl& url) {
  out.group = url.text("group", "");
  out.consumer = url.text("consumer", "");
  out.field = url.text("field", out.field);
  out.start = url.text("start", out.start);
  const bool is_id =
      !out.start.empty() && out.start.find_first_not_of("0123456789-") == std::string::npos;
  if (out.start != "$" && !is_id)
    return fail(url.scheme() + ": option 'start': '" + out.start +
                "' is not 0, $ or the ID of an entry");
  const auto most = url.size("maxlen", ~std::uint64_t{0});
  if (!most) return tl::unexpected<Error>(most.error());
  out.max_entries = *most == ~std::uint64_t{0} ? 0 : *most;
  return {};
}

Result<void> read_options(RedisQueue& out, const QueueUrl& url) {
  out.instance = url.text("instance", "");
  if (out.instance.find("-internal") != std::string::npos)
    return fail(url.scheme() + ": option 'instance': '" + out.instance +
                "' looks like an internal list; leave -internal out");
  const auto batch = url.size("batch", out.batch);
  if (!batch) return tl::unexpected<Error>(batch.error());
  out.batch = *batch > 10000 ? 10000 : *batch;
  const auto most = url.size("max-queue-length", ~std::uint64_t{0});
  if (!most) return tl::unexpected<Error>(most.error());
  out.max_length = *most == ~std::uint64_t{0} ? 0 : *most;
  const auto drain = url.flag("drain");
  if (!drain) return tl::unexpected<Error>(drain.error());
  out.drain = *drain;
  const std::string seconds = url.text("claim-after", std::to_string(out.claim_after));
  constexpr unsigned year = 366 * 86400;
  const auto number = number_in(seconds, year);
  if (!number)
    return fail(url.scheme() + ": option 'claim-after': '" + seconds +
                "' is no number of seconds; 0 is never");
  out.claim_after = *number;
  return out.is_stream ? read_stream_options(out, url) : Result<void>{};
}

/// `PATH` and the options that stand for what is behind a host elsewhere; gives the database,
/// which may be empty.
Result<std::string> read_unix(RedisQueue& out, const Scheme& scheme, std::string_view rest,
                              const QueueUrl& url) {
  const auto path = percent_decoded(rest.starts_with("///") ? rest.substr(2) : rest);
  if (!path || path->empty())
    return fail(std::string(scheme.name) + ": no path of a socket" + std::string(scheme.form));
  out.address.endpoint.unix_path = *path;
  out.key = url.text(scheme.is_stream ? "stream" : "queue", "");
  out.address.user = url.text("user", "");
  out.address.password = url.text("password", "");
  return url.text("db", "");
}

/// `//[[USER:]PASSWORD@]HOST[:PORT]/DB/KEY`; gives the database.
Result<std::string> read_host(RedisQueue& out, const Scheme& scheme, std::string_view text) {
  auto server = ServerUrl::parse(text, 6379, scheme.form);
  if (!server) return tl::unexpected<Error>(server.error());
  Endpoint& endpoint = out.address.endpoint;
  endpoint = std::move(server->endpoint);
  endpoint.tls = scheme.tls;
  out.address.user = std::move(server->user);
  out.address.password = std::move(server->password);
  const std::string_view path = server->path;
  const std::size_t next = path.find('/');
  const auto key = percent_decoded(next == path.npos ? "" : path.substr(next + 1));
  if (!key)
    return fail(std::string(scheme.name) + "://" + endpoint.name() +
                ": wrong escape in the name of the " + (scheme.is_stream ? "stream" : "queue"));
  out.key = *key;
  return std::string(path.substr(0, next));
}

/// What stands before the options, and how the server is reached. `usual`: the database of a URL
/// that names none.
Result<void> read_place(RedisQueue& out, const Scheme& scheme, std::string_view url,
                        const QueueUrl& options, std::string_view usual) {
  const std::string_view text = url.substr(0, url.find('?'));
  auto database = scheme.unix_socket
                      ? read_unix(out, scheme, text.substr(scheme.name.size() + 1), options)
                      : read_host(out, scheme, text);
  if (!database) return tl::unexpected<Error>(database.error());
  if (database->empty()) *database = usual;
  const auto number = number_in(*database, 1u << 20);
  if (!number)
    return fail(std::string(scheme.name) + "://" + out.address.endpoint.name() + ": '" + *database +
                "' is no number of a database" + std::string(scheme.form));
  out.address.database = *number;
  return read_tls_options(out.address.endpoint, options);
}

}  // namespace

Result<RedisAddress> parse_redis_server(std::string_view url) {
  const std::string name = url_scheme(url);
  Scheme scheme = scheme_of(name);
  scheme.form = server_form;
  const auto options = options_of(url);
  if (!options) return tl::unexpected<Error>(options.error());
  if (auto known = options->allow(server_options(scheme)); !known)
    return tl::unexpected<Error>(known.error());
  RedisQueue out;
  if (auto done = read_place(out, scheme, url, *options, "3"); !done)
    return tl::unexpected<Error>(done.error());
  if (!out.key.empty())
    return fail(name + "://" + out.address.endpoint.name() + ": nothing may follow the database" +
                std::string(scheme.form));
  return out.address;
}

Result<RedisQueue> RedisQueue::parse(std::string_view url) {
  const std::string scheme_name = url_scheme(url);
  const Scheme scheme = scheme_of(scheme_name);
  // The path is looked at here, escapes and all: only its options are QueueUrl's.
  const auto parsed = options_of(url);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (auto known = allow_options(*parsed, scheme); !known)
    return tl::unexpected<Error>(known.error());
  RedisQueue out;
  out.is_stream = scheme.is_stream;
  // Only a socket's URL may leave the database out.
  if (auto done = read_place(out, scheme, url, *parsed, scheme.unix_socket ? "2" : ""); !done)
    return tl::unexpected<Error>(done.error());
  if (out.key.empty())
    return fail(scheme_name + "://" + out.address.endpoint.name() + ": " +
                (scheme.is_stream ? "no stream" : "no queue") + std::string(scheme.form));
  if (auto done = read_options(out, *parsed); !done) return tl::unexpected<Error>(done.error());
  return out;
}

std::string RedisQueue::internal_list() const {
  return instance.empty() ? key + "-internal" : key + "-internal-" + instance;
}

std::string RedisQueue::name() const {
  const Endpoint& endpoint = address.endpoint;
  const std::string kind = is_stream ? "-stream" : "";
  if (!endpoint.unix_path.empty())
    return "redis" + kind + "+unix:" + endpoint.unix_path + " " + key;
  return (endpoint.tls ? "rediss" : "redis") + kind + "://" + endpoint.name() + "/" +
         std::to_string(address.database) + "/" + key;
}

}  // namespace intelmq
