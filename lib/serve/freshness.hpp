// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "serve/bots.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {

/// What a bot's sheet says of one file of external data.
struct DataRule {
  std::string name, kind, parameter;
  bool required = true, expired_is_ready = false;
  Duration warn, max, expire;      ///< Ages; 0: no limit.
  std::vector<std::string> types;  ///< MMDB: those that the bot can read; empty: any.
  Json source;                     ///< As in the sheet; null: none.
  std::uint64_t bytes = 0;         ///< About; 0: unknown.
};

/// From an item of `external_data` in a description. Error: names the member.
Result<DataRule> read_data_rule(const Json& item);

/// The file as it is.
struct DataCopy {
  bool there = false;      ///< It can be used.
  double build_time = 0;   ///< Unix time, by the data itself; the file's own as a last resort.
  std::string type;        ///< MMDB: database_type.
  std::uint64_t size = 0;  ///< Bytes.
  std::string stamp;       ///< Changes whenever the file is another one.
  std::string sha256;      ///< In hex; empty: was not asked for.
  std::string error;       ///< Why it cannot be used.
};

enum class Freshness : std::uint8_t { fresh, ageing, stale, expired, missing };
std::string_view name_of(Freshness freshness);

/// By the age at `now` (Unix time). Limits that are 0 are passed over.
Freshness freshness_of(const DataRule& rule, const DataCopy& copy, double now);
/// False: the bot should not count as ready with it.
bool usable(const DataRule& rule, Freshness freshness);

/// When and from where newer data is fetched.
struct DataPolicy {
  bool automatic = true;
  Duration interval = std::chrono::hours(24), jitter = std::chrono::hours(1);
  Json source;  ///< {"protocol": "geoipupdate" or "http" or "none", ...}

  Json document() const;
};

/// What holds for data without a policy of its own.
DataPolicy default_policy(const DataRule& rule);
/// A policy as the API takes it; members left out are as in the default. Problem: `validation`
/// with a pointer to each member that is wrong.
Answer<DataPolicy> read_policy(const Json& body, const DataRule& rule);

}  // namespace intelmq::serve
