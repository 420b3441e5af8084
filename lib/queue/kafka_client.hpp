// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "queue/destination.hpp"
#include "queue/kafka_queue.hpp"
#include "queue/queue_state.hpp"
#include "queue/source.hpp"

struct rd_kafka_s;
struct rd_kafka_conf_s;

namespace intelmq {

/// The settings of a client while they are put together: each one is checked by the library.
class KafkaSettings {
 public:
  /// Brokers, TLS and login, as the URL says.
  explicit KafkaSettings(const KafkaQueue& queue);
  KafkaSettings(const KafkaSettings&) = delete;
  KafkaSettings& operator=(const KafkaSettings&) = delete;
  ~KafkaSettings();

  void set(const char* name, const std::string& value);
  void set(const char* name, std::uint64_t value) { set(name, std::to_string(value)); }
  rd_kafka_conf_s* get() { return conf_; }
  rd_kafka_conf_s* release();
  const std::string& error() const { return error_; }  ///< Of the first that was refused.

 private:
  rd_kafka_conf_s* conf_;
  std::string error_;
};

/// A client of a cluster: its handle, and what it says of its troubles. Lost connections come back
/// by themselves, after a while that grows and is never quite equal.
class KafkaClient {
 public:
  enum class Kind { consumer, producer };

  KafkaClient(const KafkaQueue& queue, Log* log) : name_{queue.name()}, queue_{queue}, log_{log} {}
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;
  ~KafkaClient();

  /// `opaque` is what the callbacks in the settings get.
  Result<void> create(KafkaSettings& settings, Kind kind, void* opaque);
  /// Asks the cluster for the topic, up to 10 seconds. Error: not reachable, not let in, no topic.
  Result<void> check_topic();

  /// It ends with the process only.
  void leave_to_exit() { handle_ = nullptr; }

  /// The id that the brokers give their cluster; empty: none.
  std::string cluster() const;
  rd_kafka_s* get() const { return handle_; }
  const std::string& name() const { return name_; }
  const KafkaQueue& queue() const { return queue_; }

  /// For the client's error callback.
  void trouble(int code, const char* reason);
  /// All went well: the next trouble is told again.
  void succeeded();
  bool all_down() const { return all_down_; }
  /// The topic was deleted while we had a share of it.
  bool topic_gone() const { return topic_gone_; }
  void warn(const std::string& text) const;
  /// An error of the library or of a broker, with the remedy.
  std::string explain(int code, std::string_view detail = {}) const;

 private:
  void serve() const;

  std::string name_;
  KafkaQueue queue_;
  Log* log_;
  rd_kafka_s* handle_ = nullptr;
  Kind kind_ = Kind::consumer;
  std::string last_trouble_;
  int last_code_ = 0;
  bool started_ = false;
  bool told_ = false;
  bool all_down_ = false;
  bool topic_gone_ = false;
};

Result<std::unique_ptr<Source>> open_kafka_source(const KafkaQueue& queue,
                                                  const SourceOptions& options);
Result<std::unique_ptr<Destination>> open_kafka_destination(const KafkaQueue& queue,
                                                            const DestinationOptions& options);
/// How far the group is behind, all partitions together; without a group: what the topic holds.
Result<QueueState> kafka_queue_state(const KafkaQueue& queue);

}  // namespace intelmq
