// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// Loads the shared object `intelmq-<name>.so` and returns its C symbol `symbol`. What few runs
/// need (decompression, YAML, queue servers) lives in modules, so that a bot in a plain pipe
/// starts without it. Looked for in $INTELMQ_MODULE_PATH, beside the program in
/// `../lib/intelmq` (or where it was configured to be installed), and in the build tree's
/// `modules`. Error: names the module, the places and the remedy.
Result<void*> load_module(std::string_view name, std::string_view symbol);

/// The path of `intelmq-<name>.so`, without loading it. Error: as above.
Result<std::string> find_module(std::string_view name);

}  // namespace intelmq
