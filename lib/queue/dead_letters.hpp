// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "queue/append_file.hpp"

namespace intelmq {

/// A record that could not be processed, and why.
struct DeadLetter {
  std::string_view bot;
  std::string_view reason;    ///< A sentence.
  std::string_view code;      ///< A short fixed word for machines, such as `json`.
  std::string_view source;    ///< As in Record.
  std::uint64_t line = 0;     ///< As in Record.
  std::uint64_t offset = 0;   ///< As in Record.
  std::string_view original;  ///< The bytes of the record.
  std::uint64_t size = 0;     ///< If `original` is only the beginning: the whole length,
  std::string_view digest{};  ///< and the SHA-256 of the whole record in hex.
};

/// Appends a letter as one line of JSON, without a line feed.
void write_letter(std::string& out, const DeadLetter& letter);

/// The file of `--dead-letters`: JSON lines `{time, bot, reason, code, source, line, offset,
/// original}`. Bytes that are not UTF-8 are written in base64, with `"encoding":"base64"`; a record
/// that was too long has its beginning, `size` and `sha256`. Several processes may share a file.
class DeadLetters {
 public:
  /// Creates the file (0640) and mends its end as AppendFile does. Error: names the path.
  static Result<DeadLetters> open(const std::string& path);

  /// Appends one letter by one write(2). Error: names the path; nothing of the letter is left.
  Result<void> append(const DeadLetter& letter);

 private:
  explicit DeadLetters(AppendFile file) : file_{std::move(file)} {}
  AppendFile file_;
  std::string line_;
};

}  // namespace intelmq
