// SPDX-License-Identifier: Apache-2.0
// The runner's side of collectors and parsers: reports, records and the feed's fields.
#include <fmt/format.h>

#include <algorithm>

#include "bot/runner.hpp"
#include "type/base64.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

constexpr std::size_t piece = 48u << 10;  // of content; a multiple of 3, so base64 has no seams

/// The decoded content of a report's `raw`, piece by piece, without a copy of the whole.
ByteSource decoded(std::string_view base64) {
  struct State {
    Base64Decoder decoder;
    std::string_view rest;
    std::string out;
    std::size_t used = 0;
  };
  auto state = std::make_shared<State>();
  state->rest = base64;
  return [state](char* to, std::size_t size) -> Result<std::size_t> {
    while (state->used == state->out.size()) {
      if (state->rest.empty()) {
        if (!state->decoder.finish()) return fail("raw is not base64: its padding is wrong");
        return std::size_t{0};
      }
      const std::string_view in = state->rest.substr(0, piece);
      state->rest.remove_prefix(in.size());
      state->out.resize(piece + 8);
      const auto made = state->decoder.feed(in, state->out.data());
      if (!made) return fail("raw is not base64: its padding is wrong");
      state->out.resize(*made);
      state->used = 0;
    }
    const std::size_t taken = std::min(size, state->out.size() - state->used);
    std::copy_n(state->out.data() + state->used, taken, to);
    state->used += taken;
    return taken;
  };
}

}  // namespace

// --- parsers
// ---------------------------------------------------------------------------------------

void Runner::parse_report(const Record& record) {
  ++counts_.reports;
  if (!event_.read(record.data, record.size, line_error_)) {
    ++counts_.read;
    return fail(record.text(), fmt::format("{} at byte {}", line_error_.reason, line_error_.offset),
                "json");
  }
  if (!event_.has(field::raw)) {
    ++counts_.read;
    p_.log.warning("a report without raw has nothing to parse");
    return counts_.drop("report without raw");
  }
  std::string_view raw;
  event_.each([&](const Event::Member& member) {
    if (member.name == "raw") raw = member.raw;
  });
  std::string unescaped;
  if (raw.size() < 2 || raw.front() != '"') {
    ++counts_.read;
    return fail(record.text(), "raw is no text in base64", "invalid");
  }
  if (has_escape(raw))
    decode_string(raw, unescaped);
  else
    raw = raw.substr(1, raw.size() - 2);
  type_wanted_ = event_.has_type();
  parsing_raw_ = false;
  parse_stream(decoded(unescaped.empty() ? raw : std::string_view{unescaped}));
}

void Runner::parse_stream(const ByteSource& bytes) {
  std::optional<Error> broken;
  made_.clear();
  const auto heard = [&](char* out, std::size_t size) {
    auto got = parsing_raw_ && p_.control ? read_and_heed(bytes, out, size) : bytes(out, size);
    if (!got) broken = got.error();
    return got;
  };
  Report report{heard, event_};
  p_.instance->parse(report, *this);
  if (!broken || p_.wakeup.finish_asked()) return;
  ++counts_.read;
  fail(parsing_raw_ ? std::string_view{} : record_.text(), broken->text, "input");
}

/// A feed that does not end: requests are carried out between two pieces of it, also while the
/// next one is awaited.
Result<std::size_t> Runner::read_and_heed(const ByteSource& bytes, char* out, std::size_t size) {
  if (is_called()) heed();
  const Control::Point point(*p_.control, [this] { heed(); });
  auto got = bytes(out, size);
  if (got) counts_.received_bytes += *got;
  return got;
}

void Runner::run_raw() {
  for (;;) {
    ByteSource bytes;
    std::string name;
    switch (p_.source->next_stream(bytes, name, p_.wakeup)) {
      case Fetch::record: break;
      case Fetch::end: return;
      default:
        if (p_.wakeup.finish_asked()) return;
        return stop_with(ExitCode::no_input, p_.source->error().text);
    }
    ++counts_.reports;
    record_ = {};
    record_.source = name;
    parsing_raw_ = true;
    event_.clear(MessageKind::report);
    add_feed(event_);
    event_.set_verbatim(field::time.observation,
                        '"' + Timestamp{p_.rules.now().seconds, 0}.text() + '"');
    parse_stream(bytes);
    if (stop_ || p_.wakeup.finish_asked() || !deliver()) return;
    if (p_.control && !heed()) return;
  }
}

Event& Runner::begin() {
  if (!made_.restart()) {
    made_.clear(p_.bot.shape == Shape::collector ? MessageKind::report : MessageKind::event);
    if (p_.bot.shape == Shape::collector) {
      made_.set_verbatim(field::time.observation,
                         '"' + Timestamp{p_.rules.now().seconds, 0}.text() + '"');
    } else if (p_.bot.shape == Shape::parser) {
      made_.copy_fields(event_, copied_);
      made_.mark();  // the report's other events begin like this one
    }
  }
  if (p_.rules.undeclared) made_.permit(&permitted_, &permitted_others_);
  return made_;
}

void Runner::end(std::string_view raw, std::string_view original) {
  ++counts_.read;
  ++record_.line;
  if (p_.rules.undeclared) made_.permit(nullptr, nullptr);
  if (made_.verdict() == Verdict::keep) {
    if (!raw.empty() && !made_.has(field::raw)) {
      const std::size_t size = base64_size(raw.size());
      char* const value = made_.set_verbatim(field::raw, size + 2);
      value[0] = value[size + 1] = '"';
      write_base64(value + 1, raw);
    }
    add_defaults(made_);
    if (type_wanted_) made_.set_kind(MessageKind::event);
  }
  settle(made_, original);
  p_.wakeup.breathe();
  if (!parsing_raw_) {
    if (p_.paths.full()) {
      // A report is acknowledged as a whole; its events may leave before.
      if (auto done = p_.paths.deliver(); !done)
        stop_with(ExitCode::io_error, done.error().text);
      else if (p_.paths.abandoned())
        stop_ = true;
    }
    return;
  }
  if (p_.paths.full() && !deliver()) stop_ = true;
}

void Runner::add_defaults(Event& event) {
  for (const auto& [name, value] : options_.default_fields.members()) {
    const auto field = p_.rules.harmonization.name(name);
    if (field) event.add_json(*field, value.dump(false), Existing::keep);
  }
}

void Runner::failed(std::string_view record, std::string_view reason) {
  ++counts_.read;
  ++record_.line;
  fail(record, reason, "record");
}

bool Runner::stopped() const {
  return stop_ || p_.wakeup.finish_asked() || (draining_ && p_.bot.shape == Shape::collector);
}

void Runner::send(Event& event) {
  ++counts_.emitted;
  route(event);
  --counts_.written;
  p_.wakeup.breathe();
  if (p_.paths.full())
    if (auto done = p_.paths.deliver(); !done) stop_with(ExitCode::io_error, done.error().text);
}

// --- collectors
// --------------------------------------------------------------------------------------

void Runner::run_collector() {
  do collect();
  while (options_.run_mode == RunMode::continuous && pause(options_.rate_limit.milliseconds()));
}

void Runner::collect() {
  try {
    p_.instance->collect(*this);
  } catch (const StartError& error) {
    if (options_.run_mode != RunMode::continuous ||
        options_.error_procedure == ErrorProcedure::stop)
      return stop_with(error.code(), error.what());
    p_.log.error(std::string(error.what()) + "; trying again");
    pause(options_.error_retry_delay.milliseconds());
  }
}

void Runner::add_feed(Event& event) {
  const auto add = [&](FieldId id, const std::optional<std::string>& text) {
    if (text && !text->empty()) event.add_text(id, *text, Existing::keep);
  };
  add(field::feed.url, options_.feed_url);
  add(field::feed.name, options_.name);
  add(field::feed.code, options_.code);
  add(field::feed.documentation, options_.documentation);
  add(field::feed.provider, options_.provider);
  if (options_.accuracy != 0) event.add(field::feed.accuracy, options_.accuracy);
}

Result<void> Runner::end_report(const ByteSource& bytes) {
  if (p_.rules.undeclared) made_.permit(nullptr, nullptr);
  ++counts_.read;
  if (options_.output_format == RecordFormat::raw) {
    Result<void> result;
    write_raw(bytes, result);
    return result;
  }
  add_feed(made_);
  made_.set_kind(MessageKind::report);
  OutBuffer& out = p_.paths.fallback();
  const std::size_t before = out.size();
  made_.write(out);
  out.truncate(out.size() - 1);
  out.append(", \"raw\": \"");
  std::string content(piece, '\0'), encoded;
  std::size_t filled = 0, total = 0;
  Result<std::size_t> got = 0;
  do {
    p_.wakeup.breathe();
    got = bytes(content.data() + filled, piece - filled);
    filled += got ? *got : 0;
    if (filled < piece && got && *got) continue;
    encoded.clear();
    append_base64(encoded, {content.data(), filled});
    out.append(encoded);
    total += filled;
    filled = 0;
  } while (got && *got);
  if (!got || total == 0) {
    out.truncate(before);
    if (got) return counts_.drop("empty report"), Result<void>{};
    fail({}, got.error().text, "input");
    return tl::unexpected(got.error());
  }
  out.append("\"}\n");
  ++counts_.unnamed;
  ++counts_.written;
  counts_.received_bytes += total;
  if (!deliver()) return intelmq::fail("the report could not be delivered");
  if (p_.control) heed();
  return {};
}

void Runner::write_raw(const ByteSource& bytes, Result<void>& result) {
  OutBuffer& out = p_.paths.fallback();
  std::string content(piece, '\0');
  for (;;) {
    const auto got = bytes(content.data(), piece);
    if (!got) {
      fail({}, got.error().text, "input");
      result = tl::unexpected(got.error());
      return;
    }
    if (*got == 0) break;
    out.append(content.data(), *got);
    counts_.received_bytes += *got;
    p_.wakeup.breathe();
    if (p_.paths.full() && !deliver()) break;
  }
  ++counts_.unnamed;
  ++counts_.written;
  if (stop_ || !deliver()) result = intelmq::fail("the feed could not be delivered");
  if (p_.control) heed();
}

}  // namespace intelmq
