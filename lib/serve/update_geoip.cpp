// SPDX-License-Identifier: Apache-2.0
// What geoipupdate 8 speaks with its server: metadata with an MD5, then an archive with one file.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "serve/updates.hpp"

namespace intelmq::serve {
namespace {

struct ArchiveFree {
  void operator()(archive* what) const { archive_read_free(what); }
};
struct DigestFree {
  void operator()(EVP_MD_CTX* what) const { EVP_MD_CTX_free(what); }
};

std::string hex(const unsigned char* bytes, unsigned size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

/// MD5 of a file, as the server gives it; empty: it cannot be read.
std::string md5_of(int fd) {
  const std::unique_ptr<EVP_MD_CTX, DigestFree> digest{EVP_MD_CTX_new()};
  if (!digest || EVP_DigestInit_ex(digest.get(), EVP_md5(), nullptr) != 1) return {};
  std::string block(1u << 18, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = pread(fd, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) break;
    EVP_DigestUpdate(digest.get(), block.data(), static_cast<std::size_t>(got));
    at += got;
  }
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(digest.get(), sum, &size);
  return hex(sum, size);
}

bool is_made_of(std::string_view text, std::string_view letters, std::size_t size) {
  return text.size() == size && text.find_first_not_of(letters) == text.npos;
}

/// Whether an archive names a file in a way that no honest one does.
bool leads_astray(std::string_view name) {
  const auto parts = split(name, '/');
  return name.starts_with('/') || std::find(parts.begin(), parts.end(), "..") != parts.end();
}

/// Copies the data of the entry that was read last; its size is bounded by what it says.
Fetched<void> copy_entry(archive* from, int to, std::uint64_t most, const std::string& url) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  std::uint64_t total = 0;
  for (;;) {
    const int state = archive_read_data_block(from, &block, &size, &offset);
    if (state == ARCHIVE_EOF) return {};
    if (state < ARCHIVE_WARN)
      return failed("upstream-failed", url + ": the archive is damaged or cut off");
    total += size;
    if (total > most || static_cast<std::uint64_t>(offset) + size != total)
      return failed("upstream-failed", url + ": the archive is not what it says");
    const Written written = write_some(to, {static_cast<const char*>(block), size});
    if (written.error)
      return failed(
          "insufficient-storage",
          system_failure("the new file", "cannot be written", written.error).value().text);
  }
}

/// The one file NAME.mmdb of a tar.gz. Names in it are looked at, never used.
Fetched<void> unpack(int archived, int to, std::uint64_t most, const std::string& url) {
  constexpr int most_entries = 100;
  const auto bad = [&](const std::string& why) {
    return failed("upstream-failed", url + ": the archive " + why);
  };
  lseek(archived, 0, SEEK_SET);
  const std::unique_ptr<archive, ArchiveFree> in{archive_read_new()};
  if (!in) return bad("cannot be read, no memory");
  archive_read_support_filter_gzip(in.get());
  archive_read_support_format_tar(in.get());
  if (archive_read_open_fd(in.get(), archived, 65536) != ARCHIVE_OK)
    return bad("is damaged or cut off");
  bool found = false;
  for (int i = 0; i < most_entries; ++i) {
    archive_entry* entry = nullptr;
    const int state = archive_read_next_header(in.get(), &entry);
    if (state == ARCHIVE_EOF) {
      if (!found) return bad("holds no .mmdb file");
      return {};
    }
    if (state < ARCHIVE_WARN) return bad("is damaged or cut off");
    const char* raw = archive_entry_pathname(entry);
    const std::string name = raw ? raw : "";
    if (leads_astray(name)) return bad("has a file called " + quote_for_message(name));
    if (static_cast<std::uint64_t>(archive_entry_size(entry)) > most)
      return bad("holds more than " + std::to_string(most) + " bytes");
    if (!name.ends_with(".mmdb")) continue;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
      return bad("has a .mmdb that is no file");
    if (found) return bad("holds several .mmdb files");
    found = true;
    if (auto done = copy_entry(in.get(), to, most, url); !done) return done;
  }
  return bad("holds more than " + std::to_string(most_entries) + " files");
}

class GeoipOrigin final : public DataOrigin {
 public:
  std::string host, edition, account;
  Secret key;
  std::optional<std::string> proxy;

  Fetched<bool> newer(const UpdateTask& task) override {
    const auto offer = ask(task);
    if (!offer) return tl::unexpected(offer.error());
    return offer->md5 != md5_of_path(task.path);
  }

  Fetched<bool> fetch(const UpdateTask& task, bool force, int fd) override {
    const auto offer = ask(task);
    if (!offer) return tl::unexpected(offer.error());
    if (!force && offer->md5 == md5_of_path(task.path)) return false;
    if (auto room = task.room(); !room) return tl::unexpected(room.error());
    const std::string url =
        host + "/geoip/databases/" + edition + "/download?date=" + offer->date + "&suffix=tar.gz";
    // A second file, without a name: it goes when it is closed, however this ends.
    const std::string name = task.beside(".tmp.archive");
    const FileDescriptor archived{
        open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!archived)
      return failed("conflict", system_failure(name, "cannot be created", errno).value().text);
    unlink(name.c_str());
    if (auto got = get(task, url, archived.get()); !got) return tl::unexpected(got.error());
    const std::string shown = url_for_message(url);
    if (auto done = unpack(archived.get(), fd, task.most, shown); !done)
      return tl::unexpected(done.error());
    if (md5_of(fd) != offer->md5)
      return failed("upstream-failed", shown + ": the file's MD5 is not what the server said");
    return true;
  }

  std::string type() const override { return edition; }

 private:
  struct Offer {
    std::string md5, date;
  };

  static std::string md5_of_path(const std::string& path) {
    const auto file = open_file(path, O_RDONLY);
    return file ? md5_of(file->get()) : std::string();
  }

  Fetched<HttpResponse> get(const UpdateTask& task, const std::string& url, int to_file) const {
    HttpRequest request = task.request(url);
    request.user = account;
    request.password = key;
    request.proxy = proxy;
    request.to_file = to_file;
    if (to_file < 0) {
      request.max_body = 1u << 20;
      request.timeout = std::chrono::seconds(30);
    }
    HttpRetry retry = task.retry;
    retry.after_429 = false;  // the limit is one of the day
    auto response = http_fetch(request, retry);
    if (!response) return failed(response.error());
    if (response->good()) return std::move(*response);
    auto failure = failed(url, *response);
    if (response->status == 401 || response->status == 403)
      failure.value().text +=
          ": account id or licence key are wrong; check GEOIPUPDATE_ACCOUNT_ID "
          "and GEOIPUPDATE_LICENSE_KEY";
    if (response->status == 429)
      failure.value().text += ": the account's limit of downloads is reached";
    return failure;
  }

  Fetched<Offer> ask(const UpdateTask& task) const {
    const std::string url = host + "/geoip/updates/metadata?edition_id=" + edition;
    const auto response = get(task, url, -1);
    if (!response) return tl::unexpected(response.error());
    const auto document = Json::parse(response->body);
    if (document)
      for (const Json& database : (*document)["databases"].items()) {
        if (database["edition_id"].text() != edition) continue;
        Offer out{ascii_lower(database["md5"].text()), database["date"].text()};
        std::erase(out.date, '-');
        if (is_made_of(out.md5, "0123456789abcdef", 32) && is_made_of(out.date, "0123456789", 8))
          return out;
      }
    return failed("upstream-failed",
                  url_for_message(url) + ": the answer says nothing of " + edition);
  }
};

}  // namespace

Fetched<std::unique_ptr<DataOrigin>> geoip_origin(const Json& source, const Environment& get) {
  auto out = std::make_unique<GeoipOrigin>();
  out->edition = source["edition"].text();
  out->account = get("GEOIPUPDATE_ACCOUNT_ID");
  out->key = Secret(get("GEOIPUPDATE_LICENSE_KEY"));
  if (out->account.empty() || out->key.empty())
    return failed("conflict",
                  "to get " + out->edition +
                      " set GEOIPUPDATE_ACCOUNT_ID and GEOIPUPDATE_LICENSE_KEY, or the same with "
                      "_FILE for files that hold them");
  out->host = source["host"].text();
  if (out->host.empty()) out->host = get("GEOIPUPDATE_HOST");
  if (out->host.empty()) out->host = "updates.maxmind.com";
  if (out->host.find("://") == std::string::npos) out->host.insert(0, "https://");
  if (out->host.ends_with('/')) out->host.pop_back();
  if (const std::string proxy = get("GEOIPUPDATE_PROXY"); !proxy.empty()) out->proxy = proxy;
  return out;
}

}  // namespace intelmq::serve
