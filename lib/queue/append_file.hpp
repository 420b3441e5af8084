// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"
#include "queue/destination.hpp"

namespace intelmq {

/// Mends the end of a file of lines that nobody else writes: bytes behind the last line feed get
/// one if they are a complete JSON object; anything else moves to the end of `torn_path`.
/// `path` stands in errors.
Result<void> mend_lines(int fd, const std::string& path, const std::string& torn_path);

/// A file that grows by whole lines only. Several processes may append to one file.
///
/// Bytes behind the last line feed are what a crash or a full disk left of a line. Unless another
/// process has the file open, `open` mends that (`mend_lines`, to `<path>.torn`), so that it is
/// neither lost nor glued to the next line. As long as it lives it holds a shared flock(2).
class AppendFile {
 public:
  /// Creates the file (0640) if it is not there. Pipes and devices are written as they are.
  /// Error: names the path.
  static Result<AppendFile> open(const std::string& path);

  /// Appends lines, each with its line feed, by one write(2) where the system lets it; all of them
  /// or none: what a failed write left is cut off again, unless another process has appended
  /// behind it. Error: names the path.
  Result<Delivery> append(std::string_view lines);

  /// On disk when it returns. Error: as above.
  Result<void> sync();

  int fd() const { return file_.get(); }
  const std::string& path() const { return path_; }

 private:
  AppendFile(FileDescriptor file, std::string path);
  static Result<AppendFile> open_now(const std::string& path);
  void cut(std::size_t written);

  FileDescriptor file_;
  std::string path_;
  bool regular_ = false;
};

}  // namespace intelmq
