// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace intelmq {

/// Lines on their way to a queue, each as IntelMQ has it there: an object without `__type` gets
/// `"__type": "Event"` as its last member; or, if they are not `typed`, as they came.
class EventLines {
 public:
  explicit EventLines(bool typed = true) : typed_{typed} {}
  /// Takes whole lines; empty ones are left out.
  void add(std::string_view lines);
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    return std::string_view(text_).substr(begin(i), ends_[i] - begin(i));
  }
  /// How many lines from `first` on have at most so many bytes; at least one, at most `limit`.
  std::size_t fitting(std::size_t first, std::size_t bytes, std::size_t limit) const;
  void clear();

 private:
  void add_line(std::string_view line);
  std::size_t begin(std::size_t i) const { return i ? ends_[i - 1] : 0; }
  bool typed_;
  std::string text_;               // one behind the other
  std::vector<std::size_t> ends_;  // of each of them
};

/// Makes the text one line: line feeds may stand between the members of an object.
void make_one_line(char* text, std::size_t size);

}  // namespace intelmq
