// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "queue/line_reader.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// One stream of lines: standard input, a file, a named pipe. It cannot be acknowledged: who
/// starts again reads from the beginning.
std::unique_ptr<Source> line_source(ByteInput input, const SourceOptions& options);

}  // namespace intelmq
