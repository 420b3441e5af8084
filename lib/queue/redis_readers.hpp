// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/redis.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {

/// Who else reads a list. Each reader has a name for its connection that tells its internal list,
/// so an internal list without a living connection is one whose reader is gone. Readers with an
/// instance take over what such left, as a whole and only while it is gone: the list is watched
/// from before the look for its connection, and a reader that comes back touches its list after it
/// has named itself.
class RedisReaders {
 public:
  explicit RedisReaders(const RedisQueue& queue);

  struct Presence {
    std::string refused;  ///< The server's error, where going on unnamed would lose events.
    std::string rival;    ///< A connection that was there before and reads the same internal list.
  };
  /// Names a new connection and looks who else has that name. Error: it is lost.
  Result<Presence> appear(RedisConnection& server);

  /// Whether it is time to look for what others left.
  bool due() const { return interval_.count() && Clock::now() >= next_look_; }
  /// Seconds to wait for an event at most, 0 for ever.
  std::string longest_wait() const { return std::to_string(interval_.count()); }
  /// Moves what readers that have been gone long enough left into our internal list. `take` gets
  /// each event, in the order of the moves. Gives what the server or a list does not allow, once;
  /// error: the connection is lost.
  using Take = std::function<void(const RedisReply&)>;
  Result<std::string> look(RedisConnection& server, const Take& take);

 private:
  using Clock = std::chrono::steady_clock;
  struct Client {
    std::int64_t id;
    std::string_view address, name;
  };
  static std::vector<Client> clients_in(std::string_view list);
  static bool is_there(std::string_view clients, const std::string& name);
  std::string name_of(std::string_view internal_list) const;
  Result<std::string> find_lists(RedisConnection& server, std::set<std::string>& out);
  Result<std::string> claim(RedisConnection& server, const std::string& list, const Take& take);
  Result<std::string> move_all(RedisConnection& server, const std::string& list, std::int64_t count,
                               const Take& take);
  std::string forbidden(std::string_view error);

  std::string key_, own_, database_;
  bool has_instance_;
  std::chrono::seconds claim_after_, interval_;
  Clock::time_point next_look_;
  std::map<std::string, Clock::time_point> gone_;  // lists, and since when nobody reads them
  std::set<std::int64_t> ours_;                    // connections that this process had
};

}  // namespace intelmq
