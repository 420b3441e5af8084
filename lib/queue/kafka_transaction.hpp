// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
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

/// The Kafka ends of this process. A bot delivers, then acknowledges: if both ends are of the same
/// cluster and there is one of each, the destination leaves its transaction to the source's
/// acknowledgement.
class KafkaEnds {
 public:
  /// `cluster` is the id that the brokers give; empty: they give none.
  static void add(const void* source, std::string cluster) {
    sources().push_back({source, std::move(cluster)});
  }
  static void add(KafkaTransaction* destination, std::string cluster) {
    transactions().push_back({destination, std::move(cluster)});
  }
  static void remove(const void* source) { erase(sources(), source); }
  static void remove(KafkaTransaction* destination) { erase(transactions(), destination); }

  /// The transaction that takes the source's offsets; nullptr: the source commits them itself.
  static KafkaTransaction* coupled() {
    if (sources().size() != 1 || transactions().size() != 1) return nullptr;
    const auto& [transaction, cluster] = transactions().front();
    return !cluster.empty() && cluster == sources().front().second ? transaction : nullptr;
  }

 private:
  template <class End>
  using List = std::vector<std::pair<End, std::string>>;

  template <class End>
  static void erase(List<End>& list, End end) {
    std::erase_if(list, [end](const auto& entry) { return entry.first == end; });
  }
  static List<const void*>& sources() {
    static List<const void*> all;
    return all;
  }
  static List<KafkaTransaction*>& transactions() {
    static List<KafkaTransaction*> all;
    return all;
  }
};

}  // namespace intelmq
