// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/redis_link.hpp"

namespace intelmq {

/// What sources on a Redis server have in common: batches that come while the one before is
/// processed, waiting, and a server that goes away and comes back.
class RedisSource : public Source {
 public:
  Fetch next(Record& out) final;
  Fetch next_stream(ByteSource&, std::string&, Wakeup&) final;
  void wait(Wakeup& wakeup) final;
  void hold(bool held) final;
  const Error& error() const final { return error_; }

 protected:
  /// One event as it came. The views live until the batch after the next is asked for.
  struct Item {
    std::string_view id;  ///< Of an entry in a stream.
    const RedisReply* value;
  };

  RedisSource(RedisQueue queue, const SourceOptions& options);

  /// Asks for a batch without waiting; false: not now.
  virtual bool ask_for_more() = 0;
  /// Has the server tell of the next event; everything is delivered and acknowledged.
  virtual bool ask_to_be_told() = 0;
  /// Takes a reply; false: the connection is lost or the server refuses for good.
  virtual bool take(const RedisReply& reply) = 0;
  /// The text of an item that is handed out now; nothing: there is none, go on with the next.
  virtual std::optional<std::string_view> hand(const Item& item) = 0;
  /// Something is delivered of which the server must still be told, and it can be told now.
  virtual bool owes() const = 0;
  virtual void settle() = 0;
  /// After a new connection: what was handed out by the old one, and what was not.
  virtual void find_place() = 0;

  /// Sends what was written; `replies` of those that will come bring events.
  bool sent(std::uint64_t replies);
  bool refuse(std::string_view error);
  void give_up(std::string why);
  virtual void lose(const std::string& why);

  RedisQueue queue_;
  RedisLink link_;
  std::string name_;
  std::vector<Item> batch_, coming_;
  std::size_t at_ = 0;
  std::uint64_t outstanding_ = 0;  ///< Replies with events that will come.
  bool recovering_ = false;        ///< What nobody acknowledged may be there: that comes first.
  bool dry_ = false;               ///< Nothing was there when we last asked.
  bool blocked_ = false;           ///< The server tells us when something comes.
  bool paused_ = false;            ///< The server asked for patience.
  bool broken_ = false;

 private:
  /// Whether the end is reached; asked while no replies are to come.
  bool drained() const { return queue_.drain && dry_ && !recovering_; }
  bool collect();
  void take_batch();
  Fetch fill(Record& out, std::string_view text);
  void reconnect(Wakeup& wakeup);
  bool unblock();

  std::size_t max_record_;

 protected:
  bool probe_;  ///< As in SourceOptions.

 private:
  std::uint64_t count_ = 0;
  std::chrono::milliseconds waited_{};
  Error error_;
};

}  // namespace intelmq
