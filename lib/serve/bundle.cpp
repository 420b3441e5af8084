// SPDX-License-Identifier: Apache-2.0
#include "serve/bundle.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t block = 128u << 10;
constexpr std::string_view manifest_name = "manifest.json";

using Writer = std::unique_ptr<archive, int (*)(archive*)>;
using Reader = std::unique_ptr<archive, int (*)(archive*)>;
using Take = std::function<Result<void>(std::string_view bytes)>;

tl::unexpected<Error> archive_failure(archive* of, const std::string& path) {
  const int code = archive_errno(of);
  return fail(path + ": cannot write: " + std::strerror(code == 0 ? EIO : code));
}

Result<FileDescriptor> create(const std::string& path) {
  return open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
}

Result<void> read_through(const std::string& path, const Take& take) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  const auto buffer = std::make_unique<char[]>(block);
  while (true) {
    const ssize_t got = ::read(file->get(), buffer.get(), block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(path, "cannot read", errno);
    if (got == 0) return {};
    if (auto done = take({buffer.get(), static_cast<std::size_t>(got)}); !done) return done;
  }
}

struct Measured {
  std::uint64_t bytes = 0;
  std::string sha256;
};

Result<Measured> measure(const std::string& path) {
  Measured out;
  Sha256 hash;
  const auto read = read_through(path, [&](std::string_view bytes) -> Result<void> {
    hash.update(bytes);
    out.bytes += bytes.size();
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  out.sha256 = hash.hex();
  return out;
}

/// Paths of the regular files below a folder, in the order of their bytes.
Result<void> find_files(const std::string& folder, const std::string& prefix,
                        std::vector<std::string>& out) {
  const auto names = list_directory(folder);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    const std::string path = fmt::format("{}/{}", folder, name);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
      return system_failure(path, "cannot look at it", errno);
    if (!is_plain_name(name)) return fail(path + ": has a name that no bundle can hold");
    if (S_ISDIR(status.st_mode)) {
      if (auto done = find_files(path, prefix + name + '/', out); !done) return done;
    } else if (S_ISREG(status.st_mode)) {
      out.push_back(prefix + name);
    }
  }
  if (prefix.empty()) std::sort(out.begin(), out.end());
  return {};
}

Result<void> begin_member(archive* to, const std::string& path, const std::string& name,
                          std::uint64_t bytes) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_header(to, entry.get()) != ARCHIVE_OK) return archive_failure(to, path);
  return {};
}

Result<void> add_bytes(archive* to, const std::string& path, std::string_view bytes) {
  if (archive_write_data(to, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
    return archive_failure(to, path);
  return {};
}

Result<void> fill(archive* to, const std::string& path, const Json& manifest,
                  const std::string& folder) {
  const std::string text = manifest.dump_pretty() + '\n';
  auto done = begin_member(to, path, std::string(manifest_name), text.size());
  if (done) done = add_bytes(to, path, text);
  for (const Json& member : manifest["members"].items()) {
    if (!done) return done;
    const std::string& name = member["name"].text();
    done = begin_member(to, path, name, static_cast<std::uint64_t>(*member["bytes"].integer()));
    if (done)
      done = read_through(fmt::format("{}/{}", folder, name),
                          [&](std::string_view bytes) { return add_bytes(to, path, bytes); });
  }
  if (done && archive_write_close(to) != ARCHIVE_OK) return archive_failure(to, path);
  return done;
}

Result<void> write_tar(const std::string& path, const Json& manifest, const std::string& folder) {
  const auto file = create(path);
  if (!file) return tl::unexpected(file.error());
  const Writer to(archive_write_new(), archive_write_free);
  archive_write_set_format_ustar(to.get());
  if (archive_write_open_fd(to.get(), file->get()) != ARCHIVE_OK)
    return archive_failure(to.get(), path);
  if (auto done = fill(to.get(), path, manifest, folder); !done) return done;
  if (::fsync(file->get()) != 0) return system_failure(path, "cannot write to disk", errno);
  return {};
}

// --- reading

struct Member {
  std::string name;
  std::uint64_t bytes = 0;
};

/// Whether a name is one of those that a bundle has.
bool is_member_name(const std::string& name) {
  if (name == manifest_name || name == "inflight.ndjson" || name == "failed.ndjson") return true;
  const auto parts = split(name, '/');
  return name.size() <= 240 && parts.size() >= 3 && parts.size() <= 8 && parts.front() == "bots" &&
         std::all_of(parts.begin(), parts.end(), is_plain_name);
}

Result<Member> read_head(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (!name) return fail("the bundle has a member without a readable name");
  Member out{name, 0};
  const auto refuse = [&](std::string_view why) {
    return fail(fmt::format("the bundle's member {} {}", quote_for_message(name), why));
  };
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
      archive_entry_symlink(entry))
    return refuse("is no regular file");
  if (!is_member_name(out.name)) return refuse("has a name that no bundle has");
  if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
    return refuse("has no size");
  out.bytes = static_cast<std::uint64_t>(archive_entry_size(entry));
  return out;
}

Result<void> read_body(archive* from, std::uint64_t most, const Take& take) {
  const auto buffer = std::make_unique<char[]>(block);
  std::uint64_t total = 0;
  while (true) {
    const la_ssize_t got = archive_read_data(from, buffer.get(), block);
    if (got == ARCHIVE_RETRY) continue;
    if (got < 0) return fail("the bundle is cut off or damaged");
    if (got == 0) return {};
    total += static_cast<std::uint64_t>(got);
    if (total > most) return fail("a member of the bundle is longer than it says");
    if (auto done = take({buffer.get(), static_cast<std::size_t>(got)}); !done) return done;
  }
}

/// Hands every member over; `each` gives what takes its bytes (nothing: it is passed over).
Result<void> read_tar(const std::string& path,
                      const std::function<Result<Take>(const Member&)>& each) {
  const Reader from(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(from.get());
  if (archive_read_open_filename(from.get(), path.c_str(), block) != ARCHIVE_OK)
    return fail("the bundle is no tar file");
  while (true) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(from.get(), &entry);
    if (code == ARCHIVE_EOF) return {};
    if (code != ARCHIVE_OK) return fail("the bundle is no tar file, or a damaged one");
    const auto member = read_head(entry);
    if (!member) return tl::unexpected(member.error());
    const auto take = each(*member);
    if (!take) return tl::unexpected(take.error());
    if (!*take) continue;
    if (auto done = read_body(from.get(), member->bytes, *take); !done) return done;
  }
}

bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// What the manifest says of members, by name.
using Listed = std::map<std::string, Measured>;

Result<Listed> read_listed(const Json& manifest) {
  Listed out;
  for (const Json& member : manifest["members"].items()) {
    const auto bytes = member["bytes"].integer();
    const std::string& name = member["name"].text();
    const std::string& digest = member["sha256"].text();
    if (!bytes || *bytes < 0 || !is_digest(digest) || !is_member_name(name))
      return fail("the bundle's manifest has a member without name, bytes or sha256");
    if (!out.emplace(name, Measured{static_cast<std::uint64_t>(*bytes), digest}).second)
      return fail("the bundle's manifest names a member twice");
  }
  return out;
}

Result<Json> read_manifest(const std::string& text) {
  auto json = Json::parse_strict(text, 16);
  if (!json) return fail("the bundle's manifest.json is no JSON: " + json.error().text);
  if ((*json)["format"].text() != bundle_format)
    return fail(fmt::format("the bundle's format is not {}", bundle_format));
  for (const char* const name : {"service", "instance"})
    if (!is_plain_name((*json)[name].text()))
      return fail(fmt::format("the bundle's manifest has no proper {}", name));
  if (!(*json)["bots"].is_array() || !(*json)["members"].is_array())
    return fail("the bundle's manifest has no bots or members");
  for (const Json& bot : (*json)["bots"].items())
    if (!is_plain_name(bot["id"].text()) || !bot["name"].is_string() ||
        !bot["state_schema"].integer())
      return fail("the bundle's manifest has a bot without id, name or state_schema");
  return std::move(*json);
}

/// Reads a bundle member by member and keeps what it finds.
class Check {
 public:
  explicit Check(const BundleLimits& limits, std::uint64_t bytes) : limits_{limits}, left_{bytes} {}

  Result<Take> begin(const Member& member) {
    if (!seen_.insert(member.name).second) return fail("the bundle has a member twice");
    if (seen_.size() > limits_.members) return fail("the bundle has too many members");
    // Holes in files would make more of it than it is.
    if (member.bytes > left_) return fail("the bundle has a member that is longer than itself");
    left_ -= member.bytes;
    const bool first = seen_.size() == 1;
    if (first != (member.name == manifest_name))
      return fail("the bundle's first member has to be manifest.json");
    if (first && member.bytes > limits_.manifest) return fail("the bundle's manifest is too long");
    if (!first)
      if (auto done = end_one(); !done) return tl::unexpected(done.error());
    current_ = member;
    hash_ = Sha256();
    return Take([this, first](std::string_view bytes) -> Result<void> {
      if (first)
        text_ += bytes;
      else
        hash_.update(bytes);
      return {};
    });
  }

  Result<Json> end() {
    if (seen_.empty()) return fail("the bundle is empty");
    if (auto done = end_one(); !done) return tl::unexpected(done.error());
    for (const auto& [name, measured] : listed_)
      if (!seen_.contains(name))
        return fail("the bundle lacks " + quote_for_message(name) + ", which its manifest names");
    return std::move(manifest_);
  }

 private:
  Result<void> end_one() {
    if (current_.name == manifest_name) {
      auto manifest = read_manifest(text_);
      if (!manifest) return tl::unexpected(manifest.error());
      auto listed = read_listed(*manifest);
      if (!listed) return tl::unexpected(listed.error());
      manifest_ = std::move(*manifest);
      listed_ = std::move(*listed);
      return {};
    }
    const auto known = listed_.find(current_.name);
    if (known == listed_.end())
      return fail("the bundle's manifest does not name " + quote_for_message(current_.name));
    if (known->second.bytes != current_.bytes || known->second.sha256 != hash_.hex())
      return fail("the bundle's member " + quote_for_message(current_.name) +
                  " is not what the manifest says (size or SHA-256)");
    return {};
  }

  BundleLimits limits_;
  std::uint64_t left_;
  std::set<std::string> seen_;
  Member current_;
  Sha256 hash_;
  std::string text_;
  Json manifest_;
  Listed listed_;
};

struct Target {
  std::string path;
  FileDescriptor file;
  Sha256 hash;
};

Result<void> finish_targets(const Listed& listed, std::map<std::string, Target>& open) {
  for (auto& [name, target] : open) {
    const auto known = listed.find(name);
    if (!target.file || known == listed.end() || known->second.sha256 != target.hash.hex())
      return fail("the bundle's member " + quote_for_message(name) + " is missing or damaged");
    if (::fsync(target.file.get()) != 0)
      return system_failure(target.path, "cannot write to disk", errno);
  }
  return {};
}

}  // namespace

bool is_plain_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._-+=@").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 128 && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), plain);
}

Result<Bundle> write_bundle(const std::string& path, Json manifest, const std::string& folder) {
  std::vector<std::string> names;
  if (auto found = find_files(folder, "", names); !found) return tl::unexpected(found.error());
  Json members = Json::array();
  for (const std::string& name : names) {
    const auto measured = measure(fmt::format("{}/{}", folder, name));
    if (!measured) return tl::unexpected(measured.error());
    members.push(Json::object()
                     .set("name", name)
                     .set("bytes", static_cast<std::int64_t>(measured->bytes))
                     .set("sha256", measured->sha256));
  }
  manifest.set("format", bundle_format).set("members", std::move(members));
  const std::string partial = path + ".partial";
  ::unlink(partial.c_str());
  auto done = write_tar(partial, manifest, folder);
  const auto measured = done ? measure(partial) : Result<Measured>();
  if (done && !measured) done = tl::unexpected(measured.error());
  if (done)
    if (const int code = rename_new(partial, path); code != 0)
      done = system_failure(path, "cannot rename", code);
  if (!done) {
    ::unlink(partial.c_str());
    return tl::unexpected(done.error());
  }
  if (done = fsync_directory(directory_of(path)); !done) return tl::unexpected(done.error());
  return Bundle{std::move(manifest), measured->bytes, measured->sha256};
}

Result<Bundle> check_bundle(const std::string& path, const BundleLimits& limits) {
  const auto measured = measure(path);
  if (!measured) return fail("the bundle cannot be read");
  if (measured->bytes > limits.bytes) return fail("the bundle is too long");
  Check check(limits, measured->bytes);
  const auto read = read_tar(path, [&](const Member& member) { return check.begin(member); });
  if (!read) return tl::unexpected(read.error());
  auto manifest = check.end();
  if (!manifest) return tl::unexpected(manifest.error());
  return Bundle{std::move(*manifest), measured->bytes, measured->sha256};
}

Result<void> extract_members(const std::string& bundle, const Json& manifest,
                             const std::vector<std::pair<std::string, std::string>>& targets) {
  std::map<std::string, Target> open;
  for (const auto& [name, path] : targets) open[name].path = path;
  auto done = read_tar(bundle, [&](const Member& member) -> Result<Take> {
    const auto wanted = open.find(member.name);
    if (wanted == open.end()) return Take();
    Target& target = wanted->second;
    auto file = create(target.path);
    if (!file) return tl::unexpected(file.error());
    target.file = std::move(*file);
    return Take([&target](std::string_view bytes) -> Result<void> {
      target.hash.update(bytes);
      const Written written = write_some(target.file.get(), bytes);
      if (written.error == 0) return {};
      return system_failure(target.path, "cannot write", written.error);
    });
  });
  const auto listed = read_listed(manifest);
  if (done && !listed) done = tl::unexpected(listed.error());
  if (done) done = finish_targets(*listed, open);
  if (!done)
    for (const auto& [name, target] : open)
      if (target.file) ::unlink(target.path.c_str());
  return done;
}

Result<void> copy_file(const std::string& from, const std::string& to) {
  const auto file = create(to);
  if (!file) return tl::unexpected(file.error());
  auto done = read_through(from, [&](std::string_view bytes) -> Result<void> {
    const Written written = write_some(file->get(), bytes);
    if (written.error == 0) return {};
    return system_failure(to, "cannot write", written.error);
  });
  if (!done) ::unlink(to.c_str());
  return done;
}

}  // namespace intelmq::serve
