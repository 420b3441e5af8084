// SPDX-License-Identifier: Apache-2.0
#include "queue/amqp_queue.hpp"

#include <algorithm>

#include "queue/server_url.hpp"

namespace intelmq {
namespace {

constexpr std::string_view form =
    "; write amqp://[USER:PASSWORD@]HOST[:PORT]/VHOST/QUEUE, the virtual host '/' as %2F";
constexpr std::size_t longest_name = 255;  // of AMQP's short strings

Result<void> allow_options(const QueueUrl& url) {
  if (url.scheme() == "amqps")
    return url.allow({"exchange", "prefetch", "batch", "drain", "max-queue-length", "heartbeat",
                      "ca", "cert", "key", "insecure"});
  return url.allow({"exchange", "prefetch", "batch", "drain", "max-queue-length", "heartbeat"});
}

Result<void> read_number(const QueueUrl& url, std::string_view name, unsigned most, unsigned& out) {
  const std::string text = url.text(name, "");
  if (text.empty()) return {};
  const auto number = number_in(text, most);
  if (!number)
    return fail(url.scheme() + ": " + std::string(name) + "=" + text + " is no number from 0 to " +
                std::to_string(most));
  out = *number;
  return {};
}

Result<void> read_options(AmqpQueue& out, const QueueUrl& url) {
  out.exchange = url.text("exchange", "");
  const auto batch = url.size("batch", out.batch);
  if (!batch) return tl::unexpected<Error>(batch.error());
  out.batch = std::min<std::uint64_t>(*batch, 10000);
  const auto most = url.size("max-queue-length", ~std::uint64_t{0});
  if (!most) return tl::unexpected<Error>(most.error());
  out.max_length = *most == ~std::uint64_t{0} ? 0 : *most;
  if (auto read = read_number(url, "prefetch", 65535, out.prefetch); !read) return read;
  // Without limit the server would send the whole queue.
  if (out.prefetch == 0) return fail(url.scheme() + ": prefetch=0 is no limit; take 1 to 65535");
  if (auto read = read_number(url, "heartbeat", 3600, out.heartbeat); !read) return read;
  const auto drain = url.flag("drain");
  if (!drain) return tl::unexpected<Error>(drain.error());
  out.drain = *drain;
  return read_tls_options(out.endpoint, url);
}

/// `VHOST/QUEUE`; an error's text, or nothing.
std::string_view take_path(std::string_view path, AmqpQueue& out) {
  const std::size_t slash = path.find('/');
  const auto vhost = percent_decoded(path.substr(0, slash));
  const auto queue = percent_decoded(slash == path.npos ? "" : path.substr(slash + 1));
  if (!vhost || !queue) return "'%' must be followed by two hex digits";
  if (queue->empty()) return "no queue";
  if (queue->size() > longest_name || vhost->size() > longest_name)
    return "a name has at most 255 bytes";
  out.vhost = vhost->empty() ? "/" : *vhost;
  out.queue = *queue;
  return {};
}

}  // namespace

Result<AmqpQueue> AmqpQueue::parse(std::string_view url) {
  const auto options = options_of(url);
  if (!options) return tl::unexpected<Error>(options.error());
  if (auto known = allow_options(*options); !known) return tl::unexpected<Error>(known.error());
  const bool tls = options->scheme() == "amqps";
  const auto address = url.substr(0, url.find('?'));
  if (const auto at = address.find('@'), slash = address.find('/', address.find("//") + 2);
      at != address.npos && slash < at)
    return fail(options->scheme() +
                "://...: a '/' in user or password must be written %2F, an '@' behind the host "
                "%40" +
                std::string(form));
  auto server = ServerUrl::parse(address, tls ? 5671 : 5672, form);
  if (!server) return tl::unexpected<Error>(server.error());
  AmqpQueue out;
  out.endpoint = std::move(server->endpoint);
  out.endpoint.tls = tls;
  if (server->has_user) {
    out.user = std::move(server->user);
    out.password = std::move(server->password);
  } else if (!server->password.empty()) {
    return fail(options->scheme() + "://" + out.endpoint.name() + ": user without password" +
                std::string(form));
  }
  if (const auto wrong = take_path(server->path, out); !wrong.empty())
    return fail(options->scheme() + "://" + out.endpoint.name() + ": " + std::string(wrong) +
                std::string(form));
  if (auto done = read_options(out, *options); !done) return tl::unexpected<Error>(done.error());
  if (out.max_length && !out.exchange.empty())
    return fail(out.name() + ": max-queue-length needs a queue; an exchange has no length");
  return out;
}

std::string AmqpQueue::name() const {
  return (endpoint.tls ? "amqps://" : "amqp://") + endpoint.name() + "/" +
         (vhost == "/" ? "%2F" : vhost) + "/" + queue;
}

}  // namespace intelmq
