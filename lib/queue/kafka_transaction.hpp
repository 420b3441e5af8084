// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/result.hpp"

struct rd_kafka_s;
struct rd_kafka_topic_partition_list_s;

namespace intelmq {

/// A destination whose transaction is open until the source's offsets go into it.
class KafkaTransaction {
 public:
  virtual ~KafkaTransaction() = default;
  /// Commits what was flushed together with the offsets of `consumer`: both or neither.
  virtual Result<void> commit_with(const rd_kafka_topic_partition_list_s* offsets,
                                   rd_kafka_s* consumer) = 0;
};

/// The Kafka ends of this process. A bot delivers, then acknowledges: if both ends are Kafka's and
/// there is one of each, the destination leaves its transaction to the source's acknowledgement.
class KafkaEnds {
 public:
  static void add(const void* source) { sources().push_back(source); }
  static void remove(const void* source) { std::erase(sources(), source); }
  static void add(KafkaTransaction* destination) { transactions().push_back(destination); }
  static void remove(KafkaTransaction* destination) { std::erase(transactions(), destination); }

  /// The transaction that takes the source's offsets; nullptr: the source commits them itself.
  static KafkaTransaction* coupled() {
    const bool pair = sources().size() == 1 && transactions().size() == 1;
    return pair ? transactions().front() : nullptr;
  }

 private:
  static std::vector<const void*>& sources() {
    static std::vector<const void*> all;
    return all;
  }
  static std::vector<KafkaTransaction*>& transactions() {
    static std::vector<KafkaTransaction*> all;
    return all;
  }
};

}  // namespace intelmq
