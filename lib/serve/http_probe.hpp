// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq::serve {

/// What a probe brought.
struct Probed {
  int status = 0;
  std::string body;  ///< At most 64 KiB of it.
};

/// One blocking GET of "http://HOST[:PORT][/PATH]" or "unix:PATH" (of the path `otherwise`, which
/// also stands for a URL's missing path). `limit` is for all of it. Error: who does not answer.
Result<Probed> probe(std::string_view where, std::string_view otherwise,
                     std::chrono::milliseconds limit);

/// `intelmq-serve --healthcheck`: prints one line; 0: the answer was 2xx, 1: it was not, or none.
int healthcheck(std::string_view where);

}  // namespace intelmq::serve
