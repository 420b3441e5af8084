// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace intelmq::hostile {

struct Outcome {
  int code = -1;
  std::string output;
};

/// Runs a line of sh(1); both output streams are collected.
inline Outcome run(const std::string& command) {
  Outcome out;
  FILE* pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  if (!pipe) return out;
  std::array<char, 4096> block;
  for (std::size_t size; (size = fread(block.data(), 1, block.size(), pipe)) > 0;)
    out.output.append(block.data(), size);
  const int status = pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

inline bool has_tool(const std::string& name) { return run("command -v " + name).code == 0; }

/// A file that is removed at the end of the scope.
class Scratch {
 public:
  explicit Scratch(const std::string& text) {
    const int file = mkstemp(path_.data());
    FILE* stream = fdopen(file, "w");
    fwrite(text.data(), 1, text.size(), stream);
    fclose(stream);
  }
  ~Scratch() { unlink(path_.c_str()); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/intelmq-render-XXXXXX";
};

}  // namespace intelmq::hostile
