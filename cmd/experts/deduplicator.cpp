// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bot/bot.hpp"
#include "event/hash_input.hpp"
#include "state/hash.hpp"
#include "state/redis_seen.hpp"
#include "state/seen.hpp"

namespace intelmq {
namespace {

struct Params {
  KeyFilter filter_type = KeyFilter::blacklist;
  std::vector<std::string> filter_keys;
  bool bypass = false;
  Duration redis_cache_ttl = std::chrono::hours(24);
  std::int64_t capacity = 0;
  std::optional<std::string> state;
  std::string redis_cache_host = "127.0.0.1";
  std::int64_t redis_cache_port = 6379;
  std::int64_t redis_cache_db = 6;
  Secret redis_cache_password;
};

FieldUse fields_of(const Params& params) {
  FieldUse out;
  if (params.filter_type == KeyFilter::whitelist)
    for (const std::string& key : params.filter_keys)
      if (auto name = FieldName::parse(key)) out.reads.push_back(std::move(*name));
  return out;
}

const Spec<Params> spec{
    .name = "deduplicator",
    .summary = "Drop events that were seen before.",
    .details =
        "Two events are the same if the selected fields are: all but the listed ones with "
        "--filter-type blacklist, only the listed ones with whitelist. time.observation never "
        "takes part. A key is remembered for --redis-cache-ttl from its first sight; repetitions "
        "do not prolong it.\n\n"
        "What was seen is made durable only after the events were written, so a crash can repeat "
        "an event and never loses one. Memory: at most 32 bytes a key.",
    .params = {param<&Params::filter_keys>(
                   "filter_keys", "Names of the fields, separated by commas.", Need::required),
               param<&Params::filter_type>("filter_type",
                                           "Whether the fields are the only ones that "
                                           "count, or the only ones that do not."),
               param<&Params::redis_cache_ttl>("redis_cache_ttl",
                                               "How long a key is remembered; 0: for "
                                               "ever."),
               param<&Params::capacity>("capacity",
                                        "Most keys remembered, the oldest go first; 0: no "
                                        "limit."),
               param<&Params::state>("state",
                                     "Where keys are kept: memory:, file:PATH, which survives "
                                     "a restart, or redis:, the cache that IntelMQ's own "
                                     "deduplicator uses. Without it memory:, or with --runtime "
                                     "redis:."),
               param<&Params::redis_cache_host>("redis_cache_host",
                                                "Server of the cache, or the path of its socket."),
               param<&Params::redis_cache_port>("redis_cache_port", "Port of the cache."),
               param<&Params::redis_cache_db>("redis_cache_db", "Number of the cache's database."),
               param<&Params::redis_cache_password>("redis_cache_password",
                                                    "Password of the cache."),
               param<&Params::bypass>("bypass", "Let everything pass and remember nothing.")},
    .any_field = false,
    .fields = fields_of,
    .examples = {{.about = "The second event has the same address and port",
                  .args = "--filter-type whitelist --filter-keys source.ip,source.port",
                  .input = "{\"source.ip\":\"192.0.2.1\",\"source.port\":80,\"comment\":\"a\"}\n"
                           "{\"source.ip\":\"192.0.2.1\",\"source.port\":80,\"comment\":\"b\"}\n"
                           "{\"source.ip\":\"192.0.2.1\",\"source.port\":81,\"comment\":\"c\"}",
                  .output = "{\"source.ip\":\"192.0.2.1\",\"source.port\":80,\"comment\":\"a\"}\n"
                            "{\"source.ip\":\"192.0.2.1\",\"source.port\":81,\"comment\":\"c\"}"},
                 {.about = "Everything but the raw record counts",
                  .args = "--filter-type blacklist --filter-keys raw",
                  .input = "{\"source.ip\":\"192.0.2.1\",\"raw\":\"YQ==\"}\n"
                           "{\"source.ip\":\"192.0.2.1\",\"raw\":\"Yg==\"}",
                  .output = "{\"source.ip\":\"192.0.2.1\",\"raw\":\"YQ==\"}"},
                 {.about = "Hostile: 1 and 1.0 differ, key order and escapes do not",
                  .args = "--filter-type blacklist --filter-keys comment",
                  .input = "{\"extra.n\":1,\"extra.s\":\"\\u00e9\"}\n{\"extra.n\":1.0,"
                           "\"extra.s\":\"\\u00e9\"}\n{\"extra.s\":\"\xc3\xa9\",\"extra.n\":1}",
                  .output = "{\"extra.n\":1,\"extra.s\":\"\\u00e9\"}\n"
                            "{\"extra.n\":1.0,\"extra.s\":\"\\u00e9\"}"}},
    .resources = {.growth = "32 bytes a live key"},
    .scaling = Scaling::partitioned,
    .state = "keys of events seen, with the second of their first sight",
    .state_parameter = "state",
    .drops = true,
};

/// What keeps the keys if --state does not say so.
std::string state_of(const Params& params, const Context& context) {
  return params.state.value_or(context.in_botnet ? "redis:" : "memory:");
}

Result<std::unique_ptr<Seen>> open_cache(const Params& params, std::uint32_t ttl) {
  if (params.redis_cache_port < 1 || params.redis_cache_port > 65535)
    throw StartError("--redis-cache-port: no number from 1 to 65535");
  if (params.redis_cache_db < 0 || params.redis_cache_db > 1'000'000)
    throw StartError("--redis-cache-db: no number of a database");
  if (params.capacity)
    throw StartError("--capacity: a Redis server limits its memory itself; leave it out");
  return open_redis_seen(redis_cache_address(params.redis_cache_host,
                                             static_cast<std::uint16_t>(params.redis_cache_port),
                                             static_cast<unsigned>(params.redis_cache_db),
                                             std::string(params.redis_cache_password.reveal())),
                         ttl);
}

std::unique_ptr<Seen> open_seen(const Params& params, const std::string& state) {
  const auto seconds = static_cast<std::int64_t>(params.redis_cache_ttl.seconds());
  if (seconds > 0xffffffff) throw StartError("--redis-cache-ttl: longer than 136 years");
  if (params.capacity < 0) throw StartError("--capacity: a negative number of keys");
  const auto ttl = static_cast<std::uint32_t>(seconds);
  auto seen = state == "redis:"
                  ? open_cache(params, ttl)
                  : Seen::open(state, {ttl, static_cast<std::size_t>(params.capacity)});
  if (!seen) throw StartError("--state: " + seen.error().text);
  return std::move(*seen);
}

/// --config-test opens no connection, nor a state on disk: another process may have it open.
bool needs_state(const Params& params, const Context& context) {
  return !params.bypass && !(context.checking && state_of(params, context) != "memory:");
}

std::vector<FieldName> names_in(const Params& params, const Context& context) {
  std::vector<FieldName> out;
  for (const std::string& key : params.filter_keys) {
    auto name = context.rules.harmonization.name(key);
    if (!name) throw StartError("--filter-keys: " + name.error().text);
    out.push_back(std::move(*name));
  }
  return out;
}

class Deduplicator {
 public:
  Deduplicator(const Params& params, const Context& context)
      : input_{params.filter_type, names_in(params, context)},
        seen_{needs_state(params, context) ? open_seen(params, state_of(params, context))
                                           : nullptr},
        hasher_{seen_ ? seen_->seed() : Seed{}} {
    if (seen_ && seen_->counters().torn_bytes)
      context.log.warning("the last record of " + state_of(params, context) +
                          " was torn by a crash and has been cut off");
  }

  void process(Event& event) {
    if (!seen_) return;
    input_.read(event, text_);
    if (event.verdict() == Verdict::reject) return;
    drop_unless(seen_->check_and_add(hasher_.hash(text_)), event);
  }

  /// A store on a server is asked for many events at once.
  bool batched() const { return seen_ && seen_->takes_texts(); }

  void process_batch(Batch batch) {
    texts_.resize(std::max(texts_.size(), batch.size()));
    asked_.clear();
    for (Event* event : batch) {
      input_.read(*event, texts_[asked_.size()].text);
      if (event->verdict() != Verdict::reject) asked_.push_back(event);
    }
    seen_->check_and_add_texts({texts_.data(), asked_.size()});
    for (std::size_t i = 0; i < asked_.size(); ++i) drop_unless(texts_[i].is_new, *asked_[i]);
  }

  Result<std::vector<std::string>> dump(int directory) {
    return seen_ ? seen_->dump(directory) : std::vector<std::string>{};
  }
  Result<void> commit() { return seen_ ? seen_->commit() : Result<void>{}; }

 private:
  static void drop_unless(bool is_new, Event& event) {
    if (!is_new) event.drop("seen before");
  }

  HashInput input_;
  std::unique_ptr<Seen> seen_;
  KeyHasher hasher_;
  std::string text_;
  std::vector<Seen::Text> texts_;
  std::vector<Event*> asked_;  // a text of each
};

}  // namespace

const Bot& this_bot() { return define<Deduplicator>(spec); }

}  // namespace intelmq
