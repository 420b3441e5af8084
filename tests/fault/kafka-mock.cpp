// SPDX-License-Identifier: Apache-2.0
// A mock of a Kafka cluster on loopback, for tests/fault/kafka. It is librdkafka's own, whose
// brokers keep everything in memory and know no transactions, no TLS and no logins.
//
// usage: kafka-mock [BROKERS]
//
// Prints the addresses of its brokers, then reads commands from standard input and answers each
// with a line, "ok ..." or "error ...":
//
//   topic NAME PARTITIONS         makes a topic
//   fill NAME FILE [PARTITION]    writes each line of FILE, without an end, as a message
//   put NAME PARTITION HEX        writes one message; '-' instead of HEX: one without a value
//   read NAME FILE                writes all messages to FILE: PARTITION OFFSET KEY VALUE in hex
//   count NAME                    how many messages it holds
//   committed NAME GROUP          sum of the offsets that the group has committed
//   fail API CODE...              the next requests of that number end with these errors
//   forbid NAME CODE              metadata of the topic has that error; 0: none
//   down BROKER, up BROKER        takes no connections; does again
//   leader NAME PARTITION BROKER  moves a partition
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

[[noreturn]] void stop(const std::string& why) { throw std::runtime_error(why); }

void check(rd_kafka_resp_err_t code) {
  if (code) stop(rd_kafka_err2str(code));
}

std::string hex(const void* data, std::size_t size) {
  if (!data) return "-";
  std::string out = "=";
  for (std::size_t i = 0; i < size; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    const unsigned char byte = static_cast<const unsigned char*>(data)[i];
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

rd_kafka_t* make(rd_kafka_type_t type,
                 const std::vector<std::pair<const char*, std::string>>& options) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  char why[512];
  for (const auto& [name, value] : options)
    if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
      stop(why);
  rd_kafka_t* const client = rd_kafka_new(type, conf, why, sizeof why);
  if (!client) stop(why);
  return client;
}

class Mock {
 public:
  explicit Mock(int brokers)
      : host_{make(RD_KAFKA_PRODUCER, {})}, cluster_{rd_kafka_mock_cluster_new(host_, brokers)} {
    if (!cluster_) stop("no cluster");
    addresses_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    producer_ = make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", addresses_}, {"acks", "all"}});
    reader_ = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", addresses_},
                                       {"group.id", "kafka-mock"},
                                       {"enable.auto.commit", "false"},
                                       {"auto.offset.reset", "earliest"}});
    rd_kafka_poll_set_consumer(reader_);
  }
  Mock(const Mock&) = delete;
  Mock& operator=(const Mock&) = delete;
  ~Mock() {
    rd_kafka_destroy(reader_);
    rd_kafka_destroy(producer_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }

  const std::string& addresses() const { return addresses_; }

  /// The answer to a command.
  std::string run(const std::string& line) {
    std::istringstream words(line);
    std::string command, name;
    words >> command >> name;
    if (command == "topic") return topic(name, words);
    if (command == "fill") return fill(name, words);
    if (command == "put") return put(name, words);
    if (command == "read") return read(name, words);
    if (command == "count") return count(name);
    if (command == "committed") return committed(name, words);
    if (command == "fail") return fail(std::stoi(name), words);
    if (command == "forbid") {
      int code = 0;
      words >> code;
      rd_kafka_mock_topic_set_error(cluster_, name.c_str(), static_cast<rd_kafka_resp_err_t>(code));
      return "ok";
    }
    if (command == "down")
      check(rd_kafka_mock_broker_set_down(cluster_, std::stoi(name)));
    else if (command == "up")
      check(rd_kafka_mock_broker_set_up(cluster_, std::stoi(name)));
    else if (command == "leader") {
      int partition = 0, broker = 0;
      words >> partition >> broker;
      check(rd_kafka_mock_partition_set_leader(cluster_, name.c_str(), partition, broker));
    } else
      stop("unknown command '" + command + "'");
    return "ok";
  }

 private:
  std::string topic(const std::string& name, std::istream& words) {
    int partitions = 0;
    words >> partitions;
    check(rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1));
    partitions_[name] = partitions;
    return "ok";
  }

  void produce(const std::string& name, int partition, const void* data, std::size_t size) {
    for (;;) {
      const auto code = rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC(name.c_str()),
                                          RD_KAFKA_V_PARTITION(partition),
                                          RD_KAFKA_V_VALUE(const_cast<void*>(data), size),
                                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return check(code);
      rd_kafka_poll(producer_, 100);
    }
  }

  std::string fill(const std::string& name, std::istream& words) {
    std::string path, line;
    int partition = RD_KAFKA_PARTITION_UA;
    words >> path >> partition;
    if (!words) partition = RD_KAFKA_PARTITION_UA;
    std::ifstream file(path);
    if (!file) stop("no file " + path);
    while (std::getline(file, line)) produce(name, partition, line.data(), line.size());
    check(rd_kafka_flush(producer_, 20'000));
    return "ok";
  }

  std::string put(const std::string& name, std::istream& words) {
    int partition = 0;
    std::string text, bytes;
    words >> partition >> text;
    for (std::size_t i = 0; text != "-" && i + 1 < text.size(); i += 2)
      bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    produce(name, partition, text == "-" ? nullptr : bytes.data(), bytes.size());
    check(rd_kafka_flush(producer_, 20'000));
    return "ok";
  }

  std::int64_t end_of(const std::string& name, int partition) {
    std::int64_t low = 0, high = 0;
    check(rd_kafka_query_watermark_offsets(reader_, name.c_str(), partition, &low, &high, 10'000));
    return high;
  }

  std::string count(const std::string& name) {
    std::int64_t all = 0;
    for (int i = 0; i < partitions_.at(name); ++i) all += end_of(name, i);
    return "ok " + std::to_string(all);
  }

  std::string read(const std::string& name, std::istream& words) {
    std::string path;
    words >> path;
    std::ofstream file(path);
    const int partitions = partitions_.at(name);
    std::int64_t left = 0;
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i) {
      left += end_of(name, i);
      rd_kafka_topic_partition_list_add(list, name.c_str(), i)->offset = 0;
    }
    check(rd_kafka_assign(reader_, list));
    rd_kafka_topic_partition_list_destroy(list);
    while (left > 0) {
      rd_kafka_message_t* const message = rd_kafka_consumer_poll(reader_, 10'000);
      if (!message) stop("messages are missing: " + std::to_string(left));
      if (!message->err) {
        file << message->partition << ' ' << message->offset << ' '
             << hex(message->key, message->key_len) << ' ' << hex(message->payload, message->len)
             << '\n';
        --left;
      }
      rd_kafka_message_destroy(message);
    }
    check(rd_kafka_assign(reader_, nullptr));
    return "ok";
  }

  std::string committed(const std::string& name, std::istream& words) {
    std::string group;
    words >> group;
    rd_kafka_t* const member =
        make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", addresses_}, {"group.id", group}});
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
    for (int i = 0; i < partitions_.at(name); ++i)
      rd_kafka_topic_partition_list_add(list, name.c_str(), i);
    const auto code = rd_kafka_committed(member, list, 10'000);
    std::int64_t all = 0;
    for (int i = 0; i < list->cnt; ++i)
      if (list->elems[i].offset > 0) all += list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(member);
    check(code);
    return "ok " + std::to_string(all);
  }

  std::string fail(int api, std::istream& words) {
    std::vector<rd_kafka_resp_err_t> codes;
    for (int code = 0; words >> code;) codes.push_back(static_cast<rd_kafka_resp_err_t>(code));
    rd_kafka_mock_push_request_errors_array(cluster_, static_cast<std::int16_t>(api), codes.size(),
                                            codes.data());
    return "ok";
  }

  rd_kafka_t* host_;
  rd_kafka_mock_cluster_t* cluster_;
  std::string addresses_;
  rd_kafka_t* producer_ = nullptr;
  rd_kafka_t* reader_ = nullptr;
  std::map<std::string, int> partitions_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    Mock mock(argc > 1 ? std::atoi(argv[1]) : 1);
    std::cout << mock.addresses() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
      try {
        std::cout << mock.run(line) << std::endl;
      } catch (const std::exception& error) {
        std::cout << "error " << error.what() << std::endl;
      }
    }
  } catch (const std::exception& error) {
    std::cerr << "kafka-mock: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
