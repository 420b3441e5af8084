// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "queue/destination.hpp"
#include "queue/source.hpp"
#include "queue/url_options.hpp"

namespace intelmq {

/// `dir:PATH[?follow=1][&suffix=.jsonl]`: the files `*.jsonl` of a directory in the order of their
/// names, also packed ones (`.gz`, `.bz2`, `.xz`, `.zst`). Names with a dot in front are not looked
/// at: who writes into the directory writes such a name and renames it.
///
/// `acknowledge` moves the files that were handed out to their end to PATH/done; a file whose end
/// was not reached by `next` yet stays for a later call. What was not acknowledged is handed out
/// again by the next process. With `follow` it waits for more files instead of ending. One process
/// reads a directory at a time (PATH/.reader is locked). Error: names the path.
Result<std::unique_ptr<Source>> open_directory_source(const QueueUrl& url,
                                                      const SourceOptions& options);

/// `dir:PATH[?max=16MiB]`: a spool. Lines gather in `.<name>.tmp`; a flush, or a file of `max`
/// bytes, publishes it on disk as `<UTC time>-<pid>-<counter>.jsonl`. Several processes may write
/// into one directory. Lines that a dead process left are published by the next `open`, what it
/// left of a line goes to `<name>.torn`. Creates the directory (0750). Error: names the path.
Result<std::unique_ptr<Destination>> open_directory_destination(const QueueUrl& url);

}  // namespace intelmq
