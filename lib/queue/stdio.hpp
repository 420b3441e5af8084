// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "queue/destination.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// Standard input; records come from "stdin". A pipe is made as wide as 1 MiB if that is allowed.
Result<std::unique_ptr<Source>> open_standard_input(const SourceOptions& options);

/// Standard output. Nothing is buffered here. A pipe is made as wide as 1 MiB if that is allowed.
Result<std::unique_ptr<Destination>> open_standard_output(const DestinationOptions& options = {});

/// The same for any descriptor, which stays the caller's; `name` stands in errors. `wakeup` may be
/// nullptr.
std::unique_ptr<Destination> stream_destination(int fd, std::string name,
                                                const Wakeup* wakeup = nullptr);

}  // namespace intelmq
