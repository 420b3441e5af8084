// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/file.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {

/// As whom a stream is read. Without options the group is the program's name and the consumer
/// `HOST-N`, with the smallest N from 1 on that no living process of this host uses there: a bot
/// that is started again gets the name, and so the pending entries, of the one that ended.
class RedisConsumer {
 public:
  explicit RedisConsumer(const RedisQueue& queue);
  const std::string& group() const { return group_; }
  const std::string& name() const { return name_; }

 private:
  std::string group_, name_;
  FileDescriptor number_;  // holds N until the process ends
};

}  // namespace intelmq
