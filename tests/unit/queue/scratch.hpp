// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "type/base64.hpp"

/// What the tests of queues share.
namespace intelmq::test {

/// A directory that goes away with the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "intelmq.XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::string put(const std::string& name, std::string_view content) const {
    std::ofstream(*this / name, std::ios::binary) << content;
    return *this / name;
  }
  std::string get(const std::string& name) const { return read_file(*this / name).value(); }
  std::vector<std::string> names() const { return list_directory(path_).value(); }

 private:
  std::string path_;
};

/// A pipe; what is written to it comes out of `reader`.
struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
  }
  FileDescriptor reader;
  FileDescriptor writer;
};

/// Writes a text into a pipe from a thread, in pieces of `piece` bytes, and closes it.
class Feeder {
 public:
  Feeder(FileDescriptor fd, std::string text, std::size_t piece)
      : thread_{&Feeder::feed, std::move(fd), std::move(text), piece} {}
  ~Feeder() { thread_.join(); }

 private:
  static void feed(FileDescriptor fd, const std::string& text, std::size_t piece) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
      (void)write_some(fd.get(), std::string_view(text).substr(at, piece));
    }
  }
  std::thread thread_;
};

inline std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

inline constexpr std::string_view packed_line = "{\"feed.name\":\"demo\",\"n\":1}\n";
inline constexpr std::size_t packed_lines = 10000;

struct Packed {
  std::string format;
  std::string suffix;
  std::string bytes;
};

/// `packed_line` 10,000 times in each format.
inline std::vector<Packed> packed() {
  const auto plain = [](const char* text) { return decode_base64(text).value(); };
  return {
      {"gzip", ".gz",
       plain("H4sIAAAAAAACA+3JoQ2AMBQFQM8YTxMSbLch6ce1DNCwO1ug7uyt3FX9mNeotPQaT/bMtPPdllJKKaWUUkop"
             "pZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRS"
             "SimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSiml"
             "lFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJK"
             "KaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWU"
             "UkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkop"
             "pZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRS"
             "SimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSiml"
             "lFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJK"
             "KaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWU"
             "UkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkoppZRSSimllFJKKaWUUkop"
             "pZRSSimllFJKKaWUUkop9Vd9+YgbRLAeBAA=")},
      {"bzip2", ".bz2",
       plain("QlpoOTFBWSZTWfOkOvcB+8/ZgAAQEAUgECcDgAowARgBTAABTAAAUqp6nqepobKcCFRsIVH0IVGwhUfAhUcC"
             "FR0EKjoIVHYQqMhCowCFR6CFRoIVGAhUcCFRgIVHAhUaCFRkIVHAhUZCFRgIVGwhUaCFRsIVHAhUfxdyRThQ"
             "kPOkOvc=")},
      {"xz", ".xz",
       plain("/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj5B6vAIhdAD2IiMacuWdZbJdQG29s8gArCcA30Ptg22EveR4vbv15"
             "fYLz/DjOWE4g8JUJKU9nU0e02Ukz25YX7YhWUpJvY/cTIDEeuKqppvHai1WZ+JrM0fN2tlf/RvDa25GUr1AH"
             "PPMZKIdh9Fuk26tFzAOawJ9M+LRi4LyjNe4Fx6QwS4gQbELLfbzbwAAAQnL+NdwCvxIAAaQBsL0QAB2fjuax"
             "xGf7AgAAAAAEWVo=")},
      {"zstd", ".zst",
       plain("KLUv/QRoHAEA2HsiZmVlZC5uYW1lIjoiZGVtbyIsIm4iOjF9CgEAi/97PsdEAAAAAQD9/55PID0AAAABAK3e"
             "AyDb/TJ/")},
  };
}

}  // namespace intelmq::test
