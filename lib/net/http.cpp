// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include "base/module.hpp"
#include "base/text.hpp"

// What the module http offers; libcurl and its forty libraries come with it when it is used.
extern "C" void intelmq_http_fetch(const intelmq::HttpRequest& request, intelmq::HttpResult& out);
extern "C" void intelmq_url_for_message(const std::string& url, std::string& out);

namespace intelmq {
namespace {

using Kind = HttpError::Kind;

bool worth_a_try(const HttpResult& result, const HttpRetry& retry) {
  if (result) {
    const int status = result->status;
    return (status == 429 && retry.after_429) || status == 500 || (status >= 502 && status <= 504);
  }
  const Kind kind = result.error().kind;
  return kind == Kind::resolve || kind == Kind::connect || kind == Kind::timeout ||
         kind == Kind::broken;
}

}  // namespace

HttpResult http_fetch(const HttpRequest& request) {
  const auto symbol = load_module("http", "intelmq_http_fetch");
  if (!symbol) return tl::unexpected(HttpError{{symbol.error().text}, Kind::invalid});
  HttpResult out;
  reinterpret_cast<decltype(&intelmq_http_fetch)> (*symbol)(request, out);
  return out;
}

std::string url_for_message(const std::string& url) {
  const auto symbol = load_module("http", "intelmq_url_for_message");
  if (!symbol) return "a URL";
  std::string out;
  reinterpret_cast<decltype(&intelmq_url_for_message)> (*symbol)(url, out);
  return out;
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (ascii_lower(key) == ascii_lower(name)) return value;
  return {};
}

std::chrono::milliseconds retry_wait(const HttpRetry& retry, unsigned tried, double draw) {
  const unsigned doublings = std::min(tried > 0 ? tried - 1 : 0, 20u);
  const auto whole =
      std::min<std::chrono::milliseconds>(retry.most, retry.first * (1LL << doublings));
  return whole / 2 + std::chrono::milliseconds(static_cast<std::int64_t>(
                         static_cast<double>((whole - whole / 2).count()) * draw));
}

bool wait_unless(const std::atomic<bool>* abort, std::chrono::milliseconds time) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + time;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    if (abort && abort->load()) return false;
    std::this_thread::sleep_for(
        std::min<Clock::duration>(until - now, std::chrono::milliseconds(100)));
  }
  return !(abort && abort->load());
}

HttpResult http_fetch(const HttpRequest& request, const HttpRetry& retry) {
  using Clock = std::chrono::steady_clock;
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto end = Clock::now() + retry.total;
  for (unsigned tried = 1;; ++tried) {
    HttpResult result = http_fetch(request);
    if (tried >= retry.tries || !worth_a_try(result, retry)) return result;
    std::chrono::milliseconds wait =
        retry_wait(retry, tried, std::uniform_real_distribution<>(0, 1)(random));
    if (result && result->retry_after)
      wait = std::max<std::chrono::milliseconds>(wait, *result->retry_after);
    if (Clock::now() + wait > end || !wait_unless(request.abort, wait)) return result;
  }
}

}  // namespace intelmq
