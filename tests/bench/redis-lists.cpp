// SPDX-License-Identifier: Apache-2.0
// The yardstick of Redis lists: the least a program on hiredis can do and lose nothing. A batch of
// 256 events is moved into the internal list, pushed to the next list and taken off the internal
// one; the moves of the next batch travel with that.
#include <cstring>

#include "redis_yard.hpp"

namespace {

using namespace intelmq::bench;
constexpr char usage[] =
    "usage: redis-lists SOCKET [lean]\n"
    "Move all events of the list `in` to the list `out` of database 2.\n"
    "lean: with the commands that cost the server least.\n";

void ask(Redis& redis) {
  for (std::size_t i = 0; i < batch; ++i) redis.add({"LMOVE", "in", "internal", "RIGHT", "LEFT"});
}

std::vector<Redis::Reply> take(Redis& redis) {
  std::vector<Redis::Reply> events;
  for (std::size_t i = 0; i < batch; ++i) {
    Redis::Reply reply = redis.reply();
    if (reply->type == REDIS_REPLY_STRING) events.push_back(std::move(reply));
  }
  return events;
}

/// The number of replies that will come.
std::size_t pass_on(Redis& redis, const std::vector<Redis::Reply>& events, bool lean) {
  const std::string size = std::to_string(events.size());
  if (!lean) {
    for (const Redis::Reply& event : events) redis.add({"LPUSH", "out", Redis::text(*event)});
    redis.add({"RPOP", "internal", size});
    return events.size() + 1;
  }
  std::vector<std::string_view> words = {"LPUSH", "out"};
  for (const Redis::Reply& event : events) words.push_back(Redis::text(*event));
  redis.add(words);
  const std::string end = "-" + std::to_string(events.size() + 1);
  redis.add({"LTRIM", "internal", "0", end});
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::fputs(usage, stderr), 64;
  const bool lean = argc > 2 && std::strcmp(argv[2], "lean") == 0;
  Redis redis(argv[1]);
  redis.add({"SELECT", "2"});
  redis.reply();
  ask(redis);
  for (auto events = take(redis); !events.empty(); events = take(redis)) {
    const std::size_t replies = pass_on(redis, events, lean);
    ask(redis);
    for (std::size_t i = 0; i < replies; ++i) redis.reply();
  }
}
