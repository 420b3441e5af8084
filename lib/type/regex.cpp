// SPDX-License-Identifier: Apache-2.0
#include "type/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>

#include "type/regex_dialect.hpp"
#include "type/regex_table.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

// PCRE2 counts its steps anew for every place where a match may start. So the limit on steps
// is small, and long texts are searched by windows of such places, with a look at the clock after
// each.
constexpr std::size_t least_match_limit = 200'000;
constexpr std::size_t most_match_limit = 50'000'000;
constexpr std::size_t short_text = 256;
constexpr std::size_t middling_text = 4096;
constexpr double budget_seconds = 0.25;
constexpr double budget_seconds_per_byte = 0.25 / (1024 * 1024);
constexpr std::uint32_t depth_limit = 100'000;
constexpr std::uint32_t heap_limit_kib = 32 * 1024;
constexpr std::size_t jit_stack_start = 32 * 1024;
constexpr std::size_t jit_stack_most = 32 * 1024 * 1024;

struct Free {
  void operator()(pcre2_code* p) const noexcept { pcre2_code_free(p); }
  void operator()(pcre2_compile_context* p) const noexcept { pcre2_compile_context_free(p); }
  void operator()(pcre2_match_context* p) const noexcept { pcre2_match_context_free(p); }
  void operator()(pcre2_match_data* p) const noexcept { pcre2_match_data_free(p); }
  void operator()(pcre2_jit_stack* p) const noexcept { pcre2_jit_stack_free(p); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

// What one search at a time needs.
struct Workspace {
  Owned<pcre2_jit_stack> stack;
  Owned<pcre2_match_context> context;
  Owned<pcre2_match_data> match;
};

std::unique_ptr<Workspace> make_workspace(const pcre2_code* code) {
  auto made = std::make_unique<Workspace>();
  made->context.reset(pcre2_match_context_create(nullptr));
  made->match.reset(pcre2_match_data_create_from_pattern(code, nullptr));
  if (made->context == nullptr || made->match == nullptr) return nullptr;
  pcre2_set_depth_limit(made->context.get(), depth_limit);
  pcre2_set_heap_limit(made->context.get(), heap_limit_kib);
  return made;
}

// A search starts with the stack of the thread; few patterns and texts need more. False if there
// is no more.
bool add_stack(Workspace& workspace) {
  if (workspace.stack != nullptr) return false;
  workspace.stack.reset(pcre2_jit_stack_create(jit_stack_start, jit_stack_most, nullptr));
  if (workspace.stack == nullptr) return false;
  pcre2_jit_stack_assign(workspace.context.get(), nullptr, workspace.stack.get());
  return true;
}

// Lends workspaces to threads; up to `places` wait for the next search.
class WorkspacePool {
 public:
  WorkspacePool() = default;
  WorkspacePool(const WorkspacePool&) = delete;
  WorkspacePool& operator=(const WorkspacePool&) = delete;
  ~WorkspacePool() {
    for (auto& place : places_) delete place.load();
  }

  std::unique_ptr<Workspace> take(const pcre2_code* code) {
    for (auto& place : places_) {
      if (place.load(std::memory_order_relaxed) == nullptr) continue;
      if (Workspace* found = place.exchange(nullptr, std::memory_order_acquire)) {
        return std::unique_ptr<Workspace>(found);
      }
    }
    return make_workspace(code);
  }

  void give_back(std::unique_ptr<Workspace> workspace) noexcept {
    for (auto& place : places_) {
      Workspace* empty = nullptr;
      if (place.compare_exchange_strong(empty, workspace.get(), std::memory_order_release,
                                        std::memory_order_relaxed)) {
        static_cast<void>(workspace.release());  // the place owns it now
        return;
      }
    }
  }

 private:
  static constexpr std::size_t places = 4;
  std::array<std::atomic<Workspace*>, places> places_{};
};

bool is_strict_utf8(std::string_view text) noexcept {
  if (is_ascii(text)) return true;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (!point.valid || is_surrogate(point.code)) return false;
    at += point.size;
  }
  return true;
}

void repair_utf8(std::string_view text, std::string& out) {
  out.clear();
  out.reserve(text.size() * 3);
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    append_utf8(out, is_surrogate(point.code) ? replacement_character : point.code);
    at += point.size;
  }
}

std::uint32_t options_of(const TranslatedPattern& pattern) {
  std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C |
                          PCRE2_USE_OFFSET_LIMIT;
  if (pattern.ignore_case) options |= PCRE2_CASELESS;
  if (pattern.multiline) options |= PCRE2_MULTILINE;
  if (pattern.dot_all) options |= PCRE2_DOTALL;
  return options;
}

double cpu_seconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The first code point that starts at `at` or later.
std::size_t next_start(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) ++at;
  return at;
}

std::uint32_t match_limit_for(std::size_t size) noexcept {
  return static_cast<std::uint32_t>(std::clamp(size * 4, least_match_limit, most_match_limit));
}

Result<Owned<pcre2_code>> compile_code(const TranslatedPattern& pattern) {
  const Owned<pcre2_compile_context> context{pcre2_compile_context_create(nullptr)};
  if (context == nullptr) return fail("no memory for a regular expression");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  std::size_t offset = 0;
  Owned<pcre2_code> code{pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.text.data()),
                                       pattern.text.size(), options_of(pattern), &error, &offset,
                                       context.get())};
  if (code == nullptr) {
    std::array<unsigned char, 256> reason{};
    pcre2_get_error_message(error, reason.data(), reason.size());
    return fail("column 1: " + std::string(reinterpret_cast<const char*>(reason.data())) +
                "; simplify the pattern");
  }
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

// Where the literal is found, or npos.
std::size_t find_literal(const LiteralPattern& literal, std::string_view text) noexcept {
  const auto ends_at = [&](std::string_view part) {
    if (!part.ends_with(literal.text)) return std::string_view::npos;
    const std::size_t at = part.size() - literal.text.size();
    return literal.at_start && at != 0 ? std::string_view::npos : at;
  };
  if (literal.end == LiteralPattern::End::open) {
    if (!literal.at_start) return text.find(literal.text);
    return text.starts_with(literal.text) ? 0 : std::string_view::npos;
  }
  if (literal.end == LiteralPattern::End::before_newline && text.ends_with('\n')) {
    const std::size_t at = ends_at(text.substr(0, text.size() - 1));
    if (at != std::string_view::npos) return at;
  }
  return ends_at(text);
}

}  // namespace

class Regex::Program {
 public:
  Program(TranslatedPattern pattern, Owned<pcre2_code> code, std::optional<RegexTable> table)
      : groups_{pattern.groups},
        names_{std::make_shared<const Captures::Names>(std::move(pattern.names))},
        literal_{std::move(pattern.literal)},
        table_{std::move(table)},
        code_{std::move(code)} {
    if (code_ == nullptr) return;
    std::size_t size = 0;
    std::uint32_t options = 0;
    pcre2_pattern_info(code_.get(), PCRE2_INFO_JITSIZE, &size);
    pcre2_pattern_info(code_.get(), PCRE2_INFO_ALLOPTIONS, &options);
    is_jit_ = size > 0;
    is_anchored_ = (options & PCRE2_ANCHORED) != 0;
  }

  Match search(std::string_view text, Captures* captures) const {
    if (captures != nullptr) captures->spans_.clear();
    if (table_) {
      const auto found = table_->search(text);
      if (found && (!*found || captures == nullptr)) return *found ? Match::yes : Match::no;
    }
    if (!is_strict_utf8(text)) return search_repaired(text, captures);
    if (captures != nullptr) set_text(*captures, text, false);
    return search_utf8(text, captures);
  }

  std::size_t groups() const noexcept { return groups_; }
  const Captures::Names& names() const noexcept { return *names_; }

 private:
  void set_text(Captures& captures, std::string_view text, bool repaired) const {
    captures.text_ = text;
    captures.is_repaired_ = repaired;
    if (captures.names_ != names_) captures.names_ = names_;
  }

  Match search_repaired(std::string_view text, Captures* captures) const {
    if (captures == nullptr) {
      std::string repaired;
      repair_utf8(text, repaired);
      return search_utf8(repaired, nullptr);
    }
    repair_utf8(text, captures->repaired_);
    set_text(*captures, {}, true);
    return search_utf8(captures->repaired_, captures);
  }

  Match search_utf8(std::string_view text, Captures* captures) const {
    if (!literal_) return search_code(text, captures);
    const std::size_t at = find_literal(*literal_, text);
    if (at == std::string_view::npos) return Match::no;
    if (captures != nullptr) captures->spans_.push_back({at, at + literal_->text.size()});
    return Match::yes;
  }

  Match search_code(std::string_view text, Captures* captures) const {
    auto workspace = workspaces_.take(code_.get());
    if (workspace == nullptr) return Match::limit;
    const int found = run(text, *workspace);
    if (found > 0 && captures != nullptr) copy_spans(*workspace, *captures);
    workspaces_.give_back(std::move(workspace));
    if (found == PCRE2_ERROR_NOMATCH) return Match::no;
    return found > 0 ? Match::yes : Match::limit;
  }

  int run(std::string_view text, Workspace& workspace) const {
    pcre2_set_match_limit(workspace.context.get(), match_limit_for(text.size()));
    if (is_anchored_ || text.size() <= short_text)
      return run_window(text, 0, PCRE2_UNSET, workspace);
    return run_windows(text, workspace);
  }

  int run_windows(std::string_view text, Workspace& workspace) const {
    const double budget =
        budget_seconds + budget_seconds_per_byte * static_cast<double>(text.size());
    const double start = cpu_seconds();
    double before = start;
    std::size_t window = text.size() <= middling_text ? 64 : 8;
    for (std::size_t first = 0;;) {
      const bool is_last = text.size() - first <= window;
      const std::size_t last = is_last ? PCRE2_UNSET : first + window - 1;
      const int found = run_window(text, first, last, workspace);
      if (found != PCRE2_ERROR_NOMATCH || is_last) return found;
      first = next_start(text, first + window);
      const double now = cpu_seconds();
      if (now - start > budget) return PCRE2_ERROR_MATCHLIMIT;
      window *= now - before < 0.002 ? 8 : now - before < 0.01 ? 2 : 1;
      before = now;
    }
  }

  // Looks for a match that starts between the offsets `first` and `last`.
  int run_window(std::string_view text, std::size_t first, std::size_t last,
                 Workspace& workspace) const {
    pcre2_set_offset_limit(workspace.context.get(), last);
    const int found = run_once(text, first, workspace);
    if (found != PCRE2_ERROR_JIT_STACKLIMIT || !add_stack(workspace)) return found;
    return run_once(text, first, workspace);
  }

  int run_once(std::string_view text, std::size_t first, Workspace& workspace) const {
    const auto subject = reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
    if (is_jit_) {
      return pcre2_jit_match(code_.get(), subject, text.size(), first, 0, workspace.match.get(),
                             workspace.context.get());
    }
    return pcre2_match(code_.get(), subject, text.size(), first, PCRE2_NO_UTF_CHECK,
                       workspace.match.get(), workspace.context.get());
  }

  void copy_spans(const Workspace& workspace, Captures& captures) const {
    const std::size_t* offsets = pcre2_get_ovector_pointer(workspace.match.get());
    for (std::size_t i = 0; i <= groups_; ++i) {
      captures.spans_.push_back({offsets[2 * i], offsets[2 * i + 1]});
    }
  }

  std::size_t groups_;
  std::shared_ptr<const Captures::Names> names_;
  std::optional<LiteralPattern> literal_;
  std::optional<RegexTable> table_;
  Owned<pcre2_code> code_;
  bool is_jit_ = false;
  bool is_anchored_ = false;
  mutable WorkspacePool workspaces_;
};

namespace {

std::optional<std::size_t> number_in(const std::vector<std::pair<std::string, std::size_t>>& names,
                                     std::string_view name) noexcept {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  if (found == names.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::optional<std::string_view> Captures::group(std::size_t number) const noexcept {
  if (number >= spans_.size() || spans_[number].begin == PCRE2_UNSET) return std::nullopt;
  const std::string_view text = is_repaired_ ? std::string_view(repaired_) : text_;
  return text.substr(spans_[number].begin, spans_[number].end - spans_[number].begin);
}

std::optional<std::string_view> Captures::group(std::string_view name) const noexcept {
  if (names_ == nullptr) return std::nullopt;
  const auto number = number_in(*names_, name);
  return number ? group(*number) : std::nullopt;
}

Regex::Regex(std::string pattern, std::unique_ptr<const Program> program) noexcept
    : pattern_{std::move(pattern)}, program_{std::move(program)} {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern, Case letters) {
  auto translated = translate_pattern(pattern, letters == Case::insensitive);
  if (!translated) return tl::unexpected<Error>(translated.error());
  Owned<pcre2_code> code;
  std::optional<RegexTable> table;
  if (!translated->literal) {
    auto compiled = compile_code(*translated);
    if (!compiled) return tl::unexpected<Error>(compiled.error());
    code = std::move(*compiled);
    table = RegexTable::make(pattern, letters == Case::insensitive);
  }
  return Regex{
      std::string(pattern),
      std::make_unique<const Program>(std::move(*translated), std::move(code), std::move(table))};
}

Match Regex::search(std::string_view text, Captures* captures) const {
  return program_->search(text, captures);
}

std::size_t Regex::groups() const noexcept { return program_->groups(); }

std::optional<std::size_t> Regex::group_number(std::string_view name) const noexcept {
  return number_in(program_->names(), name);
}

}  // namespace intelmq
