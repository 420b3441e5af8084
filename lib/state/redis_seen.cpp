// SPDX-License-Identifier: Apache-2.0
#include "state/redis_seen.hpp"

#include "base/module.hpp"

namespace intelmq {

RedisAddress redis_cache_address(const std::string& host, std::uint16_t port, unsigned database,
                                 const std::string& password) {
  constexpr std::string_view unix_prefix = "unix://";
  RedisAddress out;
  if (host.starts_with(unix_prefix))
    out.endpoint.unix_path = host.substr(unix_prefix.size());
  else if (host.starts_with('/'))
    out.endpoint.unix_path = host;
  else
    out.endpoint.host = host;
  out.endpoint.port = port;
  out.password = password;
  out.database = database;
  return out;
}

Result<std::unique_ptr<Seen>> open_redis_seen(const RedisAddress& address,
                                              std::uint32_t ttl_seconds) {
  const Result<void*> symbol = load_module("state-redis", "intelmq_open_redis_seen");
  if (!symbol) return tl::unexpected<Error>(symbol.error());
  Result<std::unique_ptr<Seen>> opened;
  reinterpret_cast<decltype(&intelmq_open_redis_seen)> (*symbol)(address, ttl_seconds, opened);
  return opened;
}

}  // namespace intelmq
