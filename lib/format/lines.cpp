// SPDX-License-Identifier: Apache-2.0
#include "format/lines.hpp"

#include <utility>

namespace intelmq {

std::optional<LineEnd> find_line_end(std::string_view text, std::size_t from) {
  const std::size_t lf = text.find('\n', from);
  const std::size_t cr = text.substr(0, lf).find('\r', from);
  if (cr != text.npos) {
    if (cr + 1 == text.size()) return std::nullopt;
    return LineEnd{cr, cr + 1 == lf ? std::size_t{2} : 1};
  }
  if (lf == text.npos) return std::nullopt;
  return LineEnd{lf, 1};
}

void Lines::start(ByteSource bytes) {
  window_.start(std::move(bytes));
  at_ = {};
  number_ = offset_ = 0;
  cut_ = false;
}

bool Lines::next() {
  window_.drop(at_.size + at_.ending);
  at_ = {};
  if (cut_ && !skip_rest()) return false;
  offset_ = window_.offset();
  std::optional<LineEnd> end = find_line_end(window_.text());
  while (!end) {
    const std::size_t held = window_.size();
    const std::size_t ends_in_cr = held && window_.text().back() == '\r' ? 1 : 0;
    if (held > max_line_ + 1) {
      end = LineEnd{max_line_, 0};
      cut_ = true;
    } else if (window_.more()) {
      end = find_line_end(window_.text(), held - ends_in_cr);
    } else if (held == 0 || window_.error()) {
      return false;
    } else {
      end = LineEnd{held - ends_in_cr, ends_in_cr};
    }
  }
  at_ = *end;
  ++number_;
  return true;
}

/// Leaves out the rest of a line that was too long.
bool Lines::skip_rest() {
  cut_ = false;
  for (;;) {
    const std::string_view held = window_.text();
    if (const auto end = find_line_end(held)) {
      window_.drop(end->size + end->ending);
      return true;
    }
    const std::size_t keep = !held.empty() && held.back() == '\r' ? 1 : 0;
    window_.drop(held.size() - keep);
    if (window_.more()) continue;
    window_.drop(window_.size());
    return false;
  }
}

}  // namespace intelmq
