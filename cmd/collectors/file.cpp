// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "bot/bot.hpp"
#include "format/chunks.hpp"

namespace intelmq {
namespace {

struct Params {
  std::string path = "/tmp/";
  std::string postfix = ".csv";
  bool delete_file = false;
  std::optional<ByteSize> chunk_size;
  bool chunk_replicate_header = true;
};

const Spec<Params> spec{
    .name = "file",
    .summary = "Read files and hand on what is in them, a report for each.",
    .details =
        "With a directory as --path every regular file in it whose name ends in --postfix "
        "is read (wildcards of the shell work), in the order of their names. A file that "
        "another program has locked is left for the next run; an empty one gives no "
        "report.",
    .params = {param<&Params::path>("path", "A directory, or one file."),
               param<&Params::postfix>("postfix",
                                       "End of the names of the files in the "
                                       "directory."),
               param<&Params::delete_file>("delete_file",
                                           "Remove a file once its reports have "
                                           "been delivered."),
               param<&Params::chunk_size>("chunk_size",
                                          "Split a file into reports of this size, "
                                          "at line ends."),
               param<&Params::chunk_replicate_header>("chunk_replicate_header",
                                                      "Repeat the first line in every chunk.")},
    .sets = {always(field::time.observation), always(field::raw), always(field::feed.url),
             always(field::extra)},
    .examples = {{.about = "A file as one report",
                  .args = "--path tests/data/hello.txt --name hello --output-format raw",
                  .input = "",
                  .output = "hello"},
                 {.about = "The files of a directory",
                  .args = "--path tests/data --postfix hello.txt --output-format raw",
                  .input = "",
                  .output = "hello"},
                 {.about = "Hostile: no such directory",
                  .args = "--path tests/data/absent",
                  .input = "",
                  .output = "",
                  .failed = "tests/data/absent"}},
    .scaling = Scaling::singleton,
};

std::string absolute(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (!resolved) return path;
  std::string out = resolved;
  std::free(resolved);
  return out;
}

class FileCollector {
 public:
  FileCollector(const Params& params, const Context& context) : params_{params}, log_{context.log} {
    struct stat info {};
    if (::stat(params.path.c_str(), &info) != 0)
      throw StartError("--path: " + params.path + ": " + std::strerror(errno), ExitCode::no_input);
    directory_ = S_ISDIR(info.st_mode);
    if (directory_ && params.postfix.empty() && params.delete_file)
      throw StartError("--delete-file: without --postfix it would remove every file in " +
                       params.path + "; name a postfix");
  }

  void collect(Emit& emit) {
    if (!directory_) return read(params_.path, emit);
    const std::string pattern = "*" + params_.postfix;
    const auto names = must(list_directory(params_.path), ExitCode::no_input);
    for (const std::string& name : names) {
      if (emit.stopped()) return;
      const std::string path = params_.path + (params_.path.ends_with('/') ? "" : "/") + name;
      struct stat info {};
      if (::fnmatch(pattern.c_str(), name.c_str(), 0) != 0) continue;
      if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
      read(path, emit);
    }
  }

 private:
  void read(const std::string& path, Emit& emit) {
    const FileDescriptor file = must(open_file(path, O_RDONLY), ExitCode::no_input);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
      return log_.info(path + " is locked by another program and left for later");
    const std::string url = "file://localhost" + absolute(path);
    Chunks chunks(file_bytes(file, path), params_.chunk_size ? params_.chunk_size->bytes : 0,
                  params_.chunk_replicate_header);
    while (chunks.next()) {
      const Result<void> sent = emit.report(chunks.bytes(), [&](Event& report) {
        report.set(field::feed.url, url);
        report.add_text(file_name_, name_of(path));
      });
      if (!sent) return;
    }
    if (params_.delete_file && ::unlink(path.c_str()) != 0)
      throw StartError("cannot remove " + path + ": " + std::strerror(errno), ExitCode::permission);
  }

  static ByteSource file_bytes(const FileDescriptor& file, const std::string& path) {
    return [fd = file.get(), path](char* out, std::size_t size) -> Result<std::size_t> {
      for (;;) {
        const ssize_t got = ::read(fd, out, size);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) return tl::unexpected(system_failure(path, "read", errno));
      }
    };
  }

  Params params_;
  Log& log_;
  FieldName file_name_ = must(FieldName::parse("extra.file_name"));
  bool directory_ = false;
};

}  // namespace

const Bot& this_bot() { return define<FileCollector>(spec); }

}  // namespace intelmq
