// SPDX-License-Identifier: Apache-2.0
#include "bot/paths.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "bot/exit_code.hpp"

namespace intelmq {
// A path when the name is one and not the beginning of a URL.
std::pair<std::string, std::string> split_path(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const bool is_name = equals != std::string::npos && !name.empty() &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
                       });
  if (!is_name) return {"_default", text};
  return {name, text.substr(equals + 1)};
}

void Paths::add(const std::string& name, std::unique_ptr<Destination> destination) {
  auto at = std::find_if(paths_.begin(), paths_.end(),
                         [&](const auto& path) { return path->name == name; });
  if (at == paths_.end()) {
    at =
        paths_.insert(name == "_default" ? paths_.begin() : paths_.end(), std::make_unique<Path>());
    (*at)->name = name;
  }
  auto& lanes = (*at)->lanes;
  if (balanced_ || lanes.empty()) lanes.push_back(std::make_unique<Lane>());
  lanes.back()->destinations.push_back(std::move(destination));
}

OutBuffer* Paths::find(std::string_view name) {
  for (const auto& path : paths_)
    if (path->name == name) return &next(*path);
  return nullptr;
}

std::vector<std::string> Paths::names() const {
  std::vector<std::string> out;
  for (const auto& path : paths_)
    if (path->name != "_default") out.push_back(path->name);
  return out;
}

bool Paths::full() const {
  for (const auto& path : paths_)
    for (const auto& lane : path->lanes)
      if (lane->buffer.size() >= block) return true;
  return false;
}

Result<void> Paths::deliver() {
  for (const auto& path : paths_)
    for (const auto& lane : path->lanes)
      if (auto done = deliver(path->name, *lane); !done) return done;
  return {};
}

Result<void> Paths::deliver(const std::string& path, Lane& lane) {
  if (lane.buffer.size() == 0) return {};
  bool reached = false;
  for (const auto& destination : lane.destinations) {
    auto taken = destination->write(lane.buffer.text());
    if (taken && *taken == Delivery::done) taken = destination->flush();
    if (!taken) return tl::unexpected(taken.error());
    reached = reached || *taken == Delivery::done;
  }
  lane.gone = !reached;
  if (reached) bytes_ += lane.buffer.size();
  // Who watches may stop to.
  if (const Watcher watcher = watcher_; reached && watcher) watcher(path, lane.buffer.text());
  lane.buffer.clear();
  return {};
}

Result<void> Paths::close() {
  for (const auto& path : paths_)
    for (const auto& lane : path->lanes)
      for (const auto& destination : lane->destinations)
        if (auto closed = destination->close(); !closed) return closed;
  return {};
}

bool Paths::abandoned() const {
  for (const auto& path : paths_)
    for (const auto& lane : path->lanes)
      if (!lane->gone) return false;
  return !paths_.empty();
}

void open_paths(Paths& paths, const std::vector<std::string>& texts,
                const DestinationOptions& options) {
  bool has_default = false;
  for (const std::string& text : texts) {
    const auto [name, url] = split_path(text);
    has_default = has_default || name == "_default";
    auto destination = open_destination(url, options);
    if (!destination)
      throw StartError("--destination: " + destination.error().text, ExitCode::cannot_create);
    paths.add(name, std::move(*destination));
  }
  if (has_default) return;
  paths.add("_default", must(open_destination("-", options), ExitCode::cannot_create));
}

}  // namespace intelmq
