// SPDX-License-Identifier: Apache-2.0
// A file behind a URL. What its server calls the copy that we have is kept beside it, so that
// requests can be conditional.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "serve/updates.hpp"

namespace intelmq::serve {
namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

/// The sum of the file called `name` in what sha256sum writes ("SUM  NAME" lines), or the only one
/// there is.
std::string sum_in(std::string_view text, std::string_view name) {
  std::string out;
  std::size_t sums = 0;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    if (!is_sha256(line.substr(0, end))) continue;
    std::string_view called = trim(line.substr(end));
    if (called.starts_with('*')) called.remove_prefix(1);
    std::string sum = ascii_lower(line.substr(0, end));
    if (called == name) return sum;
    out = std::move(sum);
    ++sums;
  }
  return sums == 1 ? out : std::string();
}

std::string sum_of(const std::string& path) { return look_at(path, "", true).sha256; }

class HttpOrigin final : public DataOrigin {
 public:
  std::string url, sum_url, database_type;

  Fetched<bool> newer(const UpdateTask& task) override {
    if (!sum_url.empty()) {
      const auto sum = ask_sum(task);
      if (!sum) return tl::unexpected(sum.error());
      return *sum != sum_of(task.path);
    }
    HttpRequest request = conditional(task);
    request.method = "HEAD";
    request.timeout = std::chrono::seconds(30);
    const auto response = http_fetch(request, task.retry);
    if (!response) return failed(response.error());
    if (response->status == 304) return false;
    if (response->status == 405 || response->status == 501) return true;  // only a GET will tell
    if (!response->good()) return failed(url, *response);
    const Json known = kept(task);
    const std::string_view tag = response->header("ETag");
    const std::string_view date = response->header("Last-Modified");
    if (tag.empty() && date.empty()) return true;
    return known["etag"].text() != tag || known["last_modified"].text() != date;
  }

  Fetched<bool> fetch(const UpdateTask& task, bool force, int fd) override {
    std::string sum;
    if (!sum_url.empty()) {
      auto asked = ask_sum(task);
      if (!asked) return tl::unexpected(asked.error());
      sum = std::move(*asked);
      if (!force && sum == sum_of(task.path)) return false;
    }
    if (auto room = task.room(); !room) return tl::unexpected(room.error());
    HttpRequest request = force ? task.request(url) : conditional(task);
    request.to_file = fd;
    const auto response = http_fetch(request, task.retry);
    if (!response) return failed(response.error());
    if (response->status == 304 && !force) return false;
    if (!response->good()) return failed(url, *response);
    if (!sum.empty() && sum != sum_of("/proc/self/fd/" + std::to_string(fd)))
      return failed("upstream-failed", url_for_message(url) + ": the file's SHA-256 is not what " +
                                           url_for_message(sum_url) + " says");
    tag_ = response->header("ETag");
    date_ = response->header("Last-Modified");
    return true;
  }

  void taken(const UpdateTask& task) override {
    const Json document = Json::object()
                              .set("url", url)
                              .set("etag", tag_)
                              .set("last_modified", date_)
                              .set("stamp", stamp_of(task.path));
    // Without it the next request is not conditional, no more.
    (void)atomic_write(task.beside(".origin.json"), document.dump() + "\n");
  }

  std::string type() const override { return database_type; }

 private:
  /// What is known of the copy; null if that is not from there, or is another file by now.
  Json kept(const UpdateTask& task) const {
    const auto text = read_file(task.beside(".origin.json"));
    if (!text) return {};
    auto document = Json::parse(*text);
    if (!document || (*document)["url"].text() != url ||
        (*document)["stamp"].text() != stamp_of(task.path))
      return {};
    return std::move(*document);
  }

  HttpRequest conditional(const UpdateTask& task) const {
    HttpRequest out = task.request(url);
    const Json known = kept(task);
    if (const std::string& tag = known["etag"].text(); !tag.empty())
      out.headers.emplace_back("If-None-Match", tag);
    if (const std::string& date = known["last_modified"].text(); !date.empty())
      out.headers.emplace_back("If-Modified-Since", date);
    return out;
  }

  Fetched<std::string> ask_sum(const UpdateTask& task) const {
    HttpRequest request = task.request(sum_url);
    request.max_body = 64u << 10;
    request.timeout = std::chrono::seconds(30);
    const auto response = http_fetch(request, task.retry);
    if (!response) return failed(response.error());
    if (!response->good()) return failed(sum_url, *response);
    std::string sum = sum_in(response->body, intelmq::name_of(url_for_message(url)));
    if (sum.empty())
      return failed("upstream-failed", url_for_message(sum_url) + " holds no SHA-256 of the file");
    return sum;
  }

  std::string tag_, date_;
};

}  // namespace

std::unique_ptr<DataOrigin> http_origin(const Json& source) {
  auto out = std::make_unique<HttpOrigin>();
  out->url = source["url"].text();
  out->sum_url = source["sha256_url"].text();
  out->database_type = source["database_type"].text();
  return out;
}

}  // namespace intelmq::serve
