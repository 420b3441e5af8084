// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/event.hpp"

namespace intelmq {

enum class KeyFilter : std::uint8_t { blacklist, whitelist };
constexpr auto names_of(KeyFilter) {
  return std::array<std::string_view, 2>{"blacklist", "whitelist"};
}

/// The bytes over which IntelMQ hashes a message: for every selected key in code point order its
/// name, 0xC0, Python's repr() of its value, 0xC0. `time.observation` never takes part.
class HashInput {
 public:
  HashInput(KeyFilter filter, std::vector<FieldName> keys);
  /// Replaces `out`. Selected values are checked and sanitised first; an invalid one rejects the
  /// event. The event's other values are left alone.
  void read(Event& event, std::string& out) const;

 private:
  void read_listed(Event& event, std::string& out) const;
  void read_others(Event& event, std::string& out) const;
  KeyFilter filter_;
  std::vector<FieldName> keys_;  // sorted
};

}  // namespace intelmq
