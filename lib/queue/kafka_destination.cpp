// SPDX-License-Identifier: Apache-2.0
#include <librdkafka/rdkafka.h>

#include <time.h>

#include <chrono>
#include <vector>

#include "base/json.hpp"
#include "base/sha256.hpp"
#include "base/wakeup.hpp"
#include "event/scanner.hpp"
#include "queue/kafka_client.hpp"
#include "queue/kafka_transaction.hpp"

namespace intelmq {
namespace {

using Clock = std::chrono::steady_clock;

// How long a server may say nothing once we are asked to end.
constexpr std::chrono::seconds last_patience{5};

/// Writes lines as messages of a topic. The library numbers them, so that one that is sent again
/// on a new connection is stored once; it tries until the brokers have each of them. Within a
/// transaction all of a flush is visible, or nothing of it.
class KafkaDestination final : public Destination, public KafkaTransaction {
 public:
  KafkaDestination(const KafkaQueue& queue, const DestinationOptions& options)
      : client_{queue, options.log},
        topic_{nullptr, rd_kafka_topic_destroy},
        wakeup_{options.wakeup},
        transactional_{!queue.transactional.empty()} {}
  KafkaDestination(const KafkaDestination&) = delete;
  KafkaDestination& operator=(const KafkaDestination&) = delete;

  ~KafkaDestination() override {
    if (transactional_) KafkaEnds::remove(static_cast<KafkaTransaction*>(this));
    if (!client_.get()) return;
    if (open_) abandon();
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }

  Result<void> start() {
    KafkaSettings settings(client_.queue());
    configure(settings);
    if (auto made = client_.create(settings, KafkaClient::Kind::producer, this); !made) return made;
    if (auto there = client_.check_topic(); !there) return there;
    topic_.reset(rd_kafka_topic_new(client_.get(), client_.queue().topic.c_str(), nullptr));
    if (!transactional_) return {};
    KafkaEnds::add(static_cast<KafkaTransaction*>(this), client_.cluster());
    if (auto* const error = rd_kafka_init_transactions(client_.get(), 30'000)) return take(error);
    return {};
  }

  Result<Delivery> write(std::string_view lines) override {
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
      if (line.empty()) continue;
      if (transactional_) {  // it may have to be written again
        text_ += line;
        ends_.push_back(text_.size());
      }
      if (auto added = add(line); !added) return tl::unexpected(added.error());
    }
    rd_kafka_poll(client_.get(), 0);
    return Delivery::done;
  }

  Result<Delivery> flush() override {
    if (auto done = wait_until_taken(); !done) return tl::unexpected(done.error());
    if (transactional_ && !KafkaEnds::coupled())
      if (auto done = commit(nullptr, nullptr); !done) return tl::unexpected(done.error());
    return Delivery::done;
  }

  Result<void> close() override {
    if (auto done = flush(); !done) return tl::unexpected(done.error());
    return {};
  }

  Result<void> commit_with(const rd_kafka_topic_partition_list_t* offsets,
                           rd_kafka_t* consumer) override {
    if (!open_ && offsets->cnt == 0) return {};
    return commit(offsets, consumer);
  }

 private:
  void configure(KafkaSettings& settings) {
    const KafkaQueue& queue = client_.queue();
    settings.set("enable.idempotence", "true");
    settings.set("compression.type", queue.compression);
    settings.set("partitioner", "murmur2_random");  // keys go where Java's clients put them
    settings.set("linger.ms", static_cast<std::uint64_t>(queue.linger.count()));
    settings.set("batch.size", queue.batch);
    settings.set("message.max.bytes", queue.max_message);
    settings.set("queue.buffering.max.kbytes",
                 std::max<std::uint64_t>(64u << 10, 2 * queue.max_message / 1024));
    // A message waits until a broker takes it, unless its transaction ends before.
    if (transactional_)
      settings.set("transactional.id", queue.transactional);
    else
      settings.set("message.timeout.ms", 0);
    rd_kafka_conf_set_error_cb(settings.get(),
                               [](rd_kafka_t*, int code, const char* reason, void* opaque) {
                                 static_cast<KafkaDestination*>(opaque)->take_trouble(code, reason);
                               });
    rd_kafka_conf_set_dr_msg_cb(settings.get(),
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
                                  static_cast<KafkaDestination*>(opaque)->take_report(*message);
                                });
  }

  void take_trouble(int code, const char* reason) {
    if (code != RD_KAFKA_RESP_ERR__FATAL) return client_.trouble(code, reason);
    char why[512] = "";
    const auto cause = rd_kafka_fatal_error(client_.get(), why, sizeof why);
    if (failure_.empty()) failure_ = client_.explain(cause, why);
  }

  void take_report(const rd_kafka_message_t& message) {
    if (!message.err) {
      progress_ = Clock::now();
      client_.succeeded();
      return;
    }
    // Those behind the first one that failed are often only swept along.
    const bool swept = message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                       message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
                       (transactional_ && message.err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    if (!swept && failure_.empty()) failure_ = client_.explain(message.err);
  }

  // --- messages ----------------------------------------------------------------------------------

  Result<void> add(std::string_view line) {
    if (transactional_ && !open_)
      if (auto begun = begin(); !begun) return begun;
    const bool has_key = !client_.queue().key_field.empty() && find_key(line);
    auto since = Clock::now();
    while (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                            const_cast<char*>(line.data()), line.size(),
                            has_key ? key_.data() : nullptr, has_key ? key_.size() : 0,
                            nullptr) != 0) {
      const auto code = rd_kafka_last_error();
      if (!failure_.empty()) return failed();
      if (code == RD_KAFKA_RESP_ERR__STATE && transactional_) return {};  // commit() sees why
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return fail(client_.explain(code));
      if (auto goes_on = wait_a_little(since); !goes_on) return goes_on;
    }
    return {};
  }

  /// The value of the field that is the key: the text of a string, anything else as it stands. An
  /// event's id is the same whenever the event is written again.
  bool find_key(std::string_view line) {
    if (client_.queue().key_field == "id") {
      key_ = sha256_hex(line);
      return true;
    }
    padded_.assign(line);
    padded_.append(Scanner::padding, '\0');
    bool found = false;
    Scanner(padded_.data(), line.size())
        .members([&](const char* name, std::size_t size, const char* value, std::size_t length) {
          if (std::string_view{name, size} != client_.queue().key_field) return;
          const std::string_view raw{value, length};
          found = raw != "null";
          key_ = raw.front() == '"' ? raw.substr(1, length - 2) : raw;
          if (raw.front() != '"' || key_.find('\\') == key_.npos) return;
          const auto decoded = Json::parse(raw);
          if (decoded) key_ = decoded->text();
        });
    return found;
  }

  /// Waits until the brokers have everything.
  Result<void> wait_until_taken() {
    const auto since = Clock::now();
    while (rd_kafka_outq_len(client_.get()) > 0) {
      if (!failure_.empty()) return failed();
      if (auto goes_on = wait_a_little(since); !goes_on) return goes_on;
    }
    return failure_.empty() ? Result<void>{} : failed();
  }

  /// Lets the library work for up to 100 ms. Error: asked to end, and nobody takes anything.
  Result<void> wait_a_little(Clock::time_point since) {
    rd_kafka_flush(client_.get(), 100);
    if (wakeup_) wakeup_->breathe();
    if (!wakeup_ || !wakeup_->finish_asked()) return {};
    const auto now = Clock::now();
    if (!asked_) asked_ = now;
    const auto last = std::max({*asked_, since, progress_});
    if (now - last < last_patience && !(client_.all_down() && now - *asked_ > one_second))
      return {};
    return fail(client_.name() +
                ": asked to end before the brokers took everything; what was not acknowledged will "
                "be read again");
  }

  Result<void> failed() {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client_.get(), 1000);
    return fail(failure_);
  }

  // --- transactions ------------------------------------------------------------------------------

  /// The library's error as ours, which ends the run.
  Result<void> take(rd_kafka_error_t* error) {
    if (!error) return {};
    const auto code = rd_kafka_error_code(error);
    const std::string why = client_.explain(code, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return fail(why);
  }

  Result<void> begin() {
    if (auto begun = take(rd_kafka_begin_transaction(client_.get())); !begun) return begun;
    open_ = true;
    return {};
  }

  /// Commits the transaction, with a source's offsets if there are some. What the cluster aborts,
  /// such as after its time was over, is written again in a new one.
  Result<void> commit(const rd_kafka_topic_partition_list_t* offsets, rd_kafka_t* consumer) {
    for (int tries = 1;; ++tries) {
      if (!open_ && ends_.empty() && !offsets) return {};
      if (!open_)
        if (auto begun = begin(); !begun) return begun;
      rd_kafka_error_t* error = consumer ? send_offsets(offsets, consumer) : nullptr;
      if (!error) error = call([&] { return rd_kafka_commit_transaction(client_.get(), 1000); });
      if (!error) {
        if (failure_.empty()) break;
        return failed();
      }
      const auto code = rd_kafka_error_code(error);
      const bool again =
          rd_kafka_error_txn_requires_abort(error) != 0 &&
          (may_be_repeated(code) || (is_shared_anew(code, consumer) && tries < 20 && pause()));
      if (!again || !failure_.empty()) {
        abandon();
        auto ended = take(error);
        return failure_.empty() ? ended : failed();
      }
      client_.warn(client_.name() + ": " + rd_kafka_error_string(error) +
                   "; the transaction is written again");
      rd_kafka_error_destroy(error);
      if (auto repeated = write_again(); !repeated) return repeated;
    }
    open_ = false;
    text_.clear();
    ends_.clear();
    progress_ = Clock::now();
    client_.succeeded();
    return {};
  }

  /// A reader that lost its partitions must not commit: others read the same events again.
  static bool may_be_repeated(int code) {
    switch (code) {
      case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
      case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return false;
      default: return true;
    }
  }

  /// The group went on while the offsets were on their way: what is not lost is still ours, and can
  /// be committed as a member that has joined again.
  static bool is_shared_anew(int code, rd_kafka_t* consumer) {
    return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION && consumer &&
           rd_kafka_assignment_lost(consumer) == 0;
  }

  static bool pause() {
    const timespec time = {0, 100'000'000};
    return nanosleep(&time, nullptr) == 0;
  }

  rd_kafka_error_t* send_offsets(const rd_kafka_topic_partition_list_t* offsets,
                                 rd_kafka_t* consumer) {
    if (offsets->cnt == 0) return nullptr;
    const std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                          void (*)(rd_kafka_consumer_group_metadata_t*)>
        member(rd_kafka_consumer_group_metadata(consumer),
               rd_kafka_consumer_group_metadata_destroy);
    return call([&] {
      return rd_kafka_send_offsets_to_transaction(client_.get(), offsets, member.get(), 1000);
    });
  }

  /// Calls until it is done or will never be; the library goes on where it was.
  template <class Call>
  rd_kafka_error_t* call(Call&& function) {
    const auto since = Clock::now();
    for (;;) {
      rd_kafka_error_t* const error = function();
      if (!error || !rd_kafka_error_is_retriable(error)) return error;
      if (!wait_a_little(since)) return error;
      rd_kafka_error_destroy(error);
    }
  }

  Result<void> write_again() {
    if (auto aborted = take(call([&] { return rd_kafka_abort_transaction(client_.get(), 1000); }));
        !aborted)
      return aborted;
    open_ = false;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      const std::size_t begin = i ? ends_[i - 1] : 0;
      if (auto added = add(std::string_view(text_).substr(begin, ends_[i] - begin)); !added)
        return added;
    }
    return wait_until_taken();
  }

  /// Aborts, if that can be had soon; else the cluster does it when the transaction's time is over.
  void abandon() {
    open_ = false;
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    if (rd_kafka_error_t* const error = rd_kafka_abort_transaction(client_.get(), 3000))
      rd_kafka_error_destroy(error);
  }

  static constexpr std::chrono::seconds one_second{1};

  KafkaClient client_;
  std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> topic_;
  const Wakeup* wakeup_;
  bool transactional_;
  bool open_ = false;                       // a transaction is
  std::string failure_;                     // why events were not taken, for good
  Clock::time_point progress_{};            // when a broker last took something
  std::optional<Clock::time_point> asked_;  // to end
  std::string padded_, key_;
  std::string text_;               // of the transaction, one line behind the other
  std::vector<std::size_t> ends_;  // of each of them
};

}  // namespace

Result<std::unique_ptr<Destination>> open_kafka_destination(const KafkaQueue& queue,
                                                            const DestinationOptions& options) {
  auto destination = std::make_unique<KafkaDestination>(queue, options);
  if (auto started = destination->start(); !started) return tl::unexpected(started.error());
  return destination;
}

}  // namespace intelmq
