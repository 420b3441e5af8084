// SPDX-License-Identifier: Apache-2.0
#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <climits>
#include <new>

#include "queue/decompress.hpp"

namespace intelmq {
namespace {

using Verdict = DecompressVerdict;

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual bool start() = 0;
  virtual Verdict step(DecompressStep& step) = 0;
  const char* reason() const { return reason_; }

 protected:
  Verdict corrupt(const char* reason) {
    reason_ = reason == nullptr ? "unknown reason" : reason;
    return Verdict::corrupt;
  }

 private:
  const char* reason_ = "";
};

// zlib and libbz2 count in unsigned int.
unsigned bounded(std::size_t size) {
  return static_cast<unsigned>(std::min<std::size_t>(size, UINT_MAX));
}

template <class Stream>
void aim(Stream& stream, const DecompressStep& step) {
  stream.next_in =
      reinterpret_cast<decltype(stream.next_in)>(const_cast<char*>(step.in + step.in_used));
  stream.avail_in = bounded(step.in_size - step.in_used);
  stream.next_out = reinterpret_cast<decltype(stream.next_out)>(step.out + step.out_made);
  stream.avail_out = bounded(step.out_size - step.out_made);
}

template <class Stream>
void count(const Stream& stream, DecompressStep& step) {
  step.in_used = static_cast<std::size_t>(reinterpret_cast<const char*>(stream.next_in) - step.in);
  step.out_made =
      static_cast<std::size_t>(reinterpret_cast<const char*>(stream.next_out) - step.out);
}

bool used_up(const DecompressStep& step) { return step.in_used == step.in_size; }
bool full(const DecompressStep& step) { return step.out_made == step.out_size; }

// Members of gzip and streams of bzip2 end by themselves; what follows starts afresh.
class MemberDecoder : public Decoder {
 public:
  Verdict step(DecompressStep& step) final {
    for (;;) {
      if (between_ && !begin_member(step)) return step.last ? Verdict::end : Verdict::more;
      if (full(step)) return Verdict::more;
      const std::size_t before = step.in_used + step.out_made;
      const char* wrong = run(step);
      if (wrong != nullptr) return corrupt(wrong);
      if (between_ || step.in_used + step.out_made != before) continue;
      return step.last && used_up(step) ? Verdict::truncated : Verdict::more;
    }
  }

 protected:
  // Decodes on; sets between_ at the end of a member. Returns what is wrong, or null.
  virtual const char* run(DecompressStep& step) = 0;
  virtual bool restart() = 0;
  bool between_ = true;

 private:
  bool begin_member(DecompressStep& step) {
    while (seen_ && !used_up(step) && step.in[step.in_used] == '\0') ++step.in_used;  // padding
    if (used_up(step)) return false;
    between_ = false;
    if (seen_) restart();
    seen_ = true;
    return true;
  }
  bool seen_ = false;
};

class Gzip final : public MemberDecoder {
 public:
  ~Gzip() override { inflateEnd(&stream_); }
  bool start() override { return inflateInit2(&stream_, gzip_only + MAX_WBITS) == Z_OK; }

 private:
  static constexpr int gzip_only = 16;
  const char* run(DecompressStep& step) override {
    aim(stream_, step);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    count(stream_, step);
    between_ = code == Z_STREAM_END;
    if (between_ || code == Z_OK || code == Z_BUF_ERROR) return nullptr;
    return stream_.msg != nullptr ? stream_.msg : "not a gzip stream";
  }
  bool restart() override { return inflateReset(&stream_) == Z_OK; }
  z_stream stream_ = {};
};

class Bzip2 final : public MemberDecoder {
 public:
  ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }
  bool start() override { return BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }

 private:
  const char* run(DecompressStep& step) override {
    aim(stream_, step);
    const int code = BZ2_bzDecompress(&stream_);
    if (code == BZ_PARAM_ERROR) return "no decoder";
    count(stream_, step);
    between_ = code == BZ_STREAM_END;
    if (between_ || code == BZ_OK) return nullptr;
    if (code == BZ_MEM_ERROR) return "not enough memory";
    return code == BZ_DATA_ERROR_MAGIC ? "not a bzip2 stream" : "data error";
  }
  bool restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    return start();
  }
  bz_stream stream_ = {};
};

class Xz final : public Decoder {
 public:
  ~Xz() override { lzma_end(&stream_); }
  bool start() override {
    return lzma_stream_decoder(&stream_, xz_memory, LZMA_CONCATENATED) == LZMA_OK;
  }
  Verdict step(DecompressStep& step) override {
    for (;;) {
      stream_.next_in = reinterpret_cast<const uint8_t*>(step.in + step.in_used);
      stream_.avail_in = step.in_size - step.in_used;
      stream_.next_out = reinterpret_cast<uint8_t*>(step.out + step.out_made);
      stream_.avail_out = step.out_size - step.out_made;
      const lzma_ret code = lzma_code(&stream_, step.last ? LZMA_FINISH : LZMA_RUN);
      count(stream_, step);
      if (code == LZMA_STREAM_END) return Verdict::end;
      if (code == LZMA_BUF_ERROR && step.last && !full(step)) return Verdict::truncated;
      if (code != LZMA_OK && code != LZMA_BUF_ERROR) return corrupt(text_of(code));
      if (full(step) || (used_up(step) && !step.last)) return Verdict::more;
    }
  }

 private:
  static const char* text_of(lzma_ret code) {
    if (code == LZMA_MEMLIMIT_ERROR) return "needs more than 256 MiB of memory";
    if (code == LZMA_MEM_ERROR) return "not enough memory";
    if (code == LZMA_FORMAT_ERROR) return "not an xz stream";
    return code == LZMA_OPTIONS_ERROR ? "unknown options" : "data error";
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class Zstd final : public Decoder {
 public:
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  bool start() override {
    stream_ = ZSTD_createDStream();
    if (stream_ == nullptr) return false;
    const std::size_t code = ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, zstd_window_log);
    wanted_ = ZSTD_initDStream(stream_);
    return ZSTD_isError(code) == 0 && ZSTD_isError(wanted_) == 0;
  }
  // Fed one block at a time: a bad block then does not take the good ones before it along.
  Verdict step(DecompressStep& step) override {
    for (;;) {
      if (full(step)) return Verdict::more;
      const std::size_t feed = std::min(wanted_, step.in_size - step.in_used);
      if (feed == 0 && frame_ended_) return step.last ? Verdict::end : Verdict::more;
      ZSTD_inBuffer in = {step.in + step.in_used, feed, 0};
      ZSTD_outBuffer out = {step.out + step.out_made, step.out_size - step.out_made, 0};
      const std::size_t code = ZSTD_decompressStream(stream_, &out, &in);
      step.in_used += in.pos;
      step.out_made += out.pos;
      if (ZSTD_isError(code) != 0) return corrupt(ZSTD_getErrorName(code));
      frame_ended_ = code == 0;
      wanted_ = frame_ended_ ? smallest_frame : code;
      if (in.pos != 0 || out.pos != 0) continue;
      return step.last && used_up(step) ? Verdict::truncated : Verdict::more;
    }
  }

 private:
  static constexpr std::size_t smallest_frame = 5;
  ZSTD_DStream* stream_ = nullptr;
  std::size_t wanted_ = 0;
  bool frame_ended_ = true;
};

Decoder* make(Packing packing) {
  switch (packing) {
    case Packing::gzip: return new (std::nothrow) Gzip;
    case Packing::bzip2: return new (std::nothrow) Bzip2;
    case Packing::xz: return new (std::nothrow) Xz;
    case Packing::zstd: return new (std::nothrow) Zstd;
    case Packing::plain: break;
  }
  return nullptr;
}

void* open(Packing packing) {
  Decoder* decoder = make(packing);
  if (decoder == nullptr || decoder->start()) return decoder;
  delete decoder;
  return nullptr;
}

DecompressVerdict step(void* decoder, DecompressStep* step) {
  step->in_used = 0;
  step->out_made = 0;
  return static_cast<Decoder*>(decoder)->step(*step);
}

const char* reason(const void* decoder) { return static_cast<const Decoder*>(decoder)->reason(); }

void close(void* decoder) { delete static_cast<Decoder*>(decoder); }

}  // namespace

extern "C" {
__attribute__((visibility("default"))) extern const DecompressModule intelmq_decompress;
const DecompressModule intelmq_decompress = {open, step, reason, close};
}

}  // namespace intelmq
