// SPDX-License-Identifier: Apache-2.0
#include "queue/amqp_connection.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "net/tls.hpp"

namespace intelmq {
namespace {

constexpr amqp_channel_t channel = 1;
// Frames are short and the socket's buffer holds many of them: where there is room at all, there is
// room for one, and sending never waits for a server that has stopped reading.
constexpr int longest_frame = 32 << 10;
constexpr int send_buffer = 256 << 10;
constexpr timeval handshake_patience{10, 0}, answer_patience{30, 0}, leave_patience{3, 0};

std::string_view view(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

/// Why the server closed a channel or the connection.
struct Refusal {
  unsigned code = 0;
  std::string text;
};

Refusal refusal_of(const amqp_method_t& method) {
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    return {close->reply_code, std::string(view(close->reply_text))};
  }
  const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
  return {close->reply_code, std::string(view(close->reply_text))};
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// Codes of AMQP 0-9-1 that mean something else if one comes again: the server stops, has failed
/// inside, took back what was not acknowledged in time, or is not yet up.
bool passes(const Refusal& refusal) {
  switch (refusal.code) {
    case 402:
    case 403:
    case 405:
    case 530: return has(refusal.text, "is down");
    case 404: return has(refusal.text, "down or inaccessible");
    case 406:
      return has(refusal.text, "delivery acknowledgement") || has(refusal.text, "timed out");
    default: return true;
  }
}

/// What helps, from the second half of a sentence on.
std::string remedy(const AmqpQueue& queue, const Refusal& refusal) {
  const std::string permit =
      "rabbitmqctl set_permissions -p '" + queue.vhost + "' '" + queue.user + "'";
  switch (refusal.code) {
    case 403:
      if (has(refusal.text, "Login"))
        return "user or password is wrong, or the user 'guest' comes from another host; check them "
               "in the URL (%XX for special characters)";
      return "the user '" + queue.user + "' has no permission for that; " + permit +
             " '.*' '.*' '.*' gives all, or allow configure, write and read of the queue alone";
    case 404:
      if (has(refusal.text, "exchange"))
        return "declare the exchange first, or leave out exchange= for a queue of IntelMQ's";
      return "declare the queue first, or leave out exchange= to have it declared";
    case 405: return "another connection has the queue for itself; end it or take another queue";
    case 406:
      if (has(refusal.text, "inequivalent"))
        return "the queue is there with other properties than IntelMQ's (durable, x-queue-mode "
               "lazy); take another name, or remove it once it is empty: rabbitmqctl delete_queue "
               "-p '" +
               queue.vhost + "' '" + queue.queue + "'";
      if (has(refusal.text, "message size"))
        return "raise max_message_size in rabbitmq.conf or keep such long events out of the queue";
      return "the server does not allow that";
    case 530:
      if (has(refusal.text, "not found"))
        return "there is no such virtual host; 'rabbitmqctl add_vhost' makes it, '/' is written "
               "%2F in the URL";
      return "the user '" + queue.user + "' may not use the virtual host; " + permit +
             " '.*' '.*' '.*' lets it";
    default: return "see the server's log";
  }
}

/// Capabilities beside those that the library has by itself: to be told of a full server, of
/// removed queues.
struct Capabilities {
  static amqp_table_entry_t yes(const char* name) {
    amqp_table_entry_t entry = {};
    entry.key = amqp_cstring_bytes(name);
    entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    entry.value.value.boolean = 1;
    return entry;
  }
  amqp_table_entry_t entries[4] = {yes("connection.blocked"), yes("consumer_cancel_notify"),
                                   yes("basic.nack"), yes("publisher_confirms")};
  amqp_table_entry_t all = {};
  amqp_table_t table() {
    all.key = amqp_cstring_bytes("capabilities");
    all.value.kind = AMQP_FIELD_KIND_TABLE;
    all.value.value.table = {4, entries};
    return {1, &all};
  }
};

}  // namespace

struct AmqpConnection::State {
  explicit State(AmqpQueue at) : queue{std::move(at)} {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (beat.joinable()) {
      {
        const std::lock_guard lock(use);
        leaving = true;
      }
      wake.notify_one();
      beat.join();
    }
    // One that has no memory hears nothing; what it did not confirm is void anyway.
    if (open && !broken && !blocked) {
      amqp_set_rpc_timeout(connection, &leave_patience);
      amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    }
    if (connection) amqp_destroy_connection(connection);
  }

  std::string place() const {
    return (queue.endpoint.tls ? "amqps://" : "amqp://") + queue.endpoint.name();
  }

  tl::unexpected<Error> refused(const Refusal& refusal) {
    broken = true;
    may_pass = passes(refusal);
    const std::string said = queue.name() + ": the server says '" + refusal.text + "'";
    return fail(may_pass ? said : said + ": " + remedy(queue, refusal));
  }

  /// For a status of the library.
  tl::unexpected<Error> lost(int status, bool passing = true) {
    broken = true;
    may_pass = passing;
    // Since TLS 1.3 a server says only after the handshake that it wants a certificate.
    const std::string why =
        status == AMQP_STATUS_SSL_ERROR ? "TLS: " + tls_reason() : amqp_error_string2(status);
    if (has(why, "certificate")) may_pass = false;
    return fail(place() + ": " + why);
  }

  Result<void> checked(const amqp_rpc_reply_t& reply) {
    switch (reply.reply_type) {
      case AMQP_RESPONSE_NORMAL: return {};
      case AMQP_RESPONSE_SERVER_EXCEPTION: return refused(refusal_of(reply.reply));
      default: return lost(reply.library_error);
    }
  }

  Result<void> sent(int status) {
    if (status == AMQP_STATUS_OK) return {};
    return lost(status);
  }

  Result<void> connect();
  Result<void> log_in();
  void start_beat();
  void keep_beating();
  bool room() const {
    pollfd watched = {fd, POLLOUT, 0};
    return ::poll(&watched, 1, 0) > 0;
  }

  AmqpQueue queue;
  amqp_connection_state_t connection = nullptr;
  int fd = -1;
  bool open = false;     // logged in
  bool broken = false;   // nothing can be said any more
  bool blocked = false;  // by a server without memory or disk
  bool may_pass = true;

  std::mutex use;  // of the connection, by the bot and by the heart
  std::condition_variable wake;
  bool leaving = false;
  std::thread beat;
};

// --- opening -------------------------------------------------------------------------------------

Result<void> AmqpConnection::State::connect() {
  const Endpoint& endpoint = queue.endpoint;
  connection = amqp_new_connection();
  amqp_socket_t* socket = nullptr;
  if (connection)
    socket = endpoint.tls ? amqp_ssl_socket_new(connection) : amqp_tcp_socket_new(connection);
  if (!socket) return fail(place() + ": no memory for a connection");
  if (endpoint.tls) {
    // OpenSSL looks at the name itself, and knows addresses too.
    amqp_ssl_socket_set_verify_hostname(socket, 0);
    amqp_ssl_socket_set_verify_peer(socket, endpoint.verify);
    auto* const context = static_cast<ssl_ctx_st*>(amqp_ssl_socket_get_context(socket));
    if (auto ready = prepare_tls(context, endpoint); !ready) {
      may_pass = false;
      return ready;
    }
  }
  const auto seconds = endpoint.connect_timeout.count() / 1000;
  const timeval patience{seconds, 0};
  const int status =
      amqp_socket_open_noblock(socket, endpoint.host.c_str(), endpoint.port, &patience);
  if (status == AMQP_STATUS_SSL_CONNECTION_FAILED || status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED ||
      status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED || status == AMQP_STATUS_SSL_ERROR) {
    broken = true;
    const std::string why = tls_reason();
    may_pass = !has(why, "certificate");
    return fail(place() + ": TLS: " + why +
                (may_pass ? "" : " (ca= names a file of certificates to trust)"));
  }
  if (status == AMQP_STATUS_OK) fd = amqp_get_sockfd(connection);
  if (status == AMQP_STATUS_SOCKET_ERROR || status == AMQP_STATUS_TCP_ERROR ||
      (fd >= 0 && connected_with_itself(fd))) {
    broken = true;
    return fail(place() +
                ": cannot connect; is RabbitMQ running there, and are host and port right?");
  }
  if (status != AMQP_STATUS_OK) return lost(status);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  return {};
}

Result<void> AmqpConnection::State::log_in() {
  amqp_set_handshake_timeout(connection, &handshake_patience);
  amqp_set_rpc_timeout(connection, &answer_patience);
  Capabilities capabilities;
  const amqp_table_t properties = capabilities.table();
  const amqp_rpc_reply_t reply = amqp_login_with_properties(
      connection, queue.vhost.c_str(), channel, longest_frame, static_cast<int>(queue.heartbeat),
      &properties, AMQP_SASL_METHOD_PLAIN, queue.user.c_str(), queue.password.c_str());
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    const bool other = reply.library_error == AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION ||
                       reply.library_error == AMQP_STATUS_BAD_AMQP_DATA ||
                       reply.library_error == AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD;
    auto error = lost(reply.library_error, !other);
    error.value().text += queue.endpoint.tls ? "; does RabbitMQ listen there for TLS?"
                                             : "; does RabbitMQ listen there, and without TLS?";
    return error;
  }
  if (auto done = checked(reply); !done) return done;
  open = true;
  amqp_channel_open(connection, channel);
  return checked(amqp_get_rpc_reply(connection));
}

Result<std::unique_ptr<AmqpConnection>> AmqpConnection::open(const AmqpQueue& queue,
                                                             bool& may_pass) {
  auto state = std::make_unique<State>(queue);
  auto done = state->connect();
  if (done) done = state->log_in();
  may_pass = state->may_pass;
  if (!done) return tl::unexpected<Error>(done.error());
  state->start_beat();
  return std::unique_ptr<AmqpConnection>(new AmqpConnection(std::move(state)));
}

AmqpConnection::AmqpConnection(std::unique_ptr<State> state) : state_{std::move(state)} {}
AmqpConnection::~AmqpConnection() = default;

// --- heartbeats ----------------------------------------------------------------------------------

void AmqpConnection::State::start_beat() {
  if (amqp_get_heartbeat(connection) <= 0) return;
  // Signals are for the bot's own thread, which waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  beat = std::thread([this] { keep_beating(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void AmqpConnection::State::keep_beating() {
  const std::chrono::milliseconds interval(amqp_get_heartbeat(connection) * 1000 / 3);
  amqp_frame_t heartbeat = {};
  heartbeat.frame_type = AMQP_FRAME_HEARTBEAT;
  std::unique_lock lock(use);
  while (!leaving) {
    if (wake.wait_for(lock, interval, [this] { return leaving; })) return;
    // A failure shows where the bot uses the connection next.
    if (!broken && room()) amqp_send_frame(connection, &heartbeat);
  }
}

// --- asking --------------------------------------------------------------------------------------

Result<void> AmqpConnection::declare() {
  if (!state_->queue.exchange.empty()) return {};
  const std::lock_guard lock(state_->use);
  amqp_table_entry_t lazy = {};
  lazy.key = amqp_cstring_bytes("x-queue-mode");
  lazy.value.kind = AMQP_FIELD_KIND_UTF8;
  lazy.value.value.bytes = amqp_cstring_bytes("lazy");
  constexpr amqp_boolean_t passive = 0, durable = 1, exclusive = 0, auto_delete = 0;
  amqp_queue_declare(state_->connection, channel, bytes_of(state_->queue.queue), passive, durable,
                     exclusive, auto_delete, amqp_table_t{1, &lazy});
  return state_->checked(amqp_get_rpc_reply(state_->connection));
}

Result<void> AmqpConnection::consume() {
  const std::lock_guard lock(state_->use);
  const auto prefetch = static_cast<std::uint16_t>(state_->queue.prefetch);
  constexpr amqp_boolean_t global = 0, no_local = 0, no_ack = 0, exclusive = 0;
  amqp_basic_qos(state_->connection, channel, 0, prefetch, global);
  if (auto done = state_->checked(amqp_get_rpc_reply(state_->connection)); !done) return done;
  amqp_basic_consume(state_->connection, channel, bytes_of(state_->queue.queue), amqp_empty_bytes,
                     no_local, no_ack, exclusive, amqp_empty_table);
  return state_->checked(amqp_get_rpc_reply(state_->connection));
}

Result<void> AmqpConnection::confirm() {
  const std::lock_guard lock(state_->use);
  amqp_confirm_select(state_->connection, channel);
  return state_->checked(amqp_get_rpc_reply(state_->connection));
}

Result<std::uint64_t> AmqpConnection::count() {
  const std::lock_guard lock(state_->use);
  constexpr amqp_boolean_t passive = 1, durable = 1, exclusive = 0, auto_delete = 0;
  const amqp_queue_declare_ok_t* const there =
      amqp_queue_declare(state_->connection, channel, bytes_of(state_->queue.queue), passive,
                         durable, exclusive, auto_delete, amqp_empty_table);
  if (!there) {
    auto done = state_->checked(amqp_get_rpc_reply(state_->connection));
    if (!done) return tl::unexpected<Error>(done.error());
    return std::uint64_t{0};
  }
  return std::uint64_t{there->message_count};
}

Result<std::uint64_t> AmqpConnection::purge() {
  const std::lock_guard lock(state_->use);
  const amqp_queue_purge_ok_t* const done =
      amqp_queue_purge(state_->connection, channel, bytes_of(state_->queue.queue));
  if (done) return std::uint64_t{done->message_count};
  auto checked = state_->checked(amqp_get_rpc_reply(state_->connection));
  if (!checked) return tl::unexpected<Error>(checked.error());
  return std::uint64_t{0};
}

// --- hearing -------------------------------------------------------------------------------------

namespace {

AmqpNews news_of(const amqp_method_t& method) {
  AmqpNews news;
  switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD:
      news.kind = AmqpNews::Kind::delivery;
      news.number = static_cast<const amqp_basic_deliver_t*>(method.decoded)->delivery_tag;
      break;
    case AMQP_BASIC_RETURN_METHOD:
      news.kind = AmqpNews::Kind::returned;
      news.text = view(static_cast<const amqp_basic_return_t*>(method.decoded)->reply_text);
      break;
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      return {AmqpNews::Kind::ack, ack->delivery_tag, ack->multiple != 0, {}};
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
      return {AmqpNews::Kind::nack, nack->delivery_tag, nack->multiple != 0, {}};
    }
    case AMQP_CONNECTION_BLOCKED_METHOD:
      news.kind = AmqpNews::Kind::blocked;
      news.text = view(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason);
      break;
    case AMQP_CONNECTION_UNBLOCKED_METHOD: news.kind = AmqpNews::Kind::unblocked; break;
    case AMQP_BASIC_CANCEL_METHOD: news.kind = AmqpNews::Kind::cancelled; break;
    default: break;
  }
  return news;
}

AmqpNews news_of(const amqp_frame_t& frame) {
  AmqpNews news;
  if (frame.frame_type == AMQP_FRAME_METHOD) return news_of(frame.payload.method);
  if (frame.frame_type == AMQP_FRAME_HEADER) {
    news.kind = AmqpNews::Kind::size;
    news.number = frame.payload.properties.body_size;
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    news.kind = AmqpNews::Kind::bytes;
    news.text = view(frame.payload.body_fragment);
  }
  return news;
}

}  // namespace

Result<AmqpNews> AmqpConnection::poll() {
  const std::lock_guard lock(state_->use);
  for (;;) {
    amqp_maybe_release_buffers(state_->connection);
    amqp_frame_t frame;
    const timeval none{0, 0};
    const int status = amqp_simple_wait_frame_noblock(state_->connection, &frame, &none);
    if (status == AMQP_STATUS_TIMEOUT) return AmqpNews{};
    if (status != AMQP_STATUS_OK) return state_->lost(status);
    if (frame.frame_type == AMQP_FRAME_METHOD &&
        (frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD ||
         frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD))
      return state_->refused(refusal_of(frame.payload.method));
    const AmqpNews news = news_of(frame);
    if (news.kind == AmqpNews::Kind::blocked) state_->blocked = true;
    if (news.kind == AmqpNews::Kind::unblocked) state_->blocked = false;
    if (news.kind != AmqpNews::Kind::none) return news;
  }
}

bool AmqpConnection::has_news() const {
  const std::lock_guard lock(state_->use);
  return amqp_frames_enqueued(state_->connection) || amqp_data_in_buffer(state_->connection);
}

Result<void> AmqpConnection::acknowledge(std::uint64_t tag) {
  const std::lock_guard lock(state_->use);
  constexpr amqp_boolean_t multiple = 1;
  return state_->sent(amqp_basic_ack(state_->connection, channel, tag, multiple));
}

// --- publishing ----------------------------------------------------------------------------------

bool AmqpConnection::has_room() const { return state_->room(); }

void AmqpConnection::wait(bool for_room, int timeout_ms) const {
  pollfd watched = {state_->fd, POLLIN, 0};
  if (for_room) watched.events |= POLLOUT;
  ::poll(&watched, 1, timeout_ms);
}

namespace {

amqp_basic_properties_t persistent() {
  amqp_basic_properties_t properties = {};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  return properties;
}

constexpr amqp_boolean_t mandatory = 1, immediate = 0;

}  // namespace

Result<void> AmqpConnection::publish(std::string_view event) {
  const std::lock_guard lock(state_->use);
  const amqp_basic_properties_t properties = persistent();
  return state_->sent(amqp_basic_publish(
      state_->connection, channel, bytes_of(state_->queue.exchange), bytes_of(state_->queue.queue),
      mandatory, immediate, &properties, bytes_of(event)));
}

Result<void> AmqpConnection::begin(std::size_t size) {
  const std::lock_guard lock(state_->use);
  amqp_basic_publish_t method = {};
  method.exchange = bytes_of(state_->queue.exchange);
  method.routing_key = bytes_of(state_->queue.queue);
  method.mandatory = mandatory;
  if (auto done = state_->sent(
          amqp_send_method(state_->connection, channel, AMQP_BASIC_PUBLISH_METHOD, &method));
      !done)
    return done;
  amqp_basic_properties_t properties = persistent();
  amqp_frame_t frame = {};
  frame.frame_type = AMQP_FRAME_HEADER;
  frame.channel = channel;
  frame.payload.properties.class_id = AMQP_BASIC_CLASS;
  frame.payload.properties.body_size = size;
  frame.payload.properties.decoded = &properties;
  return state_->sent(amqp_send_frame(state_->connection, &frame));
}

Result<void> AmqpConnection::add(std::string_view piece) {
  const std::lock_guard lock(state_->use);
  amqp_frame_t frame = {};
  frame.frame_type = AMQP_FRAME_BODY;
  frame.channel = channel;
  frame.payload.body_fragment = bytes_of(piece);
  return state_->sent(amqp_send_frame(state_->connection, &frame));
}

int AmqpConnection::fd() const { return state_->fd; }
bool AmqpConnection::may_pass() const { return state_->may_pass; }

}  // namespace intelmq
