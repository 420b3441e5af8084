// SPDX-License-Identifier: Apache-2.0
#include "data/mmdb.hpp"

#include <maxminddb.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace intelmq {
namespace {

constexpr unsigned table_bits = 16;
constexpr unsigned group_bits = 4;  // as many bits of the table are filled in at once
constexpr std::size_t table_size = std::size_t{1} << table_bits;
constexpr unsigned prefetched_lines = 6;
constexpr unsigned separator = 16;          // zero bytes between tree and data
constexpr unsigned marker_size = 14;        // "\xab\xcd\xefMaxMind.com" behind the data
constexpr unsigned maximum_values = 65536;  // per look-up in a record; real ones hold a few hundred

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

std::uint64_t big_endian_8(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

// The step from a node to one of its two records. A node is 6, 7 or 8 bytes; what is read beyond
// the last node lies in the separator.
template <unsigned record_size>
struct Step {
  const std::uint8_t* tree;

  std::uint32_t operator()(std::uint32_t node, bool right) const {
    const std::uint64_t word = big_endian_8(tree + std::uint64_t{node} * (record_size / 4));
    if constexpr (record_size == 24)
      return static_cast<std::uint32_t>(word >> (right ? 16 : 40)) & 0xffffffu;
    if constexpr (record_size == 32) return static_cast<std::uint32_t>(word >> (right ? 0 : 32));
    const auto left = static_cast<std::uint32_t>(word >> 40 | (word >> 12 & 0xf000000u));
    return right ? static_cast<std::uint32_t>(word >> 8) & 0xfffffffu : left;
  }
};

std::uint32_t bits_of(const IpAddress& address) {  // the first 32
  return static_cast<std::uint32_t>(big_endian_8(address.bytes.data()) >> 32);
}

std::string reason(int status, int error_number) {
  if (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR) {
    return std::string(std::strerror(error_number)) + "; check the path and its permissions";
  }
  return std::string(MMDB_strerror(status)) +
         "; it is no intact MaxMind DB (.mmdb) file, fetch it again";
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> finite(std::optional<double> number) {
  if (number && !std::isfinite(*number)) return std::nullopt;
  return number;
}

std::optional<double> shortest(float number) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return parse_number<double>({text.data(), static_cast<std::size_t>(end - text.data())});
}

}  // namespace

struct Mmdb::Value {
  unsigned type = 0;
  std::uint32_t size = 0;     // bytes; entries of a map or array; the value of a boolean
  std::uint64_t content = 0;  // offset of the first byte after the header
  std::uint64_t next = 0;     // offset after the value; of a map or array: its first entry
  std::uint64_t pointer = 0;  // target of a pointer
};

MmdbNames::MmdbNames(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) names_[count_++] = name;
}

unsigned MmdbNames::number(std::string_view name) const {
  for (unsigned i = 0; i < count_; ++i)
    if (names_[i] == name) return i;
  return most;
}

void Mmdb::Close::operator()(MMDB_s* file) const {
  MMDB_close(file);
  delete file;
}

Result<Mmdb> Mmdb::open(const std::string& path) {
  auto raw = std::make_unique<MMDB_s>();
  const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, raw.get());
  if (status != MMDB_SUCCESS) {
    return fail("database '" + path + "' cannot be opened: " + reason(status, errno));
  }
  Mmdb db;
  db.file_.reset(raw.release());
  const MMDB_s& file = *db.file_;
  const auto& meta = file.metadata;
  db.metadata_ = {meta.database_type, meta.build_epoch, meta.ip_version, meta.record_size,
                  meta.node_count};
  const std::uint64_t tree_size = std::uint64_t{meta.node_count} * (meta.record_size / 4);
  const auto file_size = static_cast<std::uint64_t>(file.file_size);
  if (tree_size + separator > file_size) {
    return fail("database '" + path + "' is shorter than its search tree; fetch it again");
  }
  db.tree_ = file.file_content;
  db.data_ = db.tree_ + tree_size + separator;
  // The marker that stands between data and metadata, and those, may be read, but are no data.
  const std::uint8_t* const data_end = file.metadata_section - marker_size;
  db.data_size_ = data_end > db.data_ ? static_cast<std::uint64_t>(data_end - db.data_) : 0;
  db.ipv4_start_ = meta.ip_version == 6 ? file.ipv4_start_node.node_value : 0;
  db.first_bits_.reset(
      static_cast<std::uint32_t*>(std::calloc(2 * table_size, sizeof(std::uint32_t))));
  if (!db.first_bits_) return fail("database '" + path + "' cannot be opened: out of memory");
  return db;
}

// What `walk(step)` gives, with the step that fits the database.
template <class Walk>
auto Mmdb::with_step(Walk&& walk) const {
  switch (metadata_.record_size) {
    case 24: return walk(Step<24>{tree_});
    case 28: return walk(Step<28>{tree_});
    default: return walk(Step<32>{tree_});
  }
}

// Follows the bits of the address from bit `from` up to bit `bit` (exclusive) or a leaf; `bit`
// becomes the bit reached.
std::uint32_t Mmdb::walk(std::uint32_t node, const IpAddress& address, unsigned from,
                         unsigned& bit) const {
  return with_step([&](const auto& step) {
    unsigned at = from;
    for (; at < bit && node < metadata_.node_count; ++at)
      node = step(node, (address.bytes[at / 8] >> (7 - at % 8) & 1) != 0);
    bit = at;
    return node;
  });
}

// The record after the first bits. Entries of the table are filled when first asked for; 0, the
// root, is never a valid child and means empty.
std::uint32_t Mmdb::after_first_bits(const IpAddress& address) const {
  const std::size_t at = (address.v6 ? table_size : 0) + (bits_of(address) >> (32 - table_bits));
  const std::atomic_ref<std::uint32_t> entry(first_bits_[at]);
  const std::uint32_t record = entry.load(std::memory_order_relaxed);
  if (record != 0) [[likely]]
    return record;
  fill_first_bits(address, at >> group_bits << group_bits);
  return entry.load(std::memory_order_relaxed);
}

// Fills the entries whose numbers differ in their last bits alone: all of them take little more
// than one, for these nodes lie close together.
void Mmdb::fill_first_bits(const IpAddress& address, std::size_t group) const {
  std::array<std::uint32_t, std::size_t{1} << group_bits> records;
  unsigned bit = table_bits - group_bits;
  records[0] = walk(address.v6 ? 0 : ipv4_start_, address, 0, bit);
  with_step([&](const auto& step) {
    for (std::size_t count = 1; count < records.size(); count *= 2) {
      for (std::size_t i = count; i-- > 0;) {
        const std::uint32_t node = records[i];
        const bool is_leaf = node >= metadata_.node_count;
        records[2 * i] = is_leaf ? node : step(node, false);
        records[2 * i + 1] = is_leaf ? node : step(node, true);
      }
    }
  });
  for (std::size_t i = 0; i < records.size(); ++i) {
    std::atomic_ref(first_bits_[group + i]).store(records[i], std::memory_order_relaxed);
  }
}

// Starts to load the nodes below this one: mostly they follow it closely.
void Mmdb::prefetch_nodes(std::uint32_t node) const {
  if (node >= metadata_.node_count) return;
  const std::uint8_t* const first = tree_ + std::uint64_t{node} * (metadata_.record_size / 4);
  for (unsigned line = 0; line < prefetched_lines; ++line) __builtin_prefetch(first + 64 * line);
}

std::uint32_t Mmdb::find_record(const IpAddress& address) const {
  if (address.v6 && metadata_.ip_version == 4) return metadata_.node_count;
  unsigned bit = address.v6 ? 128 : 32;
  return walk(after_first_bits(address), address, table_bits, bit);
}

std::array<std::uint32_t, 2> Mmdb::find(const IpAddress& first, const IpAddress& second) const {
  if (first.v6 || second.v6) return {offset_of(find_record(first)), offset_of(find_record(second))};
  std::uint32_t one = after_first_bits(first), other = after_first_bits(second);
  prefetch_nodes(one);
  prefetch_nodes(other);
  with_step([&](const auto& step) {
    const std::uint32_t count = metadata_.node_count;
    std::uint32_t one_bits = bits_of(first) << table_bits;
    std::uint32_t other_bits = bits_of(second) << table_bits;
    for (unsigned left = 32 - table_bits; left > 0 && (one < count || other < count); --left) {
      // Who has arrived steps on the spot, from behind the last node: that is no branch to guess.
      const std::uint32_t next = step(std::min(one, count), one_bits >> 31 != 0);
      const std::uint32_t other_next = step(std::min(other, count), other_bits >> 31 != 0);
      one = one < count ? next : one;
      other = other < count ? other_next : other;
      one_bits <<= 1;
      other_bits <<= 1;
    }
  });
  return {offset_of(one), offset_of(other)};
}

std::optional<std::uint32_t> Mmdb::find(const IpAddress& address, unsigned* prefix_length) const {
  const auto found = [this](std::uint32_t record) {
    const std::uint32_t offset = offset_of(record);
    return offset == nowhere ? std::nullopt : std::optional{offset};
  };
  if (prefix_length == nullptr) return found(find_record(address));
  unsigned bit = address.v6 ? 128 : 32;
  if (address.v6 && metadata_.ip_version == 4) bit = 0;
  const std::uint32_t start = address.v6 ? 0 : ipv4_start_;
  const std::uint32_t record = walk(start, address, 0, bit);
  *prefix_length = bit;
  return found(record);
}

std::uint32_t Mmdb::offset_of(std::uint32_t record) const {
  const std::uint64_t first = std::uint64_t{metadata_.node_count} + separator;
  if (record < first || record - first >= data_size_) return nowhere;
  return static_cast<std::uint32_t>(record - first);
}

// Records are decoded here, not by libmaxminddb: it recurses as deep as the file tells it to.
// A header has up to eight bytes, and as many may be read from any offset within the data.
bool Mmdb::decode(std::uint64_t offset, Value& value) const {
  if (offset >= data_size_) return false;
  const std::uint64_t word = big_endian_8(data_ + offset);
  const auto control = static_cast<unsigned>(word >> 56);
  value.type = control >> 5;
  if (value.type == MMDB_DATA_TYPE_POINTER) {
    constexpr std::array<std::uint32_t, 4> base{0, 2048, 526336, 0};
    const unsigned extra = control >> 3 & 3;
    const std::uint64_t high = extra == 3 ? 0 : control & 7;
    const std::uint64_t low = word << 8 >> (56 - 8 * extra);
    value.pointer = base[extra] + (high << (8 * (extra + 1))) + low;
    value.next = offset + extra + 2;
    return value.next <= data_size_;
  }
  unsigned head = 1;
  if (value.type == MMDB_DATA_TYPE_EXTENDED) {
    value.type = 7u + (word >> 48 & 0xff);
    head = 2;
  }
  value.size = control & 31;
  if (value.size > 28) {
    constexpr std::array<std::uint32_t, 3> base{29, 285, 65821};
    const unsigned extra = value.size - 28;
    value.size = base[extra - 1] + static_cast<std::uint32_t>(word << 8 * head >> (64 - 8 * extra));
    head += extra;
  }
  value.content = value.next = offset + head;
  const bool has_bytes = value.type != MMDB_DATA_TYPE_MAP && value.type != MMDB_DATA_TYPE_ARRAY &&
                         value.type != MMDB_DATA_TYPE_BOOLEAN;
  if (has_bytes) value.next += value.size;
  return value.next <= data_size_;
}

bool Mmdb::decode_target(std::uint64_t offset, Value& value) const {
  if (!decode(offset, value)) return false;
  if (value.type != MMDB_DATA_TYPE_POINTER) return true;
  return decode(value.pointer, value) && value.type != MMDB_DATA_TYPE_POINTER;
}

bool Mmdb::skip(std::uint64_t& offset, unsigned& budget) const {
  Value value;
  for (std::uint64_t left = 1; left > 0; --left) {
    if (budget-- == 0 || offset >= data_size_) return false;
    const unsigned control = data_[offset];
    const unsigned type = control >> 5;
    const unsigned size = control & 31;
    if (type == MMDB_DATA_TYPE_POINTER) {
      offset += 2 + (size >> 3);
    } else if (type == MMDB_DATA_TYPE_MAP && size < 29) {
      offset += 1;
      left += 2 * size;
    } else if (type != MMDB_DATA_TYPE_EXTENDED && size < 29) {
      offset += 1 + size;
    } else {
      if (!decode(offset, value)) return false;
      offset = value.next;
      if (value.type == MMDB_DATA_TYPE_MAP) left += 2 * std::uint64_t{value.size};
      if (value.type == MMDB_DATA_TYPE_ARRAY) left += value.size;
    }
  }
  return true;
}

bool Mmdb::key_at(std::uint64_t& offset, std::string_view& key, unsigned& budget) const {
  Value name;
  if (!decode_target(offset, name) || name.type != MMDB_DATA_TYPE_UTF8_STRING) return false;
  key = {reinterpret_cast<const char*>(data_ + name.content), name.size};
  return skip(offset, budget);
}

bool Mmdb::enter(Value& value, std::string_view key, unsigned& budget) const {
  if (value.type != MMDB_DATA_TYPE_MAP) return false;
  std::uint64_t offset = value.next;
  std::string_view name;
  for (std::uint32_t left = value.size; left > 0; --left) {
    if (!key_at(offset, name, budget)) return false;
    if (name == key) return decode_target(offset, value);
    if (!skip(offset, budget)) return false;
  }
  return false;
}

// Goes behind the name at `offset` and tells its number.
bool Mmdb::name_at(std::uint64_t& offset, MmdbNames& names, unsigned& number) const {
  Value name;
  if (!decode(offset, name)) return false;
  offset = name.next;
  MmdbNames::Seen* seen = nullptr;
  if (name.type == MMDB_DATA_TYPE_POINTER) {
    const auto pointer = static_cast<std::uint32_t>(name.pointer);
    seen = &names.seen_at(pointer);
    number = seen->number;
    if (seen->offset == pointer && number <= MmdbNames::most) return true;
    if (!decode(name.pointer, name)) return false;
    seen->offset = pointer;
  }
  if (name.type != MMDB_DATA_TYPE_UTF8_STRING) {
    if (seen != nullptr) seen->number = MmdbNames::most + 1;
    return false;
  }
  number = names.number({reinterpret_cast<const char*>(data_ + name.content), name.size});
  if (seen != nullptr) seen->number = number;
  return true;
}

// Calls `visit(number, offset of the value)` for the members of a map until it has seen enough.
template <class Visit>
void Mmdb::each_member(std::uint32_t offset, MmdbNames& names, Visit&& visit) const {
  Value map;
  if (!decode_target(offset, map) || map.type != MMDB_DATA_TYPE_MAP) return;
  unsigned budget = maximum_values;
  std::uint64_t at = map.next;
  unsigned number = 0;
  for (std::uint32_t left = map.size; left > 0; --left) {
    if (budget-- == 0 || !name_at(at, names, number) || at >= data_size_) return;
    if (visit(number, static_cast<std::uint32_t>(at)) || left == 1) return;
    if (!skip(at, budget)) return;
  }
}

Mmdb::Members Mmdb::members(std::uint32_t offset, MmdbNames& names) const {
  Members found;
  found.fill(nowhere);
  each_member(offset, names, [&](unsigned number, std::uint32_t at) {
    if (number < MmdbNames::most) found[number] = at;
    return false;
  });
  return found;
}

std::uint32_t Mmdb::member(std::uint32_t offset, MmdbNames& names, unsigned name) const {
  std::uint32_t found = nowhere;
  each_member(offset, names, [&](unsigned number, std::uint32_t at) {
    if (number == name) found = at;
    return number == name;
  });
  return found;
}

std::uint32_t Mmdb::target(std::uint32_t offset) const {
  Value value;
  if (!decode(offset, value)) return nowhere;
  return value.type == MMDB_DATA_TYPE_POINTER ? static_cast<std::uint32_t>(value.pointer) : offset;
}

bool Mmdb::locate(std::uint32_t offset, Path path, Value& value) const {
  unsigned budget = maximum_values;
  if (!decode_target(offset, value)) return false;
  for (const std::string_view key : path) {
    if (!enter(value, key, budget)) return false;
  }
  return true;
}

std::optional<std::string_view> Mmdb::text(std::uint32_t offset, Path path) const {
  Value value;
  if (!locate(offset, path, value) || value.type != MMDB_DATA_TYPE_UTF8_STRING) {
    return std::nullopt;
  }
  return std::string_view(reinterpret_cast<const char*>(data_ + value.content), value.size);
}

std::optional<double> Mmdb::number(std::uint32_t offset, Path path) const {
  Value value;
  if (!locate(offset, path, value)) return std::nullopt;
  const std::uint8_t* const bytes = data_ + value.content;
  if (value.type == MMDB_DATA_TYPE_DOUBLE && value.size == 8) {
    return finite(std::bit_cast<double>(big_endian(bytes, 8)));
  }
  if (value.type == MMDB_DATA_TYPE_FLOAT && value.size == 4) {
    return finite(shortest(std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(bytes, 4)))));
  }
  if (value.type == MMDB_DATA_TYPE_UTF8_STRING) {
    return finite(parse_number<double>({reinterpret_cast<const char*>(bytes), value.size}));
  }
  if (const auto whole = integer(offset, path)) return static_cast<double>(*whole);
  return std::nullopt;
}

std::optional<std::int64_t> Mmdb::integer(std::uint32_t offset, Path path) const {
  Value value;
  if (!locate(offset, path, value)) return std::nullopt;
  const std::uint8_t* const bytes = data_ + value.content;
  if (value.type == MMDB_DATA_TYPE_UTF8_STRING) {
    return parse_number<std::int64_t>({reinterpret_cast<const char*>(bytes), value.size});
  }
  const bool is_unsigned = (value.type == MMDB_DATA_TYPE_UINT16 && value.size <= 2) ||
                           (value.type == MMDB_DATA_TYPE_UINT32 && value.size <= 4) ||
                           (value.type == MMDB_DATA_TYPE_UINT64 && value.size <= 8);
  const std::uint64_t whole = value.size <= 8 ? big_endian(bytes, value.size) : 0;
  if (is_unsigned && whole <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return static_cast<std::int64_t>(whole);
  }
  if (value.type == MMDB_DATA_TYPE_INT32 && value.size <= 4) {
    return static_cast<std::int32_t>(whole);
  }
  return std::nullopt;
}

}  // namespace intelmq
