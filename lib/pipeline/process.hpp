// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// A program to be run once, without a shell.
struct Command {
  std::vector<std::string> words;           ///< The program, looked for in PATH, and its arguments.
  std::string input;                        ///< All of its standard input.
  std::string directory;                    ///< Where it runs; empty: here.
  std::vector<std::string> environment;     ///< `NAME=VALUE`, beside what is inherited.
  bool clean = false;                       ///< Leave out INTELMQ_* except INTELMQ_MODULE_PATH.
  std::chrono::milliseconds limit{30'000};  ///< It is killed after that.
  std::size_t most_output = 256u << 20;     ///< Bytes of output or errors it is killed at.
};

/// What a program left behind.
struct Outcome {
  int code = 0;  ///< The exit status; 128 + N when signal N ended it.
  bool timed_out = false;
  bool too_much = false;  ///< It wrote more than the command allows.
  std::string output;
  std::string errors;
};

/// Runs the program to its end; whether it reads its input is its own affair.
/// Error: it cannot be started; names the program and the remedy.
Result<Outcome> run_process(const Command& command);

}  // namespace intelmq
