// SPDX-License-Identifier: Apache-2.0
#include "serve/file_writer.hpp"

#include "base/file.hpp"

namespace intelmq::serve {

void FileWriter::change(std::function<std::string()> text,
                        std::function<void(const Result<void>&)> then) {
  waiting_.push_back({std::move(text), std::move(then)});
  if (!busy_) next();
}

void FileWriter::next() {
  if (waiting_.empty()) return;
  busy_ = true;
  const auto change = std::make_shared<Change>(std::move(waiting_.front()));
  waiting_.pop_front();
  const auto result = std::make_shared<Result<void>>();
  const auto done = [this, change, result] {
    busy_ = false;
    change->then(*result);
    if (!busy_) next();
  };
  std::string text = change->text();
  if (path_.empty()) return done();
  loop_.work(
      [path = path_, text = std::move(text), result] { *result = atomic_write(path, text, 0600); },
      done);
}

}  // namespace intelmq::serve
