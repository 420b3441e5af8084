// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace intelmq {

/// A unit and how many of the smallest unit it is.
struct Unit {
  std::string_view name;
  std::uint64_t size;
};

/// Reads `digits[.digits][unit]`, blanks around and before the unit allowed, the unit in any case
/// if `any_case`; without unit the number counts `bare`. Cuts off fractions of the smallest unit.
/// Nothing if it is not of that form or greater than `limit`.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            std::uint64_t bare, std::uint64_t limit, bool any_case);

/// The count of the first of `units` (largest first, the last of size 1) that divides it evenly.
std::string quantity_text(std::uint64_t amount, std::span<const Unit> units);

}  // namespace intelmq
