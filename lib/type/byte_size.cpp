// SPDX-License-Identifier: Apache-2.0
#include "type/byte_size.hpp"

#include <limits>

#include "type/quantity.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t kib = 1024;

constexpr Unit read_units[] = {{"b", 1},
                               {"k", kib},
                               {"kib", kib},
                               {"kb", 1000},
                               {"m", kib* kib},
                               {"mib", kib* kib},
                               {"mb", 1'000'000},
                               {"g", kib* kib* kib},
                               {"gib", kib* kib* kib},
                               {"gb", 1'000'000'000},
                               {"t", kib* kib* kib* kib},
                               {"tib", kib* kib* kib* kib},
                               {"tb", 1'000'000'000'000}};

constexpr Unit written_units[] = {
    {"TiB", kib* kib* kib* kib}, {"GiB", kib* kib* kib}, {"MiB", kib* kib}, {"KiB", kib}, {"", 1}};

}  // namespace

std::string ByteSize::text() const {
  return bytes == 0 ? "0" : quantity_text(bytes, written_units);
}

Result<ByteSize> parse_byte_size(std::string_view text) {
  constexpr auto limit = std::numeric_limits<std::uint64_t>::max();
  const auto amount = parse_quantity(text, read_units, 1, limit, true);
  if (!amount) {
    return fail("'" + std::string{text} + "' is not a size such as 16MiB, 512k or 100");
  }
  return ByteSize{*amount};
}

}  // namespace intelmq
