// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "serve/jwt.hpp"
#include "serve/work.hpp"

namespace intelmq::serve {

/// What a web server answered.
struct FetchedPage {
  int status = 0;
  std::string body, cache_control;
};
/// Gets a URL: no redirects, 5 s, 256 KiB. Blocks. Error: there was no answer.
using Fetch = std::function<Result<FetchedPage>(const std::string& url)>;

struct OidcOptions {
  std::string issuer;
  bool dev = false;  ///< http on the loopback is good enough.
  std::chrono::seconds max_stale{24 * 3600};
};

/// Where the metadata of an issuer may lie: OpenID Connect's place, then RFC 8414's.
std::vector<std::string> metadata_urls(const std::string& issuer);
/// https, or with `dev` http on the loopback. Error: names the URL.
Result<void> check_issuer_url(const std::string& url, bool dev);
/// How long an answer may be kept by its Cache-Control: 5 minutes to 24 hours.
std::chrono::seconds cache_time(std::string_view cache_control);

/// Asks the issuer for its keys. Blocks. Error: names URL and reason.
struct FetchedKeys {
  std::vector<JsonWebKey> keys;
  std::string url;
  std::chrono::seconds keep{};
};
Result<FetchedKeys> fetch_keys(const OidcOptions& options, const Fetch& fetch);

/// The keys of one issuer, kept fresh. On the loop only.
class IssuerKeys {
 public:
  using Clock = std::chrono::steady_clock;
  IssuerKeys(OidcOptions options, Fetch fetch, Work work, Log& log,
             std::function<Clock::time_point()> now = Clock::now);
  ~IssuerKeys();

  /// Those that count now: empty if there are none, or if they are too old.
  const std::vector<JsonWebKey>& keys() const;
  /// Whether there are keys to check with.
  bool usable() const;
  /// Whether a fetch could help now: there are no keys, or one is not among them (`unknown`), and
  /// none was tried in the last 30 seconds (without keys: 5), or one is on its way.
  bool may_fetch(bool unknown) const;
  /// Fetches, or joins those who wait for that already; then calls, whatever came of it.
  void fetch(std::function<void()> then);
  /// Fetches in the background if the keys have become old.
  void keep_fresh();
  /// What is wrong, for health; empty: nothing.
  std::string warning() const;
  Json status() const;  ///< For GET /auth.

 private:
  std::chrono::seconds pause() const;
  void done(const Result<FetchedKeys>& result);
  OidcOptions options_;
  Fetch fetch_;
  Work work_;
  Log& log_;
  std::function<Clock::time_point()> now_;
  std::vector<JsonWebKey> keys_;
  std::string url_, trouble_;
  Clock::time_point fetched_, expires_, tried_;
  bool have_ = false, ever_tried_ = false, fetching_ = false;
  std::vector<std::function<void()>> waiting_;
  std::shared_ptr<int> life_ = std::make_shared<int>();
};

}  // namespace intelmq::serve
