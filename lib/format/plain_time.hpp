// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace intelmq {

inline constexpr std::size_t plain_time_size = 25;

/// The short way for the time that most feeds write: `YYYY-MM-DD HH:MM:SS` (or with a `T`), taken
/// as UTC, becomes `YYYY-MM-DDTHH:MM:SS+00:00` in `out`. False for any other text and for years
/// before 1000; `out` is undefined then.
bool write_plain_time(std::string_view text, char out[plain_time_size]);

}  // namespace intelmq
