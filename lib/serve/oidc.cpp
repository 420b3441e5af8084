// SPDX-License-Identifier: Apache-2.0
#include "serve/oidc.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "serve/front_rules.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {
namespace {

using std::chrono::seconds;

constexpr seconds least_keep{300}, most_keep{86400}, pause_with_keys{30}, pause_without{5};
constexpr int depth = 32;
constexpr std::size_t most_waiting = 256;

/// Scheme, authority and path of a URL; nothing: it is none that an issuer may have.
struct UrlParts {
  std::string scheme, authority, path;
};
std::optional<UrlParts> take_apart(const std::string& url) {
  const std::size_t colon = url.find("://");
  if (colon == url.npos || url.find_first_of("?#@ \"\\") != url.npos) return std::nullopt;
  const std::size_t slash = std::min(url.find('/', colon + 3), url.size());
  UrlParts out{url.substr(0, colon), url.substr(colon + 3, slash - colon - 3), url.substr(slash)};
  if (out.authority.empty()) return std::nullopt;
  return out;
}

Result<Json> get_json(const std::string& url, const Fetch& fetch, std::string* cache_control,
                      bool* missing) {
  auto got = fetch(url);
  if (!got) return tl::unexpected(got.error());
  if (got->status != 200) {
    if (missing) *missing = got->status == 404;
    return fail(url + ": the answer is " + std::to_string(got->status) + ", not 200");
  }
  if (cache_control) *cache_control = got->cache_control;
  auto parsed = Json::parse_strict(got->body, depth);
  if (!parsed) return fail(url + ": the answer is " + parsed.error().text);
  return parsed;
}

/// The issuer's metadata, from the first place that has some.
Result<Json> discover(const OidcOptions& options, const Fetch& fetch) {
  Result<Json> last = fail("");
  for (const std::string& url : metadata_urls(options.issuer)) {
    bool missing = false;
    last = get_json(url, fetch, nullptr, &missing);
    if (!last && missing) continue;
    if (!last) return last;
    const Json& issuer = (*last)["issuer"];
    if (issuer.is_string() && issuer.text() == options.issuer) return last;
    return fail(url + ": the issuer there is " + quote_for_message(issuer.dump()) + ", not " +
                quote_for_message(options.issuer) + "; --oidc-issuer has to be equal to it");
  }
  return last;
}

}  // namespace

std::vector<std::string> metadata_urls(const std::string& issuer) {
  std::string base = issuer;
  if (base.ends_with('/')) base.pop_back();
  std::vector<std::string> out = {base + "/.well-known/openid-configuration"};
  if (const auto parts = take_apart(base))
    out.push_back(parts->scheme + "://" + parts->authority +
                  "/.well-known/oauth-authorization-server" + parts->path);
  return out;
}

Result<void> check_issuer_url(const std::string& url, bool dev) {
  const auto parts = take_apart(url);
  if (!parts) return fail(quote_for_message(url) + " is not a URL without query and fragment");
  if (parts->scheme == "https") return {};
  const auto host = host_of(parts->authority);
  if (parts->scheme == "http" && dev && host && is_loopback(*host)) return {};
  return fail(quote_for_message(url) +
              " is not https; with --dev http will do for addresses of the loopback");
}

seconds cache_time(std::string_view cache_control) {
  seconds out = least_keep;
  for (const std::string_view part : split(cache_control, ',')) {
    const std::string each = ascii_lower(trim(part));
    if (each == "no-store" || each == "no-cache") return least_keep;
    if (!each.starts_with("max-age=")) continue;
    std::int64_t value = 0;
    const auto [end, bad] = std::from_chars(each.data() + 8, each.data() + each.size(), value);
    if (bad == std::errc::result_out_of_range) value = most_keep.count();
    out = std::clamp(seconds(value), least_keep, most_keep);
  }
  return out;
}

Result<FetchedKeys> fetch_keys(const OidcOptions& options, const Fetch& fetch) {
  const auto metadata = discover(options, fetch);
  if (!metadata) return tl::unexpected(metadata.error());
  FetchedKeys out;
  out.url = (*metadata)["jwks_uri"].is_string() ? (*metadata)["jwks_uri"].text() : "";
  if (auto good = check_issuer_url(out.url, options.dev); !good)
    return fail("jwks_uri of " + options.issuer + ": " + good.error().text);
  std::string cache_control;
  const auto document = get_json(out.url, fetch, &cache_control, nullptr);
  if (!document) return tl::unexpected(document.error());
  auto keys = read_key_set(document->dump());
  if (!keys) return fail(out.url + ": " + keys.error().text);
  if (std::none_of(keys->begin(), keys->end(),
                   [](const JsonWebKey& key) { return key.unsuitable.empty(); }))
    return fail(out.url + ": no key there can be used");
  out.keys = std::move(*keys);
  out.keep = cache_time(cache_control);
  return out;
}

IssuerKeys::IssuerKeys(OidcOptions options, Fetch fetch, Work work, Log& log,
                       std::function<Clock::time_point()> now)
    : options_{std::move(options)},
      fetch_{std::move(fetch)},
      work_{std::move(work)},
      log_{log},
      now_{std::move(now)} {}

IssuerKeys::~IssuerKeys() = default;

bool IssuerKeys::usable() const { return have_ && now_() < expires_ + options_.max_stale; }

const std::vector<JsonWebKey>& IssuerKeys::keys() const {
  static const std::vector<JsonWebKey> none;
  return usable() ? keys_ : none;
}

seconds IssuerKeys::pause() const { return usable() ? pause_with_keys : pause_without; }

bool IssuerKeys::may_fetch(bool unknown) const {
  if (usable() && !unknown) return false;
  return fetching_ || !ever_tried_ || now_() >= tried_ + pause();
}

void IssuerKeys::fetch(std::function<void()> then) {
  if (waiting_.size() >= most_waiting) return then();
  waiting_.push_back(std::move(then));
  if (fetching_) return;
  fetching_ = ever_tried_ = true;
  tried_ = now_();
  auto result = std::make_shared<Result<FetchedKeys>>(fail("not fetched"));
  work_([result, options = options_, fetch = fetch_] { *result = fetch_keys(options, fetch); },
        [this, result, life = std::weak_ptr<int>(life_)] {
          if (!life.expired()) done(*result);
        });
}

void IssuerKeys::done(const Result<FetchedKeys>& result) {
  fetching_ = false;
  if (result) {
    if (!trouble_.empty() || !have_)
      log_.info("identity provider: " + std::to_string(result->keys.size()) + " keys of " +
                result->url);
    keys_ = result->keys;
    url_ = result->url;
    have_ = true;
    fetched_ = now_();
    expires_ = fetched_ + result->keep;
    trouble_.clear();
  } else {
    if (trouble_ != result.error().text) log_.warning("identity provider: " + result.error().text);
    trouble_ = result.error().text;
  }
  for (const auto& call : std::exchange(waiting_, {})) call();
}

void IssuerKeys::keep_fresh() {
  const bool old = !have_ || now_() >= expires_;
  if (old && !fetching_ && (!ever_tried_ || now_() >= tried_ + pause())) fetch([] {});
}

std::string IssuerKeys::warning() const {
  if (trouble_.empty()) return "";
  if (!usable()) return "no keys of the identity provider, nobody can log in: " + trouble_;
  return "the keys of the identity provider are old: " + trouble_;
}

Json IssuerKeys::status() const {
  const auto age = [this](Clock::time_point then) {
    return Json(std::chrono::duration_cast<seconds>(now_() - then).count());
  };
  Json ids = Json::array();
  for (const JsonWebKey& key : keys_)
    ids.push(Json::object()
                 .set("kid", key.id)
                 .set("alg", key.algorithm.empty() ? Json() : Json(key.algorithm))
                 .set("unsuitable", key.unsuitable.empty() ? Json() : Json(key.unsuitable)));
  return Json::object()
      .set("url", url_.empty() ? Json() : Json(url_))
      .set("keys", std::move(ids))
      .set("usable", usable())
      .set("age_s", have_ ? age(fetched_) : Json())
      .set("expires_in_s", have_ ? Json(-age(expires_).integer().value_or(0)) : Json())
      .set("last_try_s", ever_tried_ ? age(tried_) : Json())
      .set("last_error", trouble_.empty() ? Json() : Json(trouble_));
}

}  // namespace intelmq::serve
