// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "queue/destination.hpp"
#include "queue/source.hpp"
#include "queue/url_options.hpp"

namespace intelmq {

/// `file:PATH`: a file or named pipe, read from its beginning to its end. Error: names the path.
Result<std::unique_ptr<Source>> open_file_source(const QueueUrl& url, const SourceOptions& options);

/// `file:PATH[?sync=1]`: lines are appended, see AppendFile. With `sync` a flush returns when they
/// are on disk; without it, when the kernel has them. Error: names the path.
Result<std::unique_ptr<Destination>> open_file_destination(const QueueUrl& url);

}  // namespace intelmq
