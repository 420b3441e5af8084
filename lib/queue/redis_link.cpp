// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_link.hpp"

#include "base/log.hpp"

namespace intelmq {

Result<void> RedisLink::connect() {
  bool may_pass = false;
  auto opened = RedisConnection::open(address_, may_pass);
  if (!opened) return tl::unexpected(opened.error());
  connection_ = std::move(*opened);
  return {};
}

Result<void> RedisLink::connect_again() {
  bool may_pass = false;
  auto opened = RedisConnection::open(address_, may_pass);
  if (!opened && !may_pass) return tl::unexpected(opened.error());
  warn(opened ? name_ + ": connected again" : opened.error().text);
  if (opened) connection_ = std::move(*opened);
  return {};
}

void RedisLink::lose(const std::string& why) {
  connection_.reset();
  warn(why + "; connecting again");
}

void RedisLink::warn(const std::string& text) const {
  if (log_) log_->warning(text);
}

}  // namespace intelmq
