// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"

namespace intelmq::serve {

/// The program intelmq-serve: its parts put together.
class Application {
 public:
  /// Reads the command line (without the program's name). Throws StartError.
  Application(std::vector<std::string> arguments, Log& log);
  ~Application();

  /// What is asked for instead of running: help, version, a page; nothing: it is to run.
  std::optional<std::string> inspect();
  /// Runs until it is told to end; the exit code. Throws StartError.
  int run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace intelmq::serve
