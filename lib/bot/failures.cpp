// SPDX-License-Identifier: Apache-2.0
#include "bot/failures.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"
#include "bot/exit_code.hpp"

namespace intelmq {

Failures::Failures(const Options& options, std::string program, Counts& counts, Log& log)
    : options_{options}, program_{std::move(program)}, counts_{counts}, log_{log} {
  read_limit(options.max_errors);
  if (options.dead_letters)
    letters_ = must(DeadLetters::open(*options.dead_letters), ExitCode::cannot_create);
}

void Failures::read_limit(const std::string& text) {
  const bool percent = text.ends_with('%');
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  double number = -1;
  const auto read = std::from_chars(text.data(), end, number);
  const bool whole = number == static_cast<double>(static_cast<std::uint64_t>(number));
  if (read.ec != std::errc{} || read.ptr != end || number < 0 || (percent && number > 100) ||
      (!percent && !whole))
    throw StartError(fmt::format("--max-errors: {} is neither a number of records such as 100 nor "
                                 "a share such as 5%",
                                 quote_for_message(text)),
                     ExitCode::usage);
  if (percent)
    limit_share_ = number / 100;
  else
    limit_ = static_cast<std::uint64_t>(number);
}

bool Failures::take(const Record& where, std::string_view original, std::string_view reason,
                    std::string_view code) {
  const std::string kind = reason_kind(reason);
  counts_.fail(kind);
  if (first_seen_.size() < 100)
    first_seen_.try_emplace(kind, fmt::format("{} line {}", where.source, where.line));
  if (!letters_) return true;
  const auto written = letters_->append({program_, reason, code, where.source, where.line,
                                         where.offset, original, where.total, where.digest});
  if (!written) error_ = written.error().text;
  return written.has_value();
}

bool Failures::stop() const {
  if (counts_.failed() == 0) return false;
  if (options_.strict || options_.error_procedure == ErrorProcedure::stop) return true;
  return limit_ > 0 && counts_.failed() > limit_;
}

bool Failures::too_many() const {
  const std::uint64_t failed = counts_.failed();
  if (failed == 0) return false;
  if (options_.strict) return true;
  if (options_.error_procedure) return *options_.error_procedure == ErrorProcedure::stop;
  if (options_.error_max_retries && options_.max_errors == "0") return false;
  if (limit_share_ >= 0)
    return static_cast<double>(failed) > limit_share_ * static_cast<double>(counts_.read);
  return failed > limit_;
}

void Failures::summarise() {
  for (const auto& [reason, count] : counts_.failed_reasons()) {
    const auto first = first_seen_.find(reason);
    log_.warning(
        fmt::format("{} record{} failed: {}{}{}", count, count == 1 ? "" : "s", reason,
                    first == first_seen_.end() ? "" : fmt::format(" (first: {})", first->second),
                    letters_ ? "" : "; --dead-letters FILE keeps such records"));
  }
}

}  // namespace intelmq
