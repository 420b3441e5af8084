// SPDX-License-Identifier: Apache-2.0
#include "queue/kafka_client.hpp"

#include <librdkafka/rdkafka.h>
#include <time.h>

#include <chrono>

#include "base/log.hpp"

namespace intelmq {
namespace {

using Clock = std::chrono::steady_clock;

// Troubles are told by the error callback, in our own thread; this comes from the library's.
void say_nothing(const rd_kafka_t*, int, const char*, const char*) {}

bool never_passes(int code) {
  return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL ||
         code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM;
}

}  // namespace

KafkaSettings::KafkaSettings(const KafkaQueue& queue) : conf_{rd_kafka_conf_new()} {
  set("bootstrap.servers", queue.brokers);
  set("client.id", "intelmq");
  rd_kafka_conf_set_log_cb(conf_, say_nothing);
  const bool login = !queue.sasl.empty();
  set("security.protocol",
      queue.tls ? (login ? "sasl_ssl" : "ssl") : (login ? "sasl_plaintext" : "plaintext"));
  if (login) {
    set("sasl.mechanisms", queue.sasl);
    set("sasl.username", queue.user);
    set("sasl.password", queue.password);
  }
  if (!queue.tls) return;
  if (!queue.ca_file.empty()) set("ssl.ca.location", queue.ca_file);
  if (!queue.certificate.empty()) set("ssl.certificate.location", queue.certificate);
  if (!queue.key_file.empty()) set("ssl.key.location", queue.key_file);
  set("enable.ssl.certificate.verification", queue.verify ? "true" : "false");
  set("ssl.endpoint.identification.algorithm", queue.verify ? "https" : "none");
}

KafkaSettings::~KafkaSettings() {
  if (conf_) rd_kafka_conf_destroy(conf_);
}

void KafkaSettings::set(const char* name, const std::string& value) {
  char why[512] = "";
  if (rd_kafka_conf_set(conf_, name, value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return;
  if (error_.empty()) error_ = why;
}

rd_kafka_conf_s* KafkaSettings::release() {
  rd_kafka_conf_s* const conf = conf_;
  conf_ = nullptr;
  return conf;
}

KafkaClient::~KafkaClient() {
  if (handle_) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Result<void> KafkaClient::create(KafkaSettings& settings, Kind kind, void* opaque) {
  if (!settings.error().empty()) return fail(name_ + ": " + settings.error());
  rd_kafka_conf_set_opaque(settings.get(), opaque);
  char why[512] = "";
  kind_ = kind;
  handle_ = rd_kafka_new(kind == Kind::consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER,
                         settings.get(), why, sizeof why);
  if (!handle_) return fail(name_ + ": " + why);
  settings.release();  // it belongs to the client now
  if (kind == Kind::consumer) rd_kafka_poll_set_consumer(handle_);
  return {};
}

/// Has what happened told to the callbacks.
void KafkaClient::serve() const {
  if (kind_ == Kind::producer) {
    rd_kafka_poll(handle_, 0);
    return;
  }
  // Nothing is subscribed yet, so that no message can come.
  if (rd_kafka_message_t* const message = rd_kafka_consumer_poll(handle_, 0))
    rd_kafka_message_destroy(message);
}

Result<void> KafkaClient::check_topic() {
  const auto start = Clock::now();
  auto limit = start + std::chrono::seconds(10);
  const std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> topic(
      rd_kafka_topic_new(handle_, queue_.topic.c_str(), nullptr), rd_kafka_topic_destroy);
  int code = RD_KAFKA_RESP_ERR__TRANSPORT;
  while (Clock::now() < limit) {
    const rd_kafka_metadata_t* found = nullptr;
    code = rd_kafka_metadata(handle_, 0, topic.get(), &found, 500);
    serve();
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      code = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
      const bool empty = found->topic_cnt == 1 && found->topics[0].partition_cnt == 0;
      rd_kafka_metadata_destroy(found);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR && !empty) {
        succeeded();
        started_ = true;
        return {};
      }
      // A cluster that creates topics when they are asked for needs a moment.
      const bool soon = code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
                        code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                        code == RD_KAFKA_RESP_ERR_NO_ERROR;
      if (!soon) return fail(explain(code));
      if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        limit = std::min(limit, start + std::chrono::seconds(2));
    } else if (never_passes(last_code_)) {
      return fail(explain(last_code_, last_trouble_));
    }
    // A name may have several addresses: the first refusal is not the last word.
    if (all_down_) limit = std::min(limit, start + std::chrono::seconds(3));
    const timespec pause = {0, 100'000'000};
    nanosleep(&pause, nullptr);
  }
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT)
    return fail(name_ + ": no broker answers" +
                (last_trouble_.empty() ? "" : " (" + last_trouble_ + ")") +
                "; is it running, and is its listener one for " +
                (queue_.tls ? "TLS" : "connections without TLS (else add tls=1)") + "?");
  return fail(explain(code));
}

std::string KafkaClient::cluster() const {
  char* const id = rd_kafka_clusterid(handle_, 5000);
  std::string out = id ? id : "";
  rd_kafka_mem_free(handle_, id);
  return out;
}

void KafkaClient::trouble(int code, const char* reason) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    all_down_ = true;
    if (!last_trouble_.empty()) return;  // which said why
  }
  if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) topic_gone_ = true;
  last_code_ = code;
  last_trouble_ = reason;
  if (told_ || !started_ || topic_gone_) return;  // while a bot starts its error says it all
  told_ = true;
  warn(name_ + ": " + reason + "; trying until it works");
}

void KafkaClient::succeeded() {
  if (told_ && log_) log_->info(name_ + ": all is well again");
  told_ = all_down_ = false;
  last_trouble_.clear();
  last_code_ = 0;
}

void KafkaClient::warn(const std::string& text) const {
  if (log_) log_->warning(text);
}

std::string KafkaClient::explain(int code, std::string_view detail) const {
  const std::string user =
      queue_.user.empty() ? "nobody in particular" : "user '" + queue_.user + "'";
  const bool reads = kind_ == Kind::consumer;
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return name_ + ": there is no topic '" + queue_.topic +
             "'; create it (kafka-topics.sh --create --topic " + queue_.topic + ")";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return name_ + ": " + user + " may not " + (reads ? "read" : "write") + " topic '" +
             queue_.topic + "'; allow it (kafka-acls.sh --add --topic " + queue_.topic +
             (reads ? " --consumer)" : " --producer)");
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return name_ + ": " + user + " may not be in group '" + queue_.group +
             "'; allow it (kafka-acls.sh --add --consumer --group " + queue_.group + ")";
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return name_ + ": " + user + " may not use transactional=" + queue_.transactional +
             "; allow it (kafka-acls.sh --add --producer --transactional-id " +
             queue_.transactional + ")";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return name_ + ": " + user +
             " may not write without doubles; allow IdempotentWrite on the cluster (kafka-acls.sh)";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return name_ +
             ": an event is longer than a message may be; raise max.message.bytes of topic '" +
             queue_.topic + "' and max-message here (now " + std::to_string(queue_.max_message) +
             ")";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return name_ + ": " + user +
             " was not let in; look at user, password and sasl=" + queue_.sasl +
             (detail.empty() ? "" : " (" + std::string(detail) + ")");
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      return name_ + ": another one runs with transactional=" + queue_.transactional +
             "; give each a name of its own";
    case RD_KAFKA_RESP_ERR__SSL:
      return name_ + ": TLS: " + std::string(detail) + "; look at ca, cert and key-file";
    default: break;
  }
  std::string text = name_ + ": " + rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
  if (!detail.empty()) text.append(" (").append(detail).append(")");
  return text;
}

}  // namespace intelmq
