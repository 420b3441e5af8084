// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/file.hpp"
#include "net/http.hpp"
#include "serve/freshness.hpp"

namespace intelmq::serve {

/// Why data could not be had.
struct UpdateFailure {
  std::string_view code;  ///< Of `problem_kinds`.
  std::string text;
  std::optional<std::chrono::seconds> wait = std::nullopt;  ///< The server wants to be left alone.
};
template <class T>
using Fetched = tl::expected<T, UpdateFailure>;
tl::unexpected<UpdateFailure> failed(std::string_view code, std::string text);
/// What http_fetch said, or an answer that is neither 2xx nor 304, as a failure.
tl::unexpected<UpdateFailure> failed(const HttpError& error);
tl::unexpected<UpdateFailure> failed(const std::string& url, const HttpResponse& response);

/// The file that is to be replaced, and how much may be spent on it. Its directory is locked.
struct UpdateTask {
  std::string path;  ///< Not a link.
  std::uint64_t most = 1u << 30;
  std::uint64_t expected = 0;  ///< Bytes, about.
  HttpRetry retry;
  std::string ca_file;  ///< Empty: the system's.
  const std::atomic<bool>* abort = nullptr;

  /// "DIRECTORY/.NAME" + `end`: a name beside the file.
  std::string beside(std::string_view end) const;
  /// A request with these limits.
  HttpRequest request(std::string url) const;
  /// Whether the disk has room for what is expected. Failure: insufficient-storage.
  Fetched<void> room() const;
};

/// Where newer data comes from. All of it blocks.
class DataOrigin {
 public:
  virtual ~DataOrigin() = default;
  /// Whether there is something newer, without getting it.
  virtual Fetched<bool> newer(const UpdateTask& task) = 0;
  /// Writes it into the empty file `fd`, its digest checked, once there is room. False: there is
  /// nothing newer, which it finds out first.
  /// `force`: also if it is the same.
  virtual Fetched<bool> fetch(const UpdateTask& task, bool force, int fd) = 0;
  /// The file is in its place.
  virtual void taken(const UpdateTask&) {}
  /// MMDB: a type that is fine beside those of the rule.
  virtual std::string type() const { return {}; }
};

/// An environment variable, empty if it is not set; NAME_FILE names a file that holds it.
using Environment = std::function<std::string(const std::string& name)>;
std::string process_environment(const std::string& name);

/// The protocol of geoipupdate. `source` as in a policy; credentials, and what it leaves open,
/// from the environment: GEOIPUPDATE_ACCOUNT_ID, _LICENSE_KEY, _HOST, _PROXY.
/// Failure `conflict`: there are no credentials; says what to set.
Fetched<std::unique_ptr<DataOrigin>> geoip_origin(const Json& source, const Environment& get);
/// A file behind a URL: conditional requests, perhaps a file with its SHA-256.
std::unique_ptr<DataOrigin> http_origin(const Json& source);
/// By the source's protocol. Failure `conflict`: it has none.
Fetched<std::unique_ptr<DataOrigin>> open_origin(const Json& source, const Environment& get);

/// Looks at the file; `digest`: reads all of it for its SHA-256.
DataCopy look_at(const std::string& path, const std::string& kind, bool digest = true);
/// What changes whenever the file is replaced or written to; empty: it is not there.
std::string stamp_of(const std::string& path);

/// Gets newer data, if there is any, and puts it into its place as a whole: readers see the old
/// file or the new one. The one before stays as NAME.previous. Whatever fails, the old one stays.
/// Never goes back to an older one unless forced. True: it was replaced.
/// Failures: operation-in-progress (another process is at it), upstream-failed,
/// insufficient-storage, conflict (the directory cannot be written).
Fetched<bool> update_data(UpdateTask task, const DataRule& rule, DataOrigin& origin, bool force);
/// Asks only. Failure: upstream-failed.
Fetched<bool> newer_data(UpdateTask task, DataOrigin& origin);

}  // namespace intelmq::serve
