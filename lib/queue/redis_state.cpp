// SPDX-License-Identifier: Apache-2.0
// How a list or stream on a Redis server stands.
#include "queue/redis_state.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {
namespace {

constexpr std::chrono::seconds patience{5};
using Asked = Result<const RedisReply*>;

class Looking {
 public:
  Looking(RedisConnection& server, const RedisQueue& queue) : server_{server}, queue_{queue} {}

  Asked ask(std::initializer_list<std::string_view> words) {
    Asked reply = server_.ask(words, patience);
    if (reply && (*reply)->is_error())
      return fail(queue_.name() + ": " + explain_redis_error((*reply)->text));
    return reply;
  }

  Result<QueueState> list() {
    QueueState out;
    const Asked waiting = ask({"LLEN", queue_.key});
    if (!waiting) return tl::unexpected(waiting.error());
    out.waiting = number(*waiting);
    const Asked in_hand = ask({"LLEN", queue_.internal_list()});
    if (!in_hand) return tl::unexpected(in_hand.error());
    out.in_hand = number(*in_hand);
    return out;
  }

  Result<QueueState> stream() {
    QueueState out;
    const Asked length = ask({"XLEN", queue_.key});
    if (!length) return tl::unexpected(length.error());
    out.waiting = number(*length);
    // Who may not ask, or where the stream is not there yet: its length is all there is to say.
    const Asked groups = server_.ask({"XINFO", "GROUPS", queue_.key}, patience);
    if (!groups) return tl::unexpected(groups.error());
    for (std::size_t i = 0; i < (*groups)->size; ++i) {
      const RedisReply& each = (*groups)->items[i];
      const RedisReply* const name = member(each, "name");
      if (!name || name->text != queue_.group) continue;
      if (const auto* lag = member(each, "lag"); lag && !lag->is_nil()) out.waiting = number(lag);
      if (const auto* pending = member(each, "pending")) out.in_hand = number(pending);
      if (const auto* readers = member(each, "consumers")) out.consumers = number(readers);
    }
    return out;
  }

  Result<QueueState> clear() {
    auto before = queue_.is_stream ? stream() : list();
    if (!before) return before;
    const Asked done =
        queue_.is_stream ? ask({"XTRIM", queue_.key, "MAXLEN", "0"}) : ask({"DEL", queue_.key});
    if (!done) return tl::unexpected(done.error());
    before->cleared = queue_.is_stream ? number(*done) : before->waiting.value_or(0);
    before->waiting = 0;
    return before;
  }

 private:
  static std::uint64_t number(const RedisReply* reply) {
    return reply->integer > 0 ? static_cast<std::uint64_t>(reply->integer) : 0;
  }
  /// Of an array of names and values.
  static const RedisReply* member(const RedisReply& map, std::string_view name) {
    for (std::size_t i = 0; i + 1 < map.size; i += 2)
      if (map.items[i].text == name) return &map.items[i + 1];
    return nullptr;
  }

  RedisConnection& server_;
  const RedisQueue& queue_;
};

}  // namespace

Result<QueueState> redis_queue_state(const RedisQueue& queue, bool clear) {
  bool may_pass = false;
  auto server = RedisConnection::open(queue.address, may_pass);
  if (!server) return tl::unexpected(server.error());
  Looking looking(**server, queue);
  if (clear) return looking.clear();
  return queue.is_stream ? looking.stream() : looking.list();
}

}  // namespace intelmq
