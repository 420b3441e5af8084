// SPDX-License-Identifier: Apache-2.0
#include "bot/bot.hpp"
#include "event/hash_input.hpp"
#include "state/hash.hpp"
#include "state/seen.hpp"

namespace intelmq {
namespace {

struct Params {
  KeyFilter filter_type = KeyFilter::blacklist;
  std::vector<std::string> filter_keys;
  bool bypass = false;
  Duration redis_cache_ttl = std::chrono::hours(24);
  std::int64_t capacity = 0;
  std::string state = "memory:";
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
                                     "Where keys are kept: memory: or file:PATH, which "
                                     "survives a restart."),
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
    .drops = true,
};

std::unique_ptr<Seen> open_seen(const Params& params) {
  const auto seconds = static_cast<std::int64_t>(params.redis_cache_ttl.seconds());
  if (seconds > 0xffffffff) throw StartError("--redis-cache-ttl: longer than 136 years");
  if (params.capacity < 0) throw StartError("--capacity: a negative number of keys");
  auto seen = Seen::open(params.state, {static_cast<std::uint32_t>(seconds),
                                        static_cast<std::size_t>(params.capacity)});
  if (!seen) throw StartError("--state: " + seen.error().text);
  return std::move(*seen);
}

/// A state on disk is not even looked at by --config-test: another process may have it open.
bool needs_state(const Params& params, const Context& context) {
  return !params.bypass && !(context.checking && params.state.starts_with("file:"));
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
        seen_{needs_state(params, context) ? open_seen(params) : nullptr},
        hasher_{seen_ ? seen_->seed() : Seed{}} {
    if (seen_ && seen_->counters().torn_bytes)
      context.log.warning("the last record of " + params.state +
                          " was torn by a crash and has been cut off");
  }

  void process(Event& event) {
    if (!seen_) return;
    input_.read(event, text_);
    if (event.verdict() == Verdict::reject) return;
    if (!seen_->check_and_add(hasher_.hash(text_))) event.drop("seen before");
  }

  Result<void> commit() { return seen_ ? seen_->commit() : Result<void>{}; }

 private:
  HashInput input_;
  std::unique_ptr<Seen> seen_;
  KeyHasher hasher_;
  std::string text_;
};

}  // namespace

const Bot& this_bot() { return define<Deduplicator>(spec); }

}  // namespace intelmq
