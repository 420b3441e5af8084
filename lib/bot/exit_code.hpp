// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "base/result.hpp"

namespace intelmq {

/// How a program ends, after sysexits(3): part of the contract with scripts and supervisors.
enum class ExitCode : int {
  ok = 0,
  usage = 64,          ///< Unknown option, missing parameter.
  bad_data = 65,       ///< Finished, but records failed.
  no_input = 66,       ///< The source does not exist or cannot be read.
  unavailable = 69,    ///< A service is not there.
  internal = 70,       ///< A defect of the program: counts that do not add up.
  cannot_create = 73,  ///< An output file cannot be created.
  io_error = 74,       ///< An error while writing.
  temporary = 75,      ///< Trying again later may help.
  permission = 77,
  configuration = 78  ///< A parameter or file that the bot cannot work with.
};

/// Thrown while a bot starts: the program ends with this code and sentence.
class StartError : public std::runtime_error {
 public:
  explicit StartError(const std::string& text, ExitCode code = ExitCode::configuration)
      : std::runtime_error(text), code_{code} {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// The value, or a StartError: for constructors of bots.
template <class T>
T must(Result<T> result, ExitCode code = ExitCode::configuration) {
  if (!result) throw StartError(result.error().text, code);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace intelmq
