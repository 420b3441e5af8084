// SPDX-License-Identifier: Apache-2.0
#include "serve/files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/file.hpp"

namespace intelmq::serve {

Result<void> make_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_failure(path, "cannot create the directory", errno);
}

Problem storage_problem(Log& log, const Error& error) {
  log.error(error.text);
  for (const int code : {ENOSPC, EDQUOT})
    if (error.text.find(std::strerror(code)) != std::string::npos)
      return {"insufficient-storage",
              "There is no room in the state directory; make some.",
              {},
              Json::object(),
              {}};
  return {"internal",
          "The state directory cannot be read or written; the log says why.",
          {},
          Json::object(),
          {}};
}

}  // namespace intelmq::serve
