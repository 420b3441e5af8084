// SPDX-License-Identifier: Apache-2.0
// The yardstick of Redis streams: the least a program on hiredis can do and lose nothing. A batch
// of up to 256 entries is read by a consumer, added to the next stream and acknowledged; the
// reading of the next batch travels with that.
#include "redis_yard.hpp"

namespace {

using namespace intelmq::bench;
constexpr char usage[] =
    "usage: redis-streams SOCKET\n"
    "Add all entries of the stream `in` of database 2, which the group `yard` has not read, to "
    "`out`.\n";

void ask(Redis& redis) {
  redis.add(
      {"XREADGROUP", "GROUP", "yard", "me", "COUNT", std::to_string(batch), "STREAMS", "in", ">"});
}

/// Adds and acknowledges; the number of replies that will come.
std::size_t pass_on(Redis& redis, const redisReply& entries) {
  std::vector<std::string_view> done = {"XACK", "in", "yard"};
  for (std::size_t i = 0; i < entries.elements; ++i) {
    const redisReply& entry = *entries.element[i];
    done.push_back(Redis::text(*entry.element[0]));
    redis.add({"XADD", "out", "*", "event", Redis::text(*entry.element[1]->element[1])});
  }
  redis.add(done);
  return entries.elements + 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') return std::fputs(usage, stderr), 64;
  Redis redis(argv[1]);
  redis.add({"SELECT", "2"});
  redis.reply();
  ask(redis);
  for (auto got = redis.reply(); got->type == REDIS_REPLY_ARRAY; got = redis.reply()) {
    const std::size_t replies = pass_on(redis, *got->element[0]->element[1]);
    ask(redis);
    for (std::size_t i = 0; i < replies; ++i) redis.reply();
  }
}
