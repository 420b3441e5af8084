// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace intelmq {

/// What became of the records of a run: read = written + dropped + failed.
class Counts {
 public:
  std::uint64_t read = 0;
  std::uint64_t written = 0;         ///< Records that left on at least one path.
  std::uint64_t unnamed = 0;         ///< What left on `_default` since it named no path.
  std::uint64_t reports = 0;         ///< Parsers: reports or feeds taken.
  std::uint64_t emitted = 0;         ///< Splitters: events made.
  std::uint64_t duplicate_keys = 0;  ///< Keys that stood twice in one line.
  std::uint64_t retries = 0;         ///< Outputs: batches that were tried again.
  std::uint64_t received_bytes = 0;  ///< Of lines and feeds that were taken.

  void drop(std::string_view reason) { ++slot(dropped_, reason); }
  void fail(std::string_view reason) { ++slot(failed_, reason); }
  void send(std::string_view path) { ++slot(paths_, path); }
  std::uint64_t dropped() const { return sum(dropped_); }
  std::uint64_t failed() const { return sum(failed_); }
  bool add_up() const { return read == written + dropped() + failed(); }

  std::uint64_t succeeded() const { return reports ? reports : written + dropped(); }
  std::uint64_t handled() const { return read + reports + emitted; }  ///< Grows with each one.
  std::uint64_t sent(std::string_view path) const;

  using Reasons = std::map<std::string, std::uint64_t, std::less<>>;
  const Reasons& failed_reasons() const { return failed_; }
  const Reasons& dropped_reasons() const { return dropped_; }
  const Reasons& paths() const { return paths_; }  ///< Those that were named.
  Json json(const std::string& program, double seconds) const;

 private:
  static std::uint64_t& slot(Reasons& reasons, std::string_view reason);
  static std::uint64_t sum(const Reasons& reasons);
  Reasons dropped_, failed_, paths_;
};

/// A reason without the values in it, so that equal failures count together.
std::string reason_kind(std::string_view reason);

}  // namespace intelmq
