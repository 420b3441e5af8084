// SPDX-License-Identifier: Apache-2.0
#include "format/csv.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "format/csv_bits.hpp"

namespace intelmq {
namespace {

/// Index of `c` in the text from `from` on, or its size.
std::size_t find_byte(std::string_view text, char c, std::size_t from) {
  const void* found = std::memchr(text.data() + from, c, text.size() - from);
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data())
               : text.size();
}

/// For each bit, all ones if an odd number of bits is set up to and including it.
std::uint64_t prefix_parity(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

ByteSource without_nuls(ByteSource bytes) {
  return [bytes = std::move(bytes)](char* out, std::size_t size) -> Result<std::size_t> {
    for (;;) {
      auto got = bytes(out, size);
      if (!got || *got == 0 || !std::memchr(out, 0, *got)) return got;
      const auto kept = static_cast<std::size_t>(std::remove(out, out + *got, '\0') - out);
      if (kept) return kept;
    }
  };
}

bool needs_quotes(std::string_view cell) {
  if (cell.empty()) return false;
  for (const char c : {',', '"', '\n', '\r'})
    if (std::memchr(cell.data(), c, cell.size())) return true;
  return false;
}

void append_quoted(std::string& out, std::string_view cell) {
  out += '"';
  for (std::size_t from = 0; from < cell.size();) {
    const std::size_t quote = find_byte(cell, '"', from);
    out.append(cell, from, quote - from);
    if (quote < cell.size()) out += "\"\"";
    from = quote + 1;
  }
  out += '"';
}

}  // namespace

void CsvReader::start(ByteSource bytes) {
  window_.start(without_nuls(std::move(bytes)));
  at_ = {};
  cells_.clear();
  number_ = offset_ = 0;
  next_number_ = 1;
  lf_ = other_ = cut_ = false;
}

/// Finds the end of the line that the window begins with, and leaves out the part of it that does
/// not fit into a record; false when nothing is left.
bool CsvReader::find_line() {
  std::size_t from = 0;
  for (;;) {
    const std::string_view held = window_.text();
    if (const auto end = find_line_end(held, from)) {
      line_ = *end;
      return true;
    }
    from = held.empty() || held.back() != '\r' ? held.size() : held.size() - 1;
    if (held.size() > max_record_ + 1) {
      line_ = {max_record_, 0};
      cut_ = true;
      return true;
    }
    if (window_.more()) continue;
    line_ = {from, held.size() - from};
    return !held.empty() && !window_.error();
  }
}

/// Drops what was given, then comments and blank lines; line_ is set when true.
bool CsvReader::go_to_row() {
  window_.drop(at_.size + at_.ending);
  at_ = {};
  cells_.clear();
  if (cut_) skip_rest();
  while (find_line()) {
    number_ = next_number_;
    offset_ = window_.offset();
    const std::string_view line = window_.text().substr(0, line_.size);
    const std::size_t first = line.find_first_not_of(" \t");
    if (cut_ || (first != line.npos && !(style_.comments && line[first] == '#'))) return true;
    window_.drop(line_.size + line_.ending);
    ++next_number_;
  }
  return false;
}

/// Leaves out the rest of a line that was too long.
void CsvReader::skip_rest() {
  cut_ = false;
  for (;;) {
    const std::string_view held = window_.text();
    if (const auto end = find_line_end(held)) return window_.drop(end->size + end->ending);
    const std::size_t keep = !held.empty() && held.back() == '\r' ? 1 : 0;
    window_.drop(held.size() - keep);
    if (!window_.more()) return window_.drop(window_.size());
  }
}

bool CsvReader::next_line() {
  if (!go_to_row()) return false;
  settle(line_);
  ++next_number_;
  return true;
}

void CsvReader::settle(LineEnd end) {
  at_ = end;
  if (end.ending == 0) return;
  if (end.ending == 1 && window_.text()[end.size] == '\n')
    lf_ = true;
  else
    other_ = true;
}

/// Whether what is held begins with a row: no comment, no blank line.
bool CsvReader::at_row() const {
  const std::string_view held = window_.text();
  if (held.empty() || cut_) return false;
  if (held[0] > ' ' && held[0] != '#') return true;
  const std::size_t first = held.find_first_not_of(" \t");
  return first != held.npos && held[first] != '\n' && held[first] != '\r' &&
         !(style_.comments && held[first] == '#');
}

/// The short way for the usual row: it is one line that is held to its end, and its cells have
/// either no quotes or those around them, in which quotes are doubled. False, and nothing happened
/// but to the cells, for any other row.
bool CsvReader::quick_row() {
  if (style_.delimiter.size() != 1 || !at_row()) return false;
  const std::string_view held = window_.text();
  std::uint64_t open = 0;          // all ones inside of quotes
  std::uint64_t behind_quote = 0;  // 1 if the byte before the block is a quote, ...
  std::uint64_t behind_cut = 1;    // ... or a delimiter or the row's beginning
  std::uint64_t odd = 0, quotes = 0;
  std::size_t from = 0;
  for (std::size_t at = 0; at < held.size(); at += 64) {
    CsvBits bits = look_at_csv(held.data() + at, style_.delimiter[0]);
    std::uint64_t inside = open;
    if (bits.quotes) inside ^= prefix_parity(bits.quotes);
    const std::uint64_t end = bits.ends & ~inside & (0 - (bits.ends & ~inside));
    const std::uint64_t row = end ? end - 1 : ~std::uint64_t{0};
    bits.delimiters &= row & ~inside;
    if (bits.ends & row) return false;
    odd |= bits.odd & row & ~bits.delimiters;  // those in quotes count
    if (bits.quotes || behind_quote) {
      bits.quotes &= row;
      const std::uint64_t after_quote = bits.quotes << 1 | behind_quote;
      const std::uint64_t after_cut = bits.delimiters << 1 | behind_cut;
      const std::uint64_t opening = bits.quotes & inside, closing = bits.quotes & ~inside;
      const std::uint64_t after_closing = closing << 1 | (behind_quote & ~open);
      if ((opening & ~(after_quote | after_cut)) |
          (after_closing & ~(bits.quotes | bits.delimiters | end)))
        return false;
      quotes |= bits.quotes;
    }
    for (std::uint64_t rest = bits.delimiters; rest; rest &= rest - 1) {
      const std::size_t to = at + static_cast<unsigned>(__builtin_ctzll(rest));
      cells_.emplace_back(held.data() + from, to - from);
      from = to + 1;
    }
    if (end) {
      const std::size_t to = at + static_cast<unsigned>(__builtin_ctzll(end));
      cells_.emplace_back(held.data() + from, to - from);
      return take_quick_row(to, quotes != 0, odd != 0);
    }
    open = inside >> 63 ? ~std::uint64_t{0} : 0;
    behind_quote = bits.quotes >> 63;
    behind_cut = bits.delimiters >> 63;
  }
  return false;
}

bool CsvReader::take_quick_row(std::size_t size, bool quoted, bool odd) {
  const std::string_view held = window_.text();
  if (size >= held.size() || size > max_record_) return false;
  const bool cr = held[size] == '\r';
  if (cr && size + 1 == held.size()) return false;
  number_ = next_number_++;
  offset_ = window_.offset();
  settle({size, cr && held[size + 1] == '\n' ? std::size_t{2} : 1});
  unplain_ = 0;
  canonical_ = true;
  if (quoted) unquote_cells(size);
  if (odd) unplain_ = ~std::uint64_t{0};
  return true;
}

/// Takes the quotes off the cells of a quick row.
void CsvReader::unquote_cells(std::size_t row_size) {
  scratch_.clear();
  scratch_.reserve(row_size);  // so that it stays in place
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    std::string_view& cell = cells_[i];
    if (cell.empty() || cell[0] != '"') continue;
    cell = cell.substr(1, cell.size() - 2);
    std::size_t quote = find_byte(cell, '"', 0);
    if (quote == cell.size()) {
      canonical_ = canonical_ && find_byte(cell, ',', 0) != cell.size();
      continue;
    }
    unplain_ |= std::uint64_t{1} << std::min<std::size_t>(i, 63);
    const std::size_t start = scratch_.size();
    std::size_t from = 0;
    for (; quote < cell.size(); quote = find_byte(cell, '"', from)) {
      scratch_.append(cell, from, quote + 1 - from);
      from = quote + 2;
    }
    scratch_.append(cell, from);
    cell = std::string_view{scratch_}.substr(start);
  }
}

CsvReader::Found CsvReader::next() {
  window_.drop(at_.size + at_.ending);
  at_ = {};
  cells_.clear();
  if (quick_row()) return Found::row;
  if (!go_to_row()) return Found::end;
  unplain_ = ~std::uint64_t{0};
  if (cut_ || line_.size > max_record_)
    return give_first_line("the line is longer than a record may be");
  const std::string_view line = window_.text().substr(0, line_.size);
  ++next_number_;
  if (split_plain(line)) {
    canonical_ = true;
    settle(line_);
    return Found::row;
  }
  bool ended = false;
  while (!split(ended)) {
    if (ended || window_.size() > max_record_)
      return give_first_line("a quote is opened that is not closed within a record");
    ended = !window_.much_more();
    if (window_.error()) return Found::end;
  }
  return Found::row;
}

/// The first line alone, though quotes bind it to the following ones.
CsvReader::Found CsvReader::give_first_line(const char* reason) {
  reason_ = reason;
  cells_.clear();
  next_number_ = number_ + 1;
  settle(line_);
  return Found::bad;
}

bool CsvReader::is_delimiter(std::string_view held, std::size_t at) const {
  return held[at] == style_.delimiter[0] &&
         (style_.delimiter.size() == 1 || held.substr(at).starts_with(style_.delimiter));
}

/// Splits a line that has no quotes; false if it has.
bool CsvReader::split_plain(std::string_view line) {
  const std::string& delimiter = style_.delimiter;
  if (find_byte(line, '"', 0) != line.size()) return false;
  for (std::size_t from = 0;;) {
    const std::size_t to = std::min(line.find(delimiter, from), line.size());
    cells_.emplace_back(line.data() + from, to - from);
    if (to == line.size()) return true;
    from = to + delimiter.size();
  }
}

/// Splits a row with quotes; false when it is not complete. `ended`: no more will come.
bool CsvReader::split(bool ended) {
  const std::string_view held = window_.text();
  cells_.clear();
  unquoted_.clear();
  scratch_.clear();
  canonical_ = true;
  std::size_t at = 0;
  Cell cell = Cell::more;
  while (cell == Cell::more) cell = read_cell(held, at, ended);
  if (cell == Cell::open && !(ended && line_.size + line_.ending == held.size())) return false;
  for (const Unquoted& part : unquoted_)
    cells_[part.cell] = std::string_view{scratch_}.substr(part.from, part.size);
  if (cell == Cell::open) {
    canonical_ = false;
    settle(line_);
    return true;
  }
  const std::size_t crlf = held.substr(at).starts_with("\r\n") ? 2 : at < held.size() ? 1 : 0;
  if (at > line_.size) {
    const std::string_view row = held.substr(0, at);
    next_number_ += static_cast<std::uint64_t>(std::count(row.begin(), row.end(), '\n'));
  }
  settle({at, crlf});
  return at <= max_record_;
}

CsvReader::Cell CsvReader::read_cell(std::string_view held, std::size_t& at, bool ended) {
  if (at < held.size() && held[at] == '"') return read_quoted(held, at, ended);
  const std::size_t from = at;
  const Cell out = read_plain(held, at, ended);
  const std::size_t to = out == Cell::more ? at - style_.delimiter.size() : at;
  cells_.push_back(held.substr(from, to - from));
  canonical_ = canonical_ && cells_.back().find('"') == held.npos;
  return out;
}

/// Goes behind the delimiter that ends the cell, or to the end of the row.
CsvReader::Cell CsvReader::read_plain(std::string_view held, std::size_t& at, bool ended) {
  if (at <= line_.size && style_.delimiter.size() == 1) {
    at = find_byte(held.substr(0, line_.size), style_.delimiter[0], at);
    if (at == line_.size) return Cell::last;
    ++at;
    return Cell::more;
  }
  for (; at < held.size(); ++at) {
    const char c = held[at];
    if (c == '\n') return Cell::last;
    if (c == '\r') return at + 1 == held.size() && !ended ? Cell::open : Cell::last;
    if (c == style_.delimiter[0] && is_delimiter(held, at)) {
      at += style_.delimiter.size();
      return Cell::more;
    }
  }
  return ended ? Cell::last : Cell::open;
}

void CsvReader::keep_scratch(std::size_t from) {
  unquoted_.push_back({cells_.size(), from, scratch_.size() - from});
  cells_.emplace_back();
}

CsvReader::Cell CsvReader::read_quoted(std::string_view held, std::size_t& at, bool ended) {
  const std::size_t start = scratch_.size();
  std::size_t from = ++at;
  for (;;) {
    at = find_byte(held, '"', from);
    if (at + 1 >= held.size() && !ended) return Cell::open;
    if (at + 1 >= held.size() || held[at + 1] != '"') break;
    scratch_.append(held, from, at + 1 - from);
    from = at + 2;
  }
  const std::string_view rest = held.substr(from, at - from);
  const bool closed = at < held.size();
  if (closed) ++at;
  const std::size_t tail = at;
  const Cell out = closed ? read_plain(held, at, ended) : Cell::open;
  const std::size_t end = out == Cell::more ? at - style_.delimiter.size() : at;
  const bool doubled = scratch_.size() != start;
  canonical_ = canonical_ && end == tail && (doubled || needs_quotes(rest));
  if (!doubled && end == tail) {
    cells_.push_back(rest);
  } else {
    scratch_.append(rest);
    scratch_.append(held, tail, end - tail);
    keep_scratch(start);
  }
  return out;
}

void append_csv_row(std::string& out, std::span<const std::string_view> cells,
                    std::string_view ending) {
  if (cells.size() == 1 && cells[0].empty()) out += "\"\"";
  bool first = true;
  for (const std::string_view cell : cells) {
    if (!first) out += ',';
    first = false;
    if (needs_quotes(cell))
      append_quoted(out, cell);
    else
      out.append(cell);
  }
  out += ending;
}

}  // namespace intelmq
