// SPDX-License-Identifier: Apache-2.0
#include "serve/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "type/clock.hpp"

namespace intelmq::serve {

Result<void> make_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_failure(path, "cannot create the directory", errno);
}

Result<void> replace_private(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const auto file = open_file(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return tl::unexpected(file.error());
  const Written written = write_some(file->get(), bytes);
  if (written.error != 0) return system_failure(path, "cannot write", written.error);
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return system_failure(path, "cannot rename", errno);
  return {};
}

std::string time_text_now() {
  const Timestamp now = system_now();
  const std::string whole = Timestamp{now.seconds, 0}.text();  // ends in +00:00
  return fmt::format("{}.{:03}Z", whole.substr(0, whole.size() - 6), now.micros / 1000);
}

}  // namespace intelmq::serve
