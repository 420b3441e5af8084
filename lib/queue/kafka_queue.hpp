// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "queue/url_options.hpp"

namespace intelmq {

/// A topic of a Kafka cluster, as a URL names it:
/// `kafka://[USER:PASSWORD@]BROKER[:PORT][,BROKER[:PORT]...]/TOPIC[?OPTIONS]`.
struct KafkaQueue {
  enum class End : std::uint8_t { source, destination };

  std::string brokers;  ///< As written, joined by commas.
  std::string topic;
  std::string user;
  std::string password;
  std::string sasl;  ///< Empty: no login; PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
  bool tls = false;
  bool verify = true;       ///< TLS: the certificate must be valid and for this host.
  std::string ca_file;      ///< TLS: PEM; empty: the system's.
  std::string certificate;  ///< TLS: our own, PEM, with `key_file`.
  std::string key_file;

  // Of a source:
  std::string group;         ///< Readers of one group share the partitions.
  std::string instance;      ///< A reader that is known again after a restart; empty: none.
  bool from_latest = false;  ///< Where a group begins that has not read yet.
  bool cooperative = true;   ///< Readers keep what they have while the group shares anew.
  bool drain = false;        ///< Ends where all assigned partitions end.
  std::chrono::milliseconds session_timeout{45'000};  ///< Silence after which a reader is dead.

  // Of a destination:
  std::string key_field;  ///< Whose value is the message's key; "id": the event's; empty: none.
  std::string compression = "lz4";        ///< none, gzip, snappy, lz4 or zstd.
  std::string transactional;              ///< The producer's transactional id; empty: none.
  std::uint64_t batch = 1'000'000;        ///< Bytes of messages handed in at once.
  std::uint64_t max_message = 1'000'000;  ///< Bytes of the longest message.
  std::chrono::milliseconds linger{5};

  /// Error: names the URL without its password, and the remedy.
  static Result<KafkaQueue> parse(std::string_view url, End end);
  /// For messages: without user and password.
  std::string name() const { return "kafka://" + brokers + "/" + topic; }
};

}  // namespace intelmq
