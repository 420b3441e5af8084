// SPDX-License-Identifier: Apache-2.0
#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>

#include "base/sha256.hpp"
#include "queue/kafka_client.hpp"
#include "queue/kafka_transaction.hpp"

namespace intelmq {
namespace {

using Clock = std::chrono::steady_clock;
using Message = std::unique_ptr<rd_kafka_message_t, void (*)(rd_kafka_message_t*)>;
using List =
    std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)>;

// The library calls its callers in max.poll.interval.ms (5 minutes) or takes them for dead.
constexpr int longest_wait_ms = 10'000;
constexpr std::chrono::seconds patience{10}, last_patience{3};
// The library fetches ahead until its queue is as full as this.
constexpr std::uint32_t queue_kib = 16'384, queue_messages = 100'000;
// Of the protocol: a member asks to join, and has its share when the other one is answered.
constexpr std::int16_t join_group = 11, sync_group = 14;

List own(rd_kafka_topic_partition_list_t* list) {
  return {list, rd_kafka_topic_partition_list_destroy};
}

/// A partition that this reader has.
struct Partition {
  std::string name;             ///< kafka:TOPIC/PARTITION
  std::uint64_t count = 0;      ///< Records handed out.
  std::int64_t handed = -1;     ///< Offset behind the last one that was.
  std::int64_t delivered = -1;  ///< What of it was acknowledged.
  std::int64_t committed = -1;  ///< What of that the group knows.
  bool at_end = false;
};

/// Reads a topic as a member of a group. The offsets of what was handed out are committed when it
/// was acknowledged, never before; a partition that the group takes away is given back after that.
class KafkaSource final : public Source {
 public:
  KafkaSource(const KafkaQueue& queue, const SourceOptions& options)
      : client_{queue, options.log}, max_record_{options.max_record}, probe_{options.probe} {}
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  ~KafkaSource() override {
    KafkaEnds::remove(static_cast<const void*>(this));
    if (client_.get() && subscribed_) leave();
    queue_.reset();
    commits_.reset();
    // Without a share librdkafka 2.0 has nothing to clean up, and stops the process for it; with a
    // share of a topic that was deleted it waits for ever.
    if (client_.topic_gone() || (subscribed_ && !assigned_ && client_.queue().cooperative)) {
      client_.leave_to_exit();
      static_cast<void>(joining_.release());  // which it goes on to write
    }
    if (event_ >= 0) close(event_);
  }

  Result<void> start() {
    KafkaSettings settings(client_.queue());
    configure(settings);
    if (auto made = client_.create(settings, KafkaClient::Kind::consumer, this); !made) return made;
    if (auto there = client_.check_topic(); !there) return there;
    if (probe_) return {};
    event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event_ < 0) return fail(client_.name() + ": no file descriptor is left; raise ulimit -n");
    queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
    commits_.reset(rd_kafka_queue_new(client_.get()));
    const std::uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue_.get(), event_, &one, sizeof one);
    const List topics = own(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), client_.queue().topic.c_str(),
                                      RD_KAFKA_PARTITION_UA);
    const auto error = rd_kafka_subscribe(client_.get(), topics.get());
    if (error) return fail(client_.explain(error));
    subscribed_ = true;
    KafkaEnds::add(static_cast<const void*>(this), client_.cluster());
    return {};
  }

  Fetch next(Record& out) override {
    for (;;) {
      if (broken_) return Fetch::broken;
      // What was handed out of it is acknowledged before a partition goes away.
      if (going_) return Fetch::later;
      Message message = std::move(pending_);
      if (!message) message = poll();
      if (!message && client_.topic_gone()) return topic_deleted();
      if (!message) return is_drained() ? Fetch::end : Fetch::later;
      if (message->err) {
        take_event(*message);
        continue;
      }
      Partition* const partition = find(message->partition);
      if (!partition) continue;  // no longer ours: its new owner reads it
      partition->at_end = false;
      partition->handed = message->offset + 1;
      ++partition->count;
      taken_ += static_cast<double>(message->len) / (1024.0 * queue_kib) + 1.0 / queue_messages;
      client_.succeeded();
      if (!message->payload || message->len == 0) {
        if (!told_empty_) client_.warn(partition->name + ": messages without a value are dropped");
        told_empty_ = true;
        continue;
      }
      return fill(out, *message, *partition);
    }
  }

  Fetch next_stream(ByteSource&, std::string&, Wakeup&) override {
    error_.text =
        client_.name() + ": a queue holds reports, not raw feeds; leave out --input-format raw";
    return Fetch::broken;
  }

  void wait(Wakeup& wakeup) override {
    wakeup_ = &wakeup;
    if (going_) return give_back();
    std::uint64_t events = 0;
    [[maybe_unused]] const auto size = read(event_, &events, sizeof events);
    if (broken_ || pending_ || is_drained()) return;
    pending_ = poll();  // what came before the descriptor was emptied
    if (pending_ || going_ || is_drained()) return;
    wakeup.wait(event_, has_nothing_yet() ? 500 : longest_wait_ms);
  }

  /// Its partitions stay ours, and their offsets where they are.
  void hold(bool held) override {
    held_ = held;
    const List ours = own(rd_kafka_topic_partition_list_new(8));
    for (const auto& entry : partitions_) add_offset(*ours, entry.first, RD_KAFKA_OFFSET_INVALID);
    if (held)
      rd_kafka_pause_partitions(client_.get(), ours.get());
    else
      rd_kafka_resume_partitions(client_.get(), ours.get());
  }

  /// The group goes on: who does not poll is taken for dead.
  bool wait_held(Wakeup& wakeup) override {
    wakeup_ = &wakeup;
    if (going_) give_back();
    std::uint64_t events = 0;
    [[maybe_unused]] const auto size = read(event_, &events, sizeof events);
    if (const Message message = poll()) {
      if (message->err)
        take_event(*message);
      else
        read_again(*message);
      return true;
    }
    if (going_) give_back();
    wakeup.wait(event_, longest_wait_ms);
    return true;
  }

  Result<void> acknowledge() override {
    for (auto& [number, partition] : partitions_) partition.delivered = partition.handed;
    Result<void> done = commit();
    if (going_) give_back();
    return done;
  }

  const Error& error() const override { return error_; }

 private:
  void configure(KafkaSettings& settings) {
    const KafkaQueue& queue = client_.queue();
    settings.set("group.id", queue.group);
    if (!queue.instance.empty()) settings.set("group.instance.id", queue.instance);
    settings.set("partition.assignment.strategy",
                 queue.cooperative ? "cooperative-sticky" : "range,roundrobin");
    settings.set("auto.offset.reset", queue.from_latest ? "latest" : "earliest");
    settings.set("enable.auto.commit", "false");
    settings.set("enable.auto.offset.store", "false");
    settings.set("enable.partition.eof", queue.drain ? "true" : "false");
    settings.set("isolation.level", "read_committed");
    const auto session = queue.session_timeout.count();
    settings.set("session.timeout.ms", static_cast<std::uint64_t>(session));
    settings.set("heartbeat.interval.ms", static_cast<std::uint64_t>(heartbeat().count()));
    if (session > 300'000)
      settings.set("max.poll.interval.ms", static_cast<std::uint64_t>(session));
    // What is fetched ahead lies in memory: 16 MiB of it, and one answer of each broker, which is
    // unpacked as a whole and may become much longer. One message always fits.
    settings.set("queued.max.messages.kbytes", queue_kib);
    settings.set("queued.min.messages", queue_messages);
    settings.set("fetch.max.bytes", 1u << 20);
    settings.set("message.max.bytes", 1u << 20);
    settings.set("fetch.message.max.bytes", 256u << 10);
    rd_kafka_conf_set_error_cb(settings.get(),
                               [](rd_kafka_t*, int code, const char* reason, void* opaque) {
                                 static_cast<KafkaSource*>(opaque)->take_trouble(code, reason);
                               });
    rd_kafka_conf_set_rebalance_cb(
        settings.get(),
        [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
           void* opaque) { static_cast<KafkaSource*>(opaque)->rebalance(what, *partitions); });
    rd_kafka_conf_interceptor_add_on_new(settings.get(), "intelmq", watch_joining, joining_.get());
  }

  std::chrono::milliseconds heartbeat() const {
    return std::min<std::chrono::milliseconds>(client_.queue().session_timeout / 3,
                                               std::chrono::seconds(3));
  }

  /// Keeps a flag up while we join. It is told of by the library's threads.
  static rd_kafka_resp_err_t watch_joining(rd_kafka_t* client, const rd_kafka_conf_t*, void* flag,
                                           char*, std::size_t) {
    rd_kafka_interceptor_add_on_request_sent(
        client, "intelmq",
        [](rd_kafka_t*, int, const char*, std::int32_t, std::int16_t request, std::int16_t,
           std::int32_t, std::size_t, void* joining) {
          if (request == join_group) *static_cast<std::atomic<bool>*>(joining) = true;
          return RD_KAFKA_RESP_ERR_NO_ERROR;
        },
        flag);
    return rd_kafka_interceptor_add_on_response_received(
        client, "intelmq",
        [](rd_kafka_t*, int, const char*, std::int32_t, std::int16_t request, std::int16_t,
           std::int32_t, std::size_t, std::int64_t, rd_kafka_resp_err_t, void* joining) {
          if (request == sync_group) *static_cast<std::atomic<bool>*>(joining) = false;
          return RD_KAFKA_RESP_ERR_NO_ERROR;
        },
        flag);
  }

  Message poll() {
    Message message{rd_kafka_consumer_poll(client_.get(), 0), rd_kafka_message_destroy};
    if (!message && !going_ && !held_ && taken_ >= 0.5) fetch_on();
    return message;
  }

  /// A thread of the library that found its queue full looks again only after a second, however
  /// soon the queue is empty: that would be 16 MiB a second. A new position wakes it at once, and
  /// while nothing lies in the queue, one that is the old one changes nothing.
  void fetch_on() {
    taken_ = 0;
    const List positions = own(rd_kafka_topic_partition_list_new(8));
    for (const auto& [number, partition] : partitions_)
      if (partition.handed >= 0) add_offset(*positions, number, partition.handed);
    if (auto* const error = rd_kafka_seek_partitions(client_.get(), positions.get(), 0))
      rd_kafka_error_destroy(error);
  }

  /// What came although it was held.
  void read_again(const rd_kafka_message_t& message) {
    const List position = own(rd_kafka_topic_partition_list_new(1));
    add_offset(*position, message.partition, message.offset);
    if (auto* const error = rd_kafka_seek_partitions(client_.get(), position.get(), 0))
      rd_kafka_error_destroy(error);
  }

  void add_offset(rd_kafka_topic_partition_list_t& list, std::int32_t number,
                  std::int64_t offset) const {
    rd_kafka_topic_partition_list_add(&list, client_.queue().topic.c_str(), number)->offset =
        offset;
  }

  Partition* find(std::int32_t number) {
    const auto found = partitions_.find(number);
    return found == partitions_.end() ? nullptr : &found->second;
  }

  bool is_drained() const {
    return client_.queue().drain && assigned_ && !going_ && !pending_ && !has_nothing_yet() &&
           std::all_of(partitions_.begin(), partitions_.end(),
                       [](const auto& entry) { return entry.second.at_end; });
  }

  /// Whether others may just be giving back what will be ours: they hear of it by a heartbeat.
  bool has_nothing_yet() const {
    return client_.queue().cooperative && partitions_.empty() &&
           (*joining_ || Clock::now() < shared_ + 2 * heartbeat());
  }

  Fetch fill(Record& out, const rd_kafka_message_t& message, const Partition& partition) {
    std::string_view text(static_cast<const char*>(message.payload), message.len);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    out.source = partition.name;
    out.line = partition.count;
    out.offset = static_cast<std::uint64_t>(message.offset);
    out.total = text.size();
    if (!out.digest.empty()) out.digest.clear();
    const bool oversize = text.size() > max_record_;
    if (oversize) {
      Sha256 sha;
      sha.update(text);
      out.digest = sha.hex();
      text = text.substr(0, 4096);
    }
    if (text_.size() < text.size() + Record::padding)
      text_.resize(std::max(2 * text_.size(), text.size() + Record::padding));
    // Line feeds may stand between the members of an object; a record is one line.
    std::replace_copy(text.begin(), text.end(), text_.begin(), '\n', ' ');
    out.data = text_.data();
    out.size = text.size();
    return oversize ? Fetch::oversize : Fetch::record;
  }

  // --- what the group says -----------------------------------------------------------------------

  void take_event(const rd_kafka_message_t& message) {
    switch (message.err) {
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        client_.succeeded();
        if (Partition* const partition = find(message.partition)) partition->at_end = true;
        return;
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT: return refuse(message.err, message);
      default: break;
    }
    client_.trouble(message.err, rd_kafka_message_errstr(&message));
  }

  Fetch topic_deleted() {
    error_.text = client_.explain(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "it was deleted");
    broken_ = true;
    return Fetch::broken;
  }

  void refuse(int code, const rd_kafka_message_t& message) {
    broken_ = true;
    if (code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT)
      error_.text = client_.name() +
                    ": session-timeout=" + std::to_string(client_.queue().session_timeout.count()) +
                    "ms" + " is not what the brokers accept (group.min.session.timeout.ms)";
    else if (code == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)
      error_.text = client_.name() + ": group '" + client_.queue().group +
                    "' has readers of another kind; give all the same assignment=, or take a group "
                    "of its own";
    else
      error_.text = client_.explain(code, rd_kafka_message_errstr(&message));
  }

  void take_trouble(int code, const char* reason) {
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      char why[512] = "";
      rd_kafka_fatal_error(client_.get(), why, sizeof why);
      broken_ = true;
      error_.text = client_.name() + ": " + why;
      if (!client_.queue().instance.empty())
        error_.text += "; does another one run with instance=" + client_.queue().instance + "?";
      return;
    }
    client_.trouble(code, reason);
  }

  void rebalance(int what, const rd_kafka_topic_partition_list_t& list) {
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      assigned_ = true;
      shared_ = Clock::now();
      for (int i = 0; i < list.cnt; ++i) {
        const auto number = list.elems[i].partition;
        partitions_[number] =
            Partition{"kafka:" + client_.queue().topic + "/" + std::to_string(number)};
      }
      if (client_.queue().cooperative)
        report(rd_kafka_incremental_assign(client_.get(), &list));
      else
        report(rd_kafka_assign(client_.get(), &list));
      if (held_) hold(true);
      return;
    }
    going_.reset(rd_kafka_topic_partition_list_copy(&list));
    // Lost ones have a new owner already, and a reader that leaves has nothing more to say.
    const bool lost = rd_kafka_assignment_lost(client_.get()) != 0;
    if (lost && !leaving_)
      client_.warn(client_.name() +
                   ": the group gave partitions to others; what was under way comes again there");
    if (lost && KafkaEnds::coupled()) lost_ = is_anything_under_way();
    if (lost || leaving_) give_back();
  }

  bool is_anything_under_way() const {
    return std::any_of(partitions_.begin(), partitions_.end(), [](const auto& entry) {
      return entry.second.handed > entry.second.committed;
    });
  }

  void give_back() {
    for (int i = 0; i < going_->cnt; ++i) {
      const auto number = going_->elems[i].partition;
      partitions_.erase(number);
      if (pending_ && pending_->partition == number) pending_.reset();
    }
    if (client_.queue().cooperative)
      report(rd_kafka_incremental_unassign(client_.get(), going_.get()));
    else
      report(rd_kafka_assign(client_.get(), nullptr));
    going_.reset();
  }

  void report(rd_kafka_resp_err_t code) {
    if (code) client_.warn(client_.explain(code));
  }

  void report(rd_kafka_error_t* error) {
    if (!error) return;
    client_.warn(client_.explain(rd_kafka_error_code(error), rd_kafka_error_string(error)));
    rd_kafka_error_destroy(error);
  }

  // --- committing --------------------------------------------------------------------------------

  /// The offsets of what was delivered and is not committed.
  List owed() const {
    List offsets = own(rd_kafka_topic_partition_list_new(8));
    for (const auto& [number, partition] : partitions_)
      if (partition.delivered > partition.committed)
        add_offset(*offsets, number, partition.delivered);
    return offsets;
  }

  /// Commits the offsets of what was delivered. What cannot be committed now is committed with the
  /// next; an error only if that cannot help.
  Result<void> commit() {
    const List offsets = owed();
    if (KafkaTransaction* const transaction = KafkaEnds::coupled()) {
      if (lost_)
        return fail(client_.name() +
                    ": the group gave partitions to others, so the transaction is not committed");
      if (auto done = transaction->commit_with(offsets.get(), client_.get()); !done) return done;
      return note_committed(*offsets), Result<void>{};
    }
    // While we join, a commit would wait in the connection behind the request to join, then be
    // refused as one of the generation before; librdkafka 2.0 gives all partitions up for
    // that. What stays ours can wait. What goes is told of when we have joined.
    if (offsets->cnt == 0 || (*joining_ && !leaving_)) return {};
    // A commit is worth some patience: without the last one of a run its events come again.
    const auto limit = Clock::now() + patience;
    int code = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    if (!*joining_) code = send_commit(*offsets, limit);
    while ((is_passing(code) || (must_commit() && is_shared_anew(code))) && Clock::now() < limit &&
           !finish_asked(limit)) {
      wait_a_little();
      if (!*joining_) code = send_commit(*offsets, limit);
    }
    if (is_shared_anew(code) && !must_commit()) return {};
    if (code) return commit_failed(code);
    client_.succeeded();
    note_committed(*offsets);
    return {};
  }

  bool must_commit() const { return leaving_ || going_; }

  static bool is_shared_anew(int code) {
    return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
  }

  static bool is_passing(int code) {
    switch (code) {
      case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
      case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
      case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
      case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      case RD_KAFKA_RESP_ERR__TRANSPORT:
      case RD_KAFKA_RESP_ERR__WAIT_COORD: return true;
      default: return false;
    }
  }

  /// Asked to end, and nobody has answered for a while: what is not committed is read again.
  bool finish_asked(Clock::time_point limit) const {
    return wakeup_ && wakeup_->finish_asked() && limit - Clock::now() < patience - last_patience;
  }

  /// Commits and waits for the answer, an error's code or 0.
  int send_commit(const rd_kafka_topic_partition_list_t& offsets, Clock::time_point limit) {
    awaited_ = true;
    result_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
    const auto refused = rd_kafka_commit_queue(
        client_.get(), &offsets, commits_.get(),
        [](rd_kafka_t* rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* done,
           void* serial) {
          static_cast<KafkaSource*>(rd_kafka_opaque(rk))
              ->take_commit(code, done, reinterpret_cast<std::uintptr_t>(serial));
        },
        // A number that comes back with the answer; librdkafka takes it for a pointer.
        reinterpret_cast<void*>(++serial_));  // NOLINT(performance-no-int-to-ptr)
    if (refused) return refused;
    while (awaited_ && Clock::now() < limit && !finish_asked(limit)) wait_a_little();
    awaited_ = false;
    return result_;
  }

  void wait_a_little() {
    rd_kafka_queue_poll_callback(commits_.get(), 100);
    if (wakeup_) wakeup_->breathe();
  }

  void take_commit(int code, const rd_kafka_topic_partition_list_t* done, std::uintptr_t serial) {
    if (serial != serial_) return;  // an old one, that was given up
    awaited_ = false;
    result_ = code;
    for (int i = 0; !result_ && done && i < done->cnt; ++i) result_ = done->elems[i].err;
  }

  void note_committed(const rd_kafka_topic_partition_list_t& offsets) {
    for (int i = 0; i < offsets.cnt; ++i)
      if (Partition* const partition = find(offsets.elems[i].partition))
        partition->committed = offsets.elems[i].offset;
  }

  Result<void> commit_failed(int code) {
    switch (code) {
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return fail(client_.explain(code));
      default: break;
    }
    const std::string why = rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
    client_.trouble(
        code, ("could not commit what was delivered: " + why + "; if it ends now this comes again")
                  .c_str());
    return {};
  }

  /// Gives the partitions back at once, so that others need not wait until this one is found dead.
  void leave() {
    leaving_ = true;
    pending_.reset();
    static_cast<void>(commit());  // that had to wait
    if (going_) give_back();
    if (auto* const error = rd_kafka_consumer_close_queue(client_.get(), commits_.get()))
      return rd_kafka_error_destroy(error);
    const auto limit = Clock::now() + std::chrono::seconds(5);
    while (!rd_kafka_consumer_closed(client_.get()) && Clock::now() < limit)
      Message(rd_kafka_consume_queue(commits_.get(), 100), rd_kafka_message_destroy).reset();
  }

  KafkaClient client_;
  Queue queue_{nullptr, rd_kafka_queue_destroy};
  Queue commits_{nullptr, rd_kafka_queue_destroy};
  std::size_t max_record_;
  std::map<std::int32_t, Partition> partitions_;
  Message pending_{nullptr, rd_kafka_message_destroy};          // came while waiting
  List going_{nullptr, rd_kafka_topic_partition_list_destroy};  // what is to be given back
  std::string text_;                                            // of the record handed out
  double taken_ = 0;  // since the last fetch_on(), as a share of the full queue
  int event_ = -1;
  Wakeup* wakeup_ = nullptr;
  bool awaited_ = false;
  int result_ = 0;
  std::uintptr_t serial_ = 0;  // of the last commit
  bool subscribed_ = false;
  bool assigned_ = false;       // the group has said, perhaps for the first time, what is ours
  Clock::time_point shared_{};  // when it last did
  std::unique_ptr<std::atomic<bool>> joining_ = std::make_unique<std::atomic<bool>>(false);
  bool leaving_ = false;
  bool lost_ = false;  // with a transaction that must not be committed
  bool told_empty_ = false;
  bool broken_ = false;
  bool held_ = false;
  bool probe_;
  Error error_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_kafka_source(const KafkaQueue& queue,
                                                  const SourceOptions& options) {
  auto source = std::make_unique<KafkaSource>(queue, options);
  if (auto started = source->start(); !started) return tl::unexpected(started.error());
  return source;
}

}  // namespace intelmq
