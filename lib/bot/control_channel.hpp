// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/json.hpp"

namespace intelmq {

/// One end of a socket on which JSON objects travel, one a line. It never waits for the other end:
/// who does not read for so long that `most` bytes gather here counts as gone.
class ControlChannel {
 public:
  static constexpr std::size_t most = 1u << 20;  ///< Of a line, and of what was not yet sent.

  /// Takes the descriptor over.
  explicit ControlChannel(int fd) : fd_{fd} {}

  struct Line {
    Json message;           ///< Null: the line was no JSON object.
    std::string complaint;  ///< Then why.
    FileDescriptor file;    ///< That was handed over with it, or none.
  };
  /// The next line that is there.
  std::optional<Line> receive();
  /// Sends a line, or as much of it as the socket takes now.
  void send(const Json& message);
  /// Sends what is left of earlier lines.
  void flush();

  bool gone() const { return gone_; }               ///< The other end closed it, or does not read.
  int fd() const { return fd_.get(); }              ///< -1 when it is gone.
  std::size_t owed() const { return out_.size(); }  ///< Bytes that were not sent yet.

 private:
  bool read_more();
  void lose();

  FileDescriptor fd_;
  std::string in_, out_;
  std::size_t searched_ = 0;  // of `in_`, without a line feed
  bool skipping_ = false;     // the rest of a line that is too long
  bool at_end_ = false;
  bool gone_ = false;
  std::deque<FileDescriptor> files_;
};

}  // namespace intelmq
