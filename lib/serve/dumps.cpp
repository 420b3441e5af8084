// SPDX-License-Identifier: Apache-2.0
#include "serve/dumps.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "serve/files.hpp"

namespace intelmq::serve {

Result<void> Dumps::prepare() const {
  if (auto made = make_private_directory(directory_); !made) return made;
  const auto names = list_directory(directory_);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    std::error_code ignored;
    if (name.ends_with(".work") || name.ends_with(".partial"))
      std::filesystem::remove_all(directory_ + '/' + name, ignored);
  }
  return {};
}

void Dumps::clear_workshop(const std::string& id) const {
  std::error_code ignored;
  std::filesystem::remove_all(workshop_of(id), ignored);
}

Result<Json> Dumps::add(const std::string& id, const Bundle& bundle) const {
  Json out = Json::object()
                 .set("id", id)
                 .set("path", path_of(id))
                 .set("bytes", static_cast<std::int64_t>(bundle.bytes))
                 .set("sha256", bundle.sha256)
                 .set("created", bundle.manifest["created"])
                 .set("purpose", bundle.manifest["purpose"])
                 .set("manifest", bundle.manifest);
  const auto done = atomic_write(directory_ + '/' + id + ".json", out.dump() + '\n', 0600);
  if (done) return out;
  ::unlink(path_of(id).c_str());
  return tl::unexpected(done.error());
}

std::vector<Json> Dumps::list() const {
  std::vector<Json> out;
  const auto names = list_directory(directory_);
  if (!names) return out;
  for (const std::string& name : *names)
    if (name.ends_with(".json"))
      if (auto one = find(name.substr(0, name.size() - 5))) out.push_back(std::move(*one));
  std::sort(out.begin(), out.end(),
            [](const Json& a, const Json& b) { return a["created"].text() > b["created"].text(); });
  return out;
}

std::optional<Json> Dumps::find(const std::string& id) const {
  if (!is_plain_name(id) || ::access(path_of(id).c_str(), F_OK) != 0) return std::nullopt;
  const auto text = read_file(directory_ + '/' + id + ".json");
  auto json = text ? Json::parse(*text) : Result<Json>(fail({}));
  if (!json || !json->is_object()) return std::nullopt;
  return std::move(*json);
}

bool Dumps::remove(const std::string& id) const {
  if (!is_plain_name(id)) return false;
  const bool was = ::unlink(path_of(id).c_str()) == 0;
  ::unlink((directory_ + '/' + id + ".json").c_str());
  return was;
}

}  // namespace intelmq::serve
