// SPDX-License-Identifier: Apache-2.0
// How far a group's readers are behind.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>

#include "queue/kafka_client.hpp"

namespace intelmq {
namespace {

constexpr int patience_ms = 5000;

using Partitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)>;

Result<Partitions> partitions_of(const KafkaClient& client) {
  const std::string& topic = client.queue().topic;
  const std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> handle(
      rd_kafka_topic_new(client.get(), topic.c_str(), nullptr), rd_kafka_topic_destroy);
  const rd_kafka_metadata_t* found = nullptr;
  const auto code = rd_kafka_metadata(client.get(), 0, handle.get(), &found, patience_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(client.explain(code));
  Partitions out(rd_kafka_topic_partition_list_new(8), rd_kafka_topic_partition_list_destroy);
  for (int i = 0; i < found->topic_cnt; ++i)
    for (int k = 0; k < found->topics[i].partition_cnt; ++k)
      rd_kafka_topic_partition_list_add(out.get(), topic.c_str(),
                                        found->topics[i].partitions[k].id);
  rd_kafka_metadata_destroy(found);
  return out;
}

}  // namespace

Result<QueueState> kafka_queue_state(const KafkaQueue& queue) {
  KafkaClient client(queue, nullptr);
  KafkaSettings settings(queue);
  const bool has_group = !queue.group.empty();
  if (has_group) settings.set("group.id", queue.group);
  if (auto made = client.create(
          settings, has_group ? KafkaClient::Kind::consumer : KafkaClient::Kind::producer, nullptr);
      !made)
    return tl::unexpected(made.error());
  if (auto there = client.check_topic(); !there) return tl::unexpected(there.error());
  auto partitions = partitions_of(client);
  if (!partitions) return tl::unexpected(partitions.error());
  if (has_group) {
    const auto code = rd_kafka_committed(client.get(), partitions->get(), patience_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(client.explain(code));
  }
  QueueState out;
  out.waiting = 0;
  for (int i = 0; i < (*partitions)->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = (*partitions)->elems[i];
    std::int64_t low = 0, high = 0;
    const auto code = rd_kafka_query_watermark_offsets(client.get(), each.topic, each.partition,
                                                       &low, &high, patience_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(client.explain(code));
    if (has_group && each.offset >= 0)
      out.positions[std::string(each.topic) + '/' + std::to_string(each.partition)] = each.offset;
    const std::int64_t from = has_group && each.offset >= 0 ? std::max(each.offset, low) : low;
    *out.waiting += static_cast<std::uint64_t>(std::max<std::int64_t>(0, high - from));
  }
  return out;
}

}  // namespace intelmq
