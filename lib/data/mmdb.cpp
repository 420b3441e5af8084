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

constexpr unsigned kTableBits = 16;
constexpr std::size_t kTableSize = std::size_t{1} << kTableBits;
constexpr unsigned kSeparator = 16;         // zero bytes between tree and data
constexpr unsigned kMaximumValues = 65536;  // per look-up in a record; real ones hold a few hundred

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
  if (tree_size + kSeparator > file_size) {
    return fail("database '" + path + "' is shorter than its search tree; fetch it again");
  }
  db.tree_ = file.file_content;
  db.data_ = db.tree_ + tree_size + kSeparator;
  db.data_size_ = file_size - tree_size - kSeparator;
  db.ipv4_start_ = meta.ip_version == 6 ? file.ipv4_start_node.node_value : 0;
  db.first_bits_.reset(
      static_cast<std::uint32_t*>(std::calloc(2 * kTableSize, sizeof(std::uint32_t))));
  if (!db.first_bits_) return fail("database '" + path + "' cannot be opened: out of memory");
  return db;
}

// A node is 6, 7 or 8 bytes; what is read beyond the last node lies in the separator.
std::uint32_t Mmdb::child(std::uint32_t node, bool right) const {
  const unsigned size = metadata_.record_size;
  const std::uint64_t word = big_endian_8(tree_ + std::uint64_t{node} * (size / 4));
  if (size == 24) return static_cast<std::uint32_t>(word >> (right ? 16 : 40)) & 0xffffffu;
  if (size == 32) return static_cast<std::uint32_t>(word >> (right ? 0 : 32));
  if (right) return static_cast<std::uint32_t>(word >> 8) & 0xfffffffu;
  return static_cast<std::uint32_t>(word >> 40 | (word >> 12 & 0xf000000u));
}

// Follows the bits of the address from bit `from` up to bit `bit` (exclusive) or a leaf; `bit`
// becomes the bit reached.
std::uint32_t Mmdb::walk(std::uint32_t node, const IpAddress& address, unsigned from,
                         unsigned& bit) const {
  unsigned at = from;
  for (; at < bit && node < metadata_.node_count; ++at) {
    node = child(node, (address.bytes[at / 8] >> (7 - at % 8) & 1) != 0);
  }
  bit = at;
  return node;
}

// Each entry of the table is filled when first asked for; 0, the root, is never a valid child and
// means empty.
std::uint32_t Mmdb::walk_with_table(const IpAddress& address) const {
  const std::size_t first = std::size_t{address.bytes[0]} << 8 | address.bytes[1];
  const std::atomic_ref<std::uint32_t> entry(first_bits_[(address.v6 ? kTableSize : 0) + first]);
  std::uint32_t record = entry.load(std::memory_order_relaxed);
  if (record == 0) {
    unsigned bit = kTableBits;
    record = walk(address.v6 ? 0 : ipv4_start_, address, 0, bit);
    entry.store(record, std::memory_order_relaxed);
  }
  unsigned bit = address.v6 ? 128 : 32;
  return walk(record, address, kTableBits, bit);
}

std::optional<std::uint32_t> Mmdb::find(const IpAddress& address, unsigned* prefix_length) const {
  if (address.v6 && metadata_.ip_version == 4) {
    if (prefix_length != nullptr) *prefix_length = 0;
    return std::nullopt;
  }
  if (prefix_length == nullptr) return offset_of(walk_with_table(address));
  unsigned bit = address.v6 ? 128 : 32;
  const std::uint32_t record = walk(address.v6 ? 0 : ipv4_start_, address, 0, bit);
  *prefix_length = bit;
  return offset_of(record);
}

std::optional<std::uint32_t> Mmdb::offset_of(std::uint32_t record) const {
  const std::uint64_t first = std::uint64_t{metadata_.node_count} + kSeparator;
  if (record < first || record - first >= data_size_) return std::nullopt;
  return static_cast<std::uint32_t>(record - first);
}

// Records are decoded here, not by libmaxminddb: it recurses as deep as the file tells it to.
bool Mmdb::decode(std::uint64_t offset, Value& value) const {
  const auto has = [&](std::uint64_t count) {
    return offset <= data_size_ && count <= data_size_ - offset;
  };
  if (!has(1)) return false;
  const unsigned control = data_[offset++];
  value.type = control >> 5;
  if (value.type == MMDB_DATA_TYPE_EXTENDED) {
    if (!has(1)) return false;
    value.type = 7u + data_[offset++];
  }
  if (value.type == MMDB_DATA_TYPE_POINTER) {
    constexpr std::array<std::uint32_t, 4> base{0, 2048, 526336, 0};
    const unsigned extra = control >> 3 & 3;
    if (!has(extra + 1)) return false;
    const std::uint64_t high = extra == 3 ? 0 : control & 7;
    value.pointer =
        base[extra] + (high << (8 * (extra + 1))) + big_endian(data_ + offset, extra + 1);
    value.next = offset + extra + 1;
    return true;
  }
  value.size = control & 31;
  if (value.size > 28) {
    constexpr std::array<std::uint32_t, 3> base{29, 285, 65821};
    const unsigned extra = value.size - 28;
    if (!has(extra)) return false;
    value.size = base[extra - 1] + static_cast<std::uint32_t>(big_endian(data_ + offset, extra));
    offset += extra;
  }
  value.content = value.next = offset;
  if (value.type == MMDB_DATA_TYPE_MAP || value.type == MMDB_DATA_TYPE_ARRAY ||
      value.type == MMDB_DATA_TYPE_BOOLEAN) {
    return true;
  }
  value.next += value.size;
  return has(value.size);
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

void Mmdb::find_members(std::uint32_t offset, const std::string_view* keys,
                        std::optional<std::uint32_t>* found, std::size_t count) const {
  Value map;
  if (!decode_target(offset, map) || map.type != MMDB_DATA_TYPE_MAP) return;
  unsigned budget = kMaximumValues;
  std::uint64_t at = map.next;
  std::string_view name;
  for (std::uint32_t left = map.size; left > 0; --left) {
    if (!key_at(at, name, budget) || at >= data_size_) return;
    const std::string_view* const key = std::find(keys, keys + count, name);
    if (key != keys + count) found[key - keys] = static_cast<std::uint32_t>(at);
    if (left > 1 && !skip(at, budget)) return;
  }
}

bool Mmdb::locate(std::uint32_t offset, Path path, Value& value) const {
  unsigned budget = kMaximumValues;
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
