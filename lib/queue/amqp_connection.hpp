// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "queue/amqp_queue.hpp"
#include "queue/server_link.hpp"

namespace intelmq {

/// One thing that the server said by itself.
struct AmqpNews {
  enum class Kind : std::uint8_t {
    none,      ///< Nothing for now.
    delivery,  ///< An event comes, `number` is its tag: then a `size` and `bytes` until it is full.
    returned,  ///< An event that no queue takes: the same follows.
    size,      ///< `number` bytes will come.
    bytes,     ///< Some of them are `text`.
    ack,
    nack,     ///< Of the event published as the `number`th, or of all up to it (`multiple`).
    blocked,  ///< It takes no events for now, for the reason in `text`.
    unblocked,
    cancelled  ///< It sends no more events: the queue is gone.
  };
  Kind kind = Kind::none;
  std::uint64_t number = 0;
  bool multiple = false;
  std::string_view text;  ///< Good until the next poll.
};

/// A connection with one channel to an AMQP server. After any error it is of no use any more, and
/// `may_pass` tells whether a new one may help. Heartbeats are sent by a thread of its own, so that
/// a bot may be busy elsewhere for as long as it wants.
class AmqpConnection {
 public:
  static constexpr std::size_t small = 16u << 10;  ///< Bytes that have room in one piece.

  /// Connects and logs in. Error: names server, reason and remedy.
  static Result<std::unique_ptr<AmqpConnection>> open(const AmqpQueue& queue, bool& may_pass);
  ~AmqpConnection();  ///< Takes leave, so that the server has all that was sent.

  /// Makes the queue, unless there is an exchange.
  Result<void> declare();
  /// From now on events come, at most `prefetch` of them unacknowledged.
  Result<void> consume();
  /// From now on each event published is acknowledged by the server.
  Result<void> confirm();
  /// Events in the queue that are on their way to nobody.
  Result<std::uint64_t> count();
  /// Throws them away; how many they were.
  Result<std::uint64_t> purge();

  /// What came; never waits.
  Result<AmqpNews> poll();
  /// Whether `poll` has something without looking at the socket.
  bool has_news() const;
  /// Takes an event, and all that came before it, out of the queue.
  Result<void> acknowledge(std::uint64_t tag);

  /// Whether a piece can be sent without waiting for the server.
  bool has_room() const;
  /// Waits until there is news (or room), or the time is over.
  void wait(bool for_room, int timeout_ms) const;
  /// Publishes an event of at most `small` bytes.
  Result<void> publish(std::string_view event);
  /// Publishes a longer one: its size, then pieces of at most `small` bytes.
  Result<void> begin(std::size_t size);
  Result<void> add(std::string_view piece);

  int fd() const;
  bool may_pass() const;

 private:
  struct State;
  explicit AmqpConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

using AmqpLink = ServerLink<AmqpConnection>;

}  // namespace intelmq
