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

/// The names that a program looks for in the maps of one database, by their order here. Databases
/// store a name once and point to it from everywhere else: where names were seen is remembered, so
/// that they seldom need to be read.
class MmdbNames {
 public:
  static constexpr unsigned most = 10;  ///< Also the number of a name that is none of these.

  explicit MmdbNames(std::initializer_list<std::string_view> names);
  unsigned number(std::string_view name) const;

 private:
  friend class Mmdb;
  struct Seen {
    std::uint32_t offset = 0;
    std::uint32_t number = most + 1;  // more than `most`: nothing was seen yet
  };
  Seen& seen_at(std::uint32_t offset) { return seen_[offset * 2654435769u >> 25]; }

  std::array<std::string_view, most> names_;
  unsigned count_ = 0;
  std::array<Seen, 128> seen_;
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
  /// An offset with nothing to read.
  static constexpr std::uint32_t nowhere = 0xffffffffu;

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

  /// The same for two addresses at once, `nowhere` for what the database does not hold: quicker
  /// than one after the other, for each step of a search waits for memory.
  std::array<std::uint32_t, 2> find(const IpAddress& first, const IpAddress& second) const;

  /// Text at `path`, as stored (UTF-8 is not verified); it lives as long as the mapping.
  std::optional<std::string_view> text(std::uint32_t offset, Path path) const;

  /// Finite number at `path`: double, float (its shortest decimal form), integer, or text that is a
  /// number.
  std::optional<double> number(std::uint32_t offset, Path path) const;

  /// Integer at `path`, or text that is one; nothing if it does not fit.
  std::optional<std::int64_t> integer(std::uint32_t offset, Path path) const;

  /// Where the values of the named members of the map at `offset` are, found in one pass: of each
  /// of `names` by its number, `nowhere` if it is missing. The offsets serve as `offset` of the
  /// functions above, with an empty path for the value itself.
  using Members = std::array<std::uint32_t, MmdbNames::most>;
  Members members(std::uint32_t offset, MmdbNames& names) const;
  /// The same for the first member called `name` alone.
  std::uint32_t member(std::uint32_t offset, MmdbNames& names, unsigned name) const;

  /// Starts to load the value at `offset`.
  void prefetch(std::uint32_t offset) const {
    if (offset < data_size_) __builtin_prefetch(data_ + offset);
  }

  /// Where the value at `offset` really is, if that is but a pointer.
  std::uint32_t target(std::uint32_t offset) const;

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
  template <class Walk>
  auto with_step(Walk&& walk) const;
  std::uint32_t walk(std::uint32_t node, const IpAddress& address, unsigned from,
                     unsigned& bit) const;
  std::uint32_t after_first_bits(const IpAddress& address) const;
  void fill_first_bits(const IpAddress& address, std::size_t group) const;
  void prefetch_nodes(std::uint32_t node) const;
  std::uint32_t find_record(const IpAddress& address) const;
  std::uint32_t offset_of(std::uint32_t record) const;
  bool decode(std::uint64_t offset, Value& value) const;
  bool decode_target(std::uint64_t offset, Value& value) const;
  bool skip(std::uint64_t& offset, unsigned& budget) const;
  bool key_at(std::uint64_t& offset, std::string_view& key, unsigned& budget) const;
  bool name_at(std::uint64_t& offset, MmdbNames& names, unsigned& number) const;
  template <class Visit>
  void each_member(std::uint32_t offset, MmdbNames& names, Visit&& visit) const;
  bool enter(Value& value, std::string_view key, unsigned& budget) const;
  bool locate(std::uint32_t offset, Path path, Value& value) const;

  std::unique_ptr<MMDB_s, Close> file_;
  std::unique_ptr<std::uint32_t[], Free> first_bits_;  // record after 16 bits; IPv4, then IPv6
  const std::uint8_t* tree_ = nullptr;
  const std::uint8_t* data_ = nullptr;
  std::uint64_t data_size_ = 0;
  std::uint32_t ipv4_start_ = 0;
  MmdbMetadata metadata_;
};

}  // namespace intelmq
