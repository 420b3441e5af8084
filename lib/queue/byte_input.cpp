// SPDX-License-Identifier: Apache-2.0
#include "queue/byte_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/module.hpp"

namespace intelmq {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t packed_block = 64u << 10;

// '?' stands for any byte. A skippable frame may come first in zstd (pzstd writes one).
struct Magic {
  std::string_view bytes;
  Packing packing;
  char first_from;
  char first_to;
};

constexpr Magic magics[] = {
    {"\x1F\x8B\x08"sv, Packing::gzip, '\x1F', '\x1F'},
    {"BZh?1AY&SY"sv, Packing::bzip2, 'B', 'B'},
    {"BZh?\x17\x72\x45\x38\x50\x90"sv, Packing::bzip2, 'B', 'B'},
    {"\xFD\x37zXZ\0"sv, Packing::xz, '\xFD', '\xFD'},
    {"\x28\xB5\x2F\xFD"sv, Packing::zstd, '\x28', '\x28'},
    {"\x50\x2A\x4D\x18"sv, Packing::zstd, '\x50', '\x5F'},
};

std::string_view format_name(Packing packing) {
  switch (packing) {
    case Packing::gzip: return "gzip";
    case Packing::bzip2: return "bzip2";
    case Packing::xz: return "xz";
    case Packing::zstd: return "zstd";
    case Packing::plain: break;
  }
  return "plain";
}

bool agrees(const Magic& magic, std::string_view head) {
  if (head[0] < magic.first_from || head[0] > magic.first_to) return false;
  const std::size_t size = std::min(head.size(), magic.bytes.size());
  for (std::size_t i = 1; i < size; ++i) {
    if (magic.bytes[i] != '?' && magic.bytes[i] != head[i]) return false;
  }
  return true;
}

// The packing, or nothing while the (non-empty) head is too short to tell.
std::optional<Packing> packing_of(std::string_view head) {
  for (const Magic& magic : magics) {
    if (!agrees(magic, head)) continue;
    if (head.size() < magic.bytes.size()) return std::nullopt;
    return magic.packing;
  }
  return Packing::plain;
}

std::size_t take(std::string& from, char* out, std::size_t size) {
  const std::size_t taken = std::min(size, from.size());
  std::copy_n(from.data(), taken, out);
  from.erase(0, taken);
  return taken;
}

}  // namespace

struct ByteInput::Unpacker {
  const DecompressModule* module;
  void* decoder;
  Packing packing;
  std::string bytes;
  std::size_t at = 0;
  std::uint64_t offset = 0;
  bool last = false;
};

void ByteInput::Close::operator()(Unpacker* unpacker) const {
  unpacker->module->close(unpacker->decoder);
  delete unpacker;
}

Result<ByteInput> ByteInput::open(const std::string& path) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return tl::unexpected<Error>(file.error());
  struct stat status = {};
  if (fstat(file->get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail(path + ": is a directory; write dir:" + path + " to read the files in it");
  }
  return ByteInput(std::move(*file), path);
}

ByteInput::ByteInput(FileDescriptor fd, std::string name)
    : fd_{std::move(fd)}, name_{std::move(name)} {
  struct stat status = {};
  if (fstat(fd_.get(), &status) != 0) return;
  regular_ = S_ISREG(status.st_mode);
#ifdef POSIX_FADV_SEQUENTIAL
  if (regular_) posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
}

bool ByteInput::ready() const {
  if (regular_) return true;
  pollfd watched = {fd_.get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

Result<std::size_t> ByteInput::read_file(char* out, std::size_t size) {
  if (!ready()) return later;
  for (;;) {
    const ssize_t got = ::read(fd_.get(), out, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) return later;
    if (errno != EINTR) return system_failure(name_, "cannot read", errno);
  }
}

Result<std::size_t> ByteInput::read_now(char* out, std::size_t size) {
  if (failed_) return tl::unexpected<Error>(*failed_);
  if (!mark_looked_for_) return without_mark(out, size);
  if (!text_.empty()) return take(text_, out, size);
  return pull(out, size);
}

Result<std::size_t> ByteInput::read(char* out, std::size_t size, const Wakeup& wakeup) {
  for (;;) {
    if (wakeup.finish_asked()) return fail(name_ + ": interrupted");
    Result<std::size_t> got = read_now(out, size);
    if (!got || *got != later) return got;
    wakeup.wait(fd_.get(), -1);
  }
}

Result<std::size_t> ByteInput::pull(char* out, std::size_t size) {
  switch (stage_) {
    case Stage::plain: return head_.empty() ? read_file(out, size) : take(head_, out, size);
    case Stage::head: return read_head(out, size);
    case Stage::packed: return unpack(out, size);
    case Stage::done: break;
  }
  return 0;
}

Result<std::size_t> ByteInput::read_head(char* out, std::size_t size) {
  for (;;) {
    Result<std::size_t> got = read_file(out, size);
    if (!got || *got == later) return got;
    const bool first = head_.empty();
    if (*got == 0 && first) {
      stage_ = Stage::done;
      return got;
    }
    if (first && packing_of({out, *got}) == Packing::plain) {
      stage_ = Stage::plain;
      return got;
    }
    head_.append(out, *got);
    const std::optional<Packing> packing = packing_of(head_);
    if (!packing && *got != 0) continue;
    if (packing.value_or(Packing::plain) == Packing::plain) {
      stage_ = Stage::plain;
    } else if (Result<void> started = start_unpacking(*packing); !started) {
      failed_ = started.error();
      return tl::unexpected<Error>(*failed_);
    }
    return pull(out, size);
  }
}

Result<void> ByteInput::start_unpacking(Packing packing) {
  const Result<void*> symbol = load_module("decompress", "intelmq_decompress");
  if (!symbol) {
    return fail(name_ + ": is packed with " + std::string(format_name(packing)) + ", but " +
                symbol.error().text);
  }
  const auto* module = static_cast<const DecompressModule*>(*symbol);
  void* decoder = module->open(packing);
  if (decoder == nullptr) {
    return fail(name_ + ": no memory to unpack " + std::string(format_name(packing)));
  }
  unpacker_.reset(new Unpacker{module, decoder, packing, std::move(head_)});
  head_.clear();
  stage_ = Stage::packed;
  return {};
}

Result<std::size_t> ByteInput::refill() {
  Unpacker& u = *unpacker_;
  u.bytes.resize(packed_block);
  u.at = 0;
  Result<std::size_t> got = read_file(u.bytes.data(), u.bytes.size());
  u.bytes.resize(got && *got != later ? *got : 0);
  u.last = got && *got == 0;
  return got;
}

Result<std::size_t> ByteInput::unpack(char* out, std::size_t size) {
  Unpacker& u = *unpacker_;
  for (;;) {
    DecompressStep step = {u.bytes.data() + u.at, u.bytes.size() - u.at, out, size, u.last, 0, 0};
    const DecompressVerdict verdict = u.module->step(u.decoder, &step);
    u.at += step.in_used;
    u.offset += step.in_used;
    if (verdict == DecompressVerdict::end) {
      stage_ = Stage::done;
      return step.out_made;
    }
    if (verdict != DecompressVerdict::more) {
      const tl::unexpected<Error> failure = damaged(verdict);
      if (step.out_made == 0) return failure;
    }
    if (step.out_made != 0) return step.out_made;
    if (u.last || u.at != u.bytes.size()) return damaged(DecompressVerdict::corrupt);
    Result<std::size_t> got = refill();
    if (!got || *got == later) return got;
  }
}

tl::unexpected<Error> ByteInput::damaged(DecompressVerdict verdict) {
  const Unpacker& u = *unpacker_;
  std::string text = name_ + ": " + std::string(format_name(u.packing)) + " data is ";
  if (verdict == DecompressVerdict::truncated) {
    text += "truncated at byte " + std::to_string(u.offset) + "; fetch it again";
  } else {
    text += "corrupt near byte " + std::to_string(u.offset) + " (" + u.module->reason(u.decoder) +
            "); fetch it again";
  }
  failed_ = Error{text};
  return tl::unexpected<Error>(*failed_);
}

Result<std::size_t> ByteInput::without_mark(char* out, std::size_t size) {
  for (;;) {
    Result<std::size_t> got = pull(out, size);
    if (!got || *got == later) return got;
    const bool starts = *got != 0 && out[0] == byte_order_mark[0];
    if (text_.empty() && !starts) {
      mark_looked_for_ = true;
      return got;
    }
    text_.append(out, *got);
    const std::size_t seen = std::min(text_.size(), byte_order_mark.size());
    const bool agrees_so_far = byte_order_mark.substr(0, seen) == text_.substr(0, seen);
    if (agrees_so_far && seen < byte_order_mark.size() && *got != 0) continue;
    mark_looked_for_ = true;
    if (agrees_so_far && seen == byte_order_mark.size()) {
      text_.erase(0, seen);
      skipped_ = seen;
    }
    return text_.empty() ? pull(out, size) : take(text_, out, size);
  }
}

}  // namespace intelmq
