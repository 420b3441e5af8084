// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "serve/loop.hpp"

namespace intelmq::serve {

/// Keeps one file that the API changes: changes come one after the other, each sees what the one
/// before made, and the loop does not wait for the disk.
class FileWriter {
 public:
  /// `path` empty: nothing is written, and all goes well. The file is its owner's alone (0600).
  FileWriter(Loop& loop, std::string path) : loop_{loop}, path_{std::move(path)} {}

  /// When it is this change's turn `text` gives the new content; `then` is told, on the loop,
  /// whether it is on the disk, and is where what is in memory changes.
  void change(std::function<std::string()> text, std::function<void(const Result<void>&)> then);

 private:
  struct Change {
    std::function<std::string()> text;
    std::function<void(const Result<void>&)> then;
  };
  void next();
  Loop& loop_;
  std::string path_;
  std::deque<Change> waiting_;
  bool busy_ = false;
};

}  // namespace intelmq::serve
