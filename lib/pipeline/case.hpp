// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/process.hpp"

namespace intelmq {

/// A golden case: a directory `<program>/<case>` with the files `args` (one line, as for a shell),
/// `in`, `out`, `err` and `code`, each optional but one.
struct Case {
  std::string directory;
  std::string program;
  std::string name;  ///< `<program>/<case>`
  std::vector<std::string> arguments;
  std::string input;
  std::string output;  ///< Lines, compared as JSON where they are JSON.
  std::string errors;
  int code = 0;
};

/// The case directories at and below a directory, sorted. Error: it cannot be listed.
Result<std::vector<std::string>> find_cases(const std::string& directory);

/// Error: names the file.
Result<Case> read_case(const std::string& directory);

/// What differs between lines, one readable text each: a field that is missing, surplus or has
/// another value; a line that is not there. `time.observation` and the order of fields do not
/// count.
std::vector<std::string> compare_lines(std::string_view expected, std::string_view actual);

/// What differs between what the case promises and what came; empty: nothing.
std::vector<std::string> compare_case(const Case& expected, const Outcome& actual);

/// Rewrites `out`, `err` and `code` where they differ; `time.observation` is left out.
Result<void> update_case(const Case& expected, const Outcome& actual);

/// The result of one case, for reports.
struct CaseResult {
  std::string name;
  double seconds = 0;
  std::vector<std::string> differences;
};

/// A report in the format of JUnit.
std::string junit(const std::vector<CaseResult>& results);

}  // namespace intelmq
