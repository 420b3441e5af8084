// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "serve/bots.hpp"

namespace intelmq::serve {

/// A place that has queues, as the API tells of it: all of a queue's URL but the queue itself and
/// what concerns its reader alone.
struct Broker {
  std::string type;                    ///< redis, redis-stream, kafka, amqp, dir, file, stdio
  std::vector<std::string> endpoints;  ///< HOST:PORT, or the path of a socket.
  std::string database;                ///< Redis: a number; AMQP: the virtual host.
  std::string user;
  Json password;  ///< A text, {"$secret_file": PATH} or {"$env": NAME}; null: none.
  bool tls = false;
  std::string ca_file, cert_file, key_file;
  std::string group, sasl;  ///< Kafka.

  /// For answers and, with `secrets`, for the file it is kept in.
  Json document(bool secrets) const;
  /// The URL of one of its queues; `options` ("batch=1&drain=1") are the reader's. Error: a secret
  /// cannot be had, or the type has no queue of that name.
  Result<std::string> url(std::string_view queue, bool source, std::string_view options) const;
  friend bool operator==(const Broker&, const Broker&) = default;
};

/// From the body of a request; problem: validation, with pointers.
Answer<Broker> read_broker(const Json& body);

/// A URL taken apart.
struct QueuePlace {
  Broker broker;
  std::string queue;
  std::string options;  ///< Those that are not the broker's.
};
QueuePlace place_of(std::string_view url);

/// The brokers that have names: those that the API made, kept in a file, and those that URLs of
/// the pipeline mean, which are named after where they are.
class Brokers {
 public:
  explicit Brokers(std::string file);

  const Broker* find(std::string_view name) const;
  /// The name of this broker, which is given one if it has none.
  std::string name_of(const Broker& broker);
  const std::map<std::string, Broker>& all() const { return known_; }
  /// Error: it cannot be kept.
  Result<void> set(const std::string& name, Broker broker);
  Result<void> remove(const std::string& name);

 private:
  Result<void> save() const;
  std::string file_;
  std::map<std::string, Broker> known_;
  std::vector<std::string> made_;  ///< By the API.
};

}  // namespace intelmq::serve
