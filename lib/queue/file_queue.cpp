// SPDX-License-Identifier: Apache-2.0
#include "queue/file_queue.hpp"

#include <utility>

#include "queue/append_file.hpp"
#include "queue/line_source.hpp"

namespace intelmq {
namespace {

class FileDestination final : public Destination {
 public:
  FileDestination(AppendFile file, bool sync) : file_{std::move(file)}, sync_{sync} {}

  Result<Delivery> write(std::string_view lines) override {
    Result<Delivery> taken = file_.append(lines);
    gone_ = taken && *taken == Delivery::reader_gone;
    dirty_ = true;
    return taken;
  }

  Result<Delivery> flush() override {
    if (gone_) return Delivery::reader_gone;
    if (sync_ && dirty_) {
      // Not tried again: after a failed fdatasync the kernel may have dropped the pages.
      if (Result<void> synced = file_.sync(); !synced) {
        return tl::unexpected<Error>(synced.error());
      }
    }
    dirty_ = false;
    return Delivery::done;
  }

  Result<void> close() override {
    const Result<Delivery> flushed = flush();
    if (!flushed) return tl::unexpected<Error>(flushed.error());
    return {};
  }

 private:
  AppendFile file_;
  bool sync_;
  bool dirty_ = false;
  bool gone_ = false;
};

tl::unexpected<Error> no_path() { return fail("file: has no path; write file:PATH"); }

}  // namespace

Result<std::unique_ptr<Source>> open_file_source(const QueueUrl& url,
                                                 const SourceOptions& options) {
  if (url.path().empty()) return no_path();
  if (Result<void> known = url.allow({}); !known) return tl::unexpected<Error>(known.error());
  Result<ByteInput> input = ByteInput::open(url.path());
  if (!input) return tl::unexpected<Error>(input.error());
  return line_source(std::move(*input), options);
}

Result<std::unique_ptr<Destination>> open_file_destination(const QueueUrl& url) {
  if (url.path().empty()) return no_path();
  if (Result<void> known = url.allow({"sync"}); !known) {
    return tl::unexpected<Error>(known.error());
  }
  const Result<bool> sync = url.flag("sync");
  if (!sync) return tl::unexpected<Error>(sync.error());
  Result<AppendFile> file = AppendFile::open(url.path());
  if (!file) return tl::unexpected<Error>(file.error());
  return std::make_unique<FileDestination>(std::move(*file), *sync);
}

}  // namespace intelmq
