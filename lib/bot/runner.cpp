// SPDX-License-Identifier: Apache-2.0
#include "bot/runner.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <thread>

#include "base/text.hpp"
#include "type/base64.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// The report's fields that its events inherit.
std::vector<FieldName> inherited_fields(const Options& options) {
  std::vector<FieldName> out = {
      field::feed.accuracy, field::feed.code,       field::feed.documentation,
      field::feed.name,     field::feed.provider,   field::feed.url,
      field::rtir_id,       field::time.observation};
  for (const FieldName& name : options.copy_collector_provided_fields) out.push_back(name);
  return out;
}

}  // namespace

bool Context::has_path(std::string_view name) const {
  return name == "_default" || std::find(paths.begin(), paths.end(), name) != paths.end();
}

Runner::Runner(Parts parts)
    : p_{std::move(parts)},
      options_{p_.settings.options()},
      failures_{options_, p_.bot.description.program(), counts_, p_.log},
      event_{p_.rules},
      made_{p_.rules},
      started_{monotonic_ns()} {
  take_parameters();
  if (p_.notify) p_.notify->set_status([this] { return status(); });
  if (!p_.control) return;
  meter_.emplace(fields_, p_.bot.shape == Shape::parser ? 1 : 64);
  p_.control->set_subject(
      {[this] { return stats(); }, [this] { return inflight(); }, [this] { return message(); }});
}

/// What follows from them; once more when they have changed.
void Runner::take_parameters() {
  fields_ = p_.settings.fields(p_.bot);
  copied_ = inherited_fields(options_);
  permitted_.reset();
  permitted_others_.clear();
  const auto permit = [this](const FieldName& name) {
    if (name.id())
      permitted_[index_of(*name.id())] = true;
    else
      permitted_others_.push_back(name);
  };
  for (const Produced& produced : fields_.sets) permit(produced.name);
  for (const FieldName& name : fields_.removes) permit(name);
  if (fields_.any_field) permitted_.set();
  if (meter_) meter_->set_fields(fields_);
}

Runner::~Runner() {
  if (p_.control) p_.control->set_subject({});
  if (p_.notify) p_.notify->set_status({});
}

double Runner::seconds() const { return static_cast<double>(monotonic_ns() - started_) / 1e9; }

ExitCode Runner::run() {
  if (p_.control) p_.control->attend();
  if (p_.control && !heed())
    ;  // it was told to hold, and then to end, before it began
  else if (p_.bot.shape == Shape::collector)
    run_collector();
  else if (p_.bot.shape == Shape::parser && options_.input_format == RecordFormat::raw)
    run_raw();
  else
    run_lines();
  if (p_.notify) p_.notify->stopping();
  if (exit_ == ExitCode::ok && !p_.paths.abandoned()) {
    finish_batch();
    p_.instance->finish(*this);
    if (deliver())
      if (auto closed = p_.paths.close(); !closed)
        stop_with(ExitCode::io_error, closed.error().text);
  }
  failures_.summarise();
  if (!counts_.add_up() && exit_ == ExitCode::ok && !p_.paths.abandoned())
    stop_with(ExitCode::internal, "the counts of this run do not add up; please report this");
  if (exit_ == ExitCode::ok && failures_.too_many()) exit_ = ExitCode::bad_data;
  if (p_.control) take_leave();
  return exit_;
}

// --- the loops
// -------------------------------------------------------------------------------------

void Runner::run_lines() {
  take_lines();
  if (exit_ == ExitCode::ok) take_rest(true);
}

void Runner::take_lines() {
  while (!stop_) {
    switch (p_.source->next(record_)) {
      case Fetch::record:
        meter_ && meter_->due() ? take_measured(record_) : take_line(record_);
        break;
      case Fetch::oversize: take_oversize(); break;
      case Fetch::later:
        if (!idle()) return;
        continue;
      case Fetch::end: return;
      case Fetch::broken:
        finish_batch();
        if (deliver()) stop_with(ExitCode::no_input, p_.source->error().text);
        return;
    }
    if (!paced()) return;
  }
}

/// What a pipe has given already: nobody else can have it. In the end the line whose end does not
/// come is lost.
void Runner::take_rest(bool last) {
  while (!stop_) {
    switch (p_.source->rest(record_)) {
      case Fetch::record: take_line(record_); break;
      case Fetch::oversize: take_oversize(); break;
      case Fetch::broken:
        if (last) p_.log.warning(p_.source->error().text);
        return;
      default: return;
    }
    if (!p_.paths.full()) continue;
    finish_batch();
    if (!deliver()) return;
  }
}

void Runner::take_oversize() {
  ++counts_.read;
  fail(record_.text(), fmt::format("line is longer than --max-line {}", options_.max_line.text()),
       "oversize");
}

/// Nothing to do: everything out, then wait. False to end the loop.
bool Runner::idle() {
  finish_batch();
  if (!deliver()) return false;
  if (p_.wakeup.finish_asked()) return false;
  if (p_.statistics) p_.wakeup.limit_waits(p_.statistics->due(counts_));
  {
    const Control::Rest rest(p_.control);
    p_.source->wait(p_.wakeup);
  }
  p_.wakeup.limit_waits(-1);
  return between_records();
}

bool Runner::between_records() {
  if (stop_) return false;
  if (p_.paths.full()) {
    finish_batch();
    if (!deliver()) return false;
  }
  if (p_.wakeup.finish_asked() || !look_at_signals()) return false;
  if (p_.control && is_called()) return heed();
  if (p_.notify) p_.wakeup.breathe();
  return true;
}

/// False to end the loop.
bool Runner::look_at_signals() {
  if (p_.wakeup.take_report())
    p_.log.plain(counts_.json(p_.bot.description.program(), seconds()).dump());
  if (p_.wakeup.take_reload()) {
    finish_batch();
    if (!deliver()) return false;
    if (p_.notify) p_.notify->reloading();
    if (p_.reloader) p_.reloader->read_again(p_.instance);
    if (p_.notify) p_.notify->ready();
    take_parameters();
  }
  return true;
}

/// After a record; false to end the loop.
bool Runner::paced() {
  const bool scheduled = options_.run_mode == RunMode::scheduled;
  const auto limit = options_.rate_limit.milliseconds();
  if (!scheduled && limit.count() == 0) return between_records();
  finish_batch();
  return deliver() && !scheduled && pause(limit);
}

/// Waits, but does what signals ask for; false to end the loop.
bool Runner::pause(std::chrono::milliseconds length) {
  const std::int64_t end = monotonic_ns() + length.count() * 1'000'000;
  for (;;) {
    if (!between_records()) return false;
    const std::int64_t left = (end - monotonic_ns() + 999'999) / 1'000'000;
    if (left <= 0) return true;
    const Control::Rest rest(p_.control);
    p_.wakeup.wait(-1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
  }
}

/// As `take_line`, for the one event of many that is looked at.
void Runner::take_measured(const Record& record) {
  const std::uint64_t before = counts_.read;
  const std::int64_t start = monotonic_ns();
  sampled_ = true;
  take_line(record);
  sampled_ = false;
  if (p_.instance->batched()) return;  // done later
  const auto events = static_cast<double>(std::max<std::uint64_t>(1, counts_.read - before));
  meter_->took(static_cast<double>(monotonic_ns() - start) / 1e9 / events);
}

void Runner::take_line(const Record& record) {
  record_.total = 0;
  counts_.received_bytes += record.size;
  if (p_.bot.shape == Shape::parser) return parse_report(record);
  ++counts_.read;
  if (p_.instance->batched()) return take_batch_event(record);
  if (!event_.read(record.data, record.size, line_error_))
    return fail(record.text(), fmt::format("{} at byte {}", line_error_.reason, line_error_.offset),
                "json");
  take_event();
}

void Runner::take_event() {
  const std::string_view original = record_.text();
  if (sampled_) meter_->see(event_);
  counts_.duplicate_keys += event_.duplicate_keys();
  if (options_.strict && event_.duplicate_keys())
    return fail(original, "a key stands twice in the line", "duplicate-key");
  if (options_.validate && !event_.validate()) return fail(original, event_.complaint(), "invalid");
  if (!wanted()) return options_.validate ? route(event_) : pass_on(original);
  if (p_.rules.undeclared) event_.permit(&permitted_, &permitted_others_);
  p_.instance->process(event_, *this);
  if (p_.rules.undeclared) event_.permit(nullptr, nullptr);
  if (p_.bot.shape == Shape::splitter && event_.verdict() == Verdict::keep) {
    ++counts_.written;
    return;
  }
  settle(event_, original);
}

/// Whether the event has what the bot's sheet says it needs.
bool Runner::wanted() const {
  const auto there = [this](const FieldName& name) { return event_.has(name); };
  return std::all_of(fields_.needs.begin(), fields_.needs.end(), there) &&
         (fields_.needs_any.empty() ||
          std::any_of(fields_.needs_any.begin(), fields_.needs_any.end(), there));
}

void Runner::settle(Event& event, std::string_view original) {
  switch (event.verdict()) {
    case Verdict::keep: return route(event);
    case Verdict::drop: return counts_.drop(event.reason());
    case Verdict::reject: return fail(original, event.reason(), "rejected");
  }
}

void Runner::route(Event& event) {
  if (event.paths().empty()) {
    OutBuffer& out = p_.paths.fallback();
    event.write(out);
    out.append('\n');
    ++counts_.unnamed;
    ++counts_.written;
    return;
  }
  bool reached = false;
  for (const std::string& path : event.paths()) {
    OutBuffer* out = p_.paths.find(path);
    if (!out) continue;
    event.write(*out);
    out->append('\n');
    counts_.send(path);
    reached = true;
  }
  if (reached)
    ++counts_.written;
  else
    counts_.drop("no destination for path " + event.paths().front());
}

void Runner::pass_on(std::string_view original) {
  OutBuffer& out = p_.paths.fallback();
  out.append(original);
  out.append('\n');
  ++counts_.unnamed;
  ++counts_.written;
}

void Runner::fail(std::string_view original, std::string_view reason, std::string_view code) {
  if (!failures_.take(record_, original, reason, code))
    return stop_with(ExitCode::io_error, failures_.error());
  if (p_.control) show_failed(original, reason, code);
  if (OutBuffer* out = p_.paths.find("_on_error")) {
    Event copy(p_.rules);
    LineError ignored;
    std::string padded(original);
    padded.append(Record::padding, '\0');
    if (copy.read(padded.data(), original.size(), ignored)) {
      out->append(original);
      out->append('\n');
      counts_.send("_on_error");
    }
  }
  if (failures_.stop()) stop_ = true;
}

bool Runner::deliver() {
  if (auto done = p_.paths.deliver(); !done) {
    stop_with(ExitCode::io_error, done.error().text);
    return false;
  }
  if (p_.paths.abandoned()) {
    stop_ = true;
    return false;
  }
  if (auto done = p_.instance->commit(); !done) {
    stop_with(ExitCode::io_error, done.error().text);
    return false;
  }
  if (p_.source)
    if (auto done = p_.source->acknowledge(); !done) {
      stop_with(ExitCode::io_error, done.error().text);
      return false;
    }
  if (p_.statistics) p_.statistics->update(counts_);
  settled_ = taken();
  if (p_.control) note_records();
  return true;
}

void Runner::stop_with(ExitCode code, const std::string& text) {
  stop_ = true;
  if (exit_ == ExitCode::ok) exit_ = code;
  p_.log.error(text);
}

// --- batches
// ---------------------------------------------------------------------------------------

void Runner::take_batch_event(const Record& record) {
  if (batch_.size() == held_.size()) held_.push_back(std::make_unique<Held>(p_.rules));
  Held& held = *held_[batch_.size()];
  held.line.assign(record.data, record.size);
  held.line.append(Record::padding, '\0');
  if (!held.event.read(held.line.data(), record.size, line_error_))
    return fail(record.text(), fmt::format("{} at byte {}", line_error_.reason, line_error_.offset),
                "json");
  if (sampled_) meter_->see(held.event);
  counts_.duplicate_keys += held.event.duplicate_keys();
  if (options_.strict && held.event.duplicate_keys())
    return fail(record.text(), "a key stands twice in the line", "duplicate-key");
  if (options_.validate && !held.event.validate())
    return fail(record.text(), held.event.complaint(), "invalid");
  held.source = record.source;
  held.where = record;
  held.where.source = held.source;
  batch_.push_back(&held.event);
  if (batch_.size() >= static_cast<std::size_t>(std::max<std::int64_t>(1, options_.batch_size)))
    finish_batch();
}

void Runner::finish_batch() {
  if (batch_.empty()) return;
  const std::int64_t start = meter_ ? monotonic_ns() : 0;
  if (p_.bot.shape == Shape::output) {
    const std::int64_t tries = options_.error_max_retries.value_or(0);
    for (std::int64_t i = 0;; ++i) {
      const Result<void> done = p_.instance->write(Batch{batch_});
      if (done) break;
      if (i >= tries || p_.wakeup.finish_asked()) {
        batch_.clear();
        return stop_with(ExitCode::io_error, done.error().text);
      }
      ++counts_.retries;
      p_.log.warning(done.error().text + "; trying again");
      p_.wakeup.wait(-1, static_cast<int>(options_.error_retry_delay.milliseconds().count()));
    }
  } else {
    p_.instance->process_batch(Batch{batch_});
  }
  if (meter_)
    meter_->took(static_cast<double>(monotonic_ns() - start) / 1e9 /
                 static_cast<double>(batch_.size()));
  const Record now = record_;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    Held& held = *held_[i];
    record_ = held.where;
    const std::string_view original{held.line.data(), held.where.size};
    if (p_.bot.shape != Shape::output || held.event.verdict() != Verdict::keep) {
      settle(held.event, original);
      continue;
    }
    ++counts_.written;
    if (!taps_.empty()) show("_default", original);
  }
  record_ = now;
  batch_.clear();
}

}  // namespace intelmq
