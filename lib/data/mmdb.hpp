// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "type/ip.hpp"

struct MMDB_s;

namespace intelmq {

/// What a database says about itself.
struct MmdbMetadata {
  std::string database_type;      ///< For example "GeoLite2-City".
  std::uint64_t build_epoch = 0;  ///< Seconds since 1970-01-01 UTC.
  unsigned ip_version = 0;        ///< 4 or 6; a database of version 6 also holds IPv4.
  unsigned record_size = 0;       ///< Bits: 24, 28 or 32.
  std::uint32_t node_count = 0;
};

/// A MaxMind database (MMDB 2.0) mapped into memory.
///
/// Every read is checked against the size of the mapping at open and its cost is bounded, so that
/// a damaged database yields wrong or no answers, but never a crash or an endless loop. The mapping
/// follows the file: replace a database by rename, never write into it. To reload, open again and
/// move the new object over the old one; views, offsets and caches of the old one are void then. A
/// moved-from object may only be assigned or destroyed. Const members may be called from several
/// threads at once.
class Mmdb {
 public:
  /// Keys from the top of a record down to a value, for example {"city", "names", "en"}.
  using Path = std::initializer_list<std::string_view>;

  /// Fails if the file cannot be read or is no MMDB 2.0 database.
  static Result<Mmdb> open(const std::string& path);

  /// Where the record of the longest network containing `address` is (offset into the data
  /// section); nothing if the database does not hold the address. `prefix_length`, when given, is
  /// set in both cases to the length of the network the answer holds for (0-32 for IPv4, 0-128 for
  /// IPv6).
  std::optional<std::uint32_t> find(const IpAddress& address,
                                    unsigned* prefix_length = nullptr) const;

  /// Text at `path`, as stored (UTF-8 is not verified); it lives as long as the mapping.
  std::optional<std::string_view> text(std::uint32_t offset, Path path) const;

  /// Finite number at `path`: double, float (its shortest decimal form), integer, or text that is a
  /// number.
  std::optional<double> number(std::uint32_t offset, Path path) const;

  /// Integer at `path`, or text that is one; nothing if it does not fit.
  std::optional<std::int64_t> integer(std::uint32_t offset, Path path) const;

  /// Offsets of the values of `keys` in the map at `offset`, found in one pass; for reading several
  /// values of one record. What is missing is empty. The offsets serve as `offset` of the functions
  /// above, with an empty path for the value itself.
  template <std::size_t N>
  std::array<std::optional<std::uint32_t>, N> members(
      std::uint32_t offset, const std::array<std::string_view, N>& keys) const {
    std::array<std::optional<std::uint32_t>, N> found;
    find_members(offset, keys.data(), found.data(), N);
    return found;
  }

  const MmdbMetadata& metadata() const { return metadata_; }

 private:
  struct Close {
    void operator()(MMDB_s* file) const;
  };
  struct Free {
    void operator()(std::uint32_t* memory) const { std::free(memory); }
  };
  struct Value;

  Mmdb() = default;
  std::uint32_t child(std::uint32_t node, bool right) const;
  std::uint32_t walk(std::uint32_t node, const IpAddress& address, unsigned from,
                     unsigned& bit) const;
  std::uint32_t walk_with_table(const IpAddress& address) const;
  std::optional<std::uint32_t> offset_of(std::uint32_t record) const;
  bool decode(std::uint64_t offset, Value& value) const;
  bool decode_target(std::uint64_t offset, Value& value) const;
  bool skip(std::uint64_t& offset, unsigned& budget) const;
  bool key_at(std::uint64_t& offset, std::string_view& key, unsigned& budget) const;
  bool enter(Value& value, std::string_view key, unsigned& budget) const;
  void find_members(std::uint32_t offset, const std::string_view* keys,
                    std::optional<std::uint32_t>* found, std::size_t count) const;
  bool locate(std::uint32_t offset, Path path, Value& value) const;

  std::unique_ptr<MMDB_s, Close> file_;
  std::unique_ptr<std::uint32_t[], Free> first_bits_;  // record after 16 bits; IPv4, then IPv6
  const std::uint8_t* tree_ = nullptr;
  const std::uint8_t* data_ = nullptr;
  std::uint64_t data_size_ = 0;
  std::uint32_t ipv4_start_ = 0;
  MmdbMetadata metadata_;
};

/// Keeps one T per record offset of one database: direct mapped, a newer record evicts the one in
/// its slot. Memory is taken 64 slots at a time when a slot of the group is first filled. T is
/// default constructible.
template <class T>
class RecordCache {
 public:
  /// `slots` is rounded up to a power of two, at least 64.
  explicit RecordCache(std::size_t slots = 16384) {
    while ((std::size_t{kGroup} << bits_) < slots && bits_ < 24) ++bits_;
    groups_.resize(std::size_t{1} << bits_);
  }

  /// The value kept for `offset`, made with `make(offset)` if there is none. Valid until the next
  /// call.
  template <class Make>
  const T& get(std::uint32_t offset, Make&& make) {
    const std::uint32_t hash = offset * 2654435769u;
    auto& group = groups_[bits_ == 0 ? 0 : hash >> (32 - bits_)];
    if (!group) group = std::make_unique<Group>();
    Slot& slot = (*group)[(hash >> (32 - bits_ - kGroupBits)) % kGroup];
    if (!slot.used || slot.offset != offset) {
      slot.value = std::forward<Make>(make)(offset);
      slot.offset = offset;
      slot.used = true;
    }
    return slot.value;
  }

  /// Forgets everything: call it when the database is exchanged.
  void clear() {
    for (auto& group : groups_) group.reset();
  }

 private:
  static constexpr unsigned kGroupBits = 6;
  static constexpr unsigned kGroup = 1u << kGroupBits;
  struct Slot {
    std::uint32_t offset = 0;
    bool used = false;
    T value{};
  };
  using Group = std::array<Slot, kGroup>;

  unsigned bits_ = 0;
  std::vector<std::unique_ptr<Group>> groups_;
};

}  // namespace intelmq
