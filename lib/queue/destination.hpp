// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

enum class Delivery : std::uint8_t {
  done,        ///< Taken; delivered by the next `flush` at the latest.
  reader_gone  ///< Nobody reads any more (`| head -1`): not an error.
};

/// Where events go to. An error of `write`, `flush` or `close` is an output error (exit 74), one
/// of `open_destination` means that the output cannot be created (exit 73).
class Destination {
 public:
  virtual ~Destination() = default;
  /// Takes whole lines, each with its line feed.
  virtual Result<Delivery> write(std::string_view lines) = 0;
  /// After success everything written so far has been delivered and survives this process.
  virtual Result<Delivery> flush() = 0;
  /// Ends the stream: a spool publishes its last file.
  virtual Result<void> close() = 0;
};

class Log;
class Wakeup;

struct DestinationOptions {
  Log* log = nullptr;              ///< For what does not end the run, such as a full queue.
  const Wakeup* wakeup = nullptr;  ///< Ends the waiting for a server.
};

/// Opens `-` (standard output), `file:PATH[?sync=1]` (append) or `dir:PATH[?max=16MiB]` (a spool);
/// an adapter is loaded for any other scheme. Error: names the URL and the schemes there are.
Result<std::unique_ptr<Destination>> open_destination(std::string_view url,
                                                      const DestinationOptions& options = {});

}  // namespace intelmq
