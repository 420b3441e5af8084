// SPDX-License-Identifier: Apache-2.0
#include "pipeline/catalogue.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"

namespace intelmq {
namespace {

constexpr std::string_view cache_version = "intelmq-catalogue/1";
constexpr std::string_view prefix = "intelmq-";

std::string own_directory() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? directory_of({path, static_cast<std::size_t>(size)}) : ".";
}

std::string text_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

/// A program's file as the cache knows it.
struct Stamp {
  std::string path;
  std::string time;  ///< Seconds and nanoseconds.
  std::int64_t size = 0;
};

bool is_bot_name(std::string_view name) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  const std::size_t dash = name.find('-');
  return dash != name.npos && dash + 1 < name.size() && kind_named(name.substr(0, dash)) &&
         name.find('.') == name.npos;
}

std::vector<Stamp> programs_in(const std::string& directory) {
  std::vector<Stamp> out;
  const auto names = list_directory(directory);
  if (!names) return out;
  for (const std::string& name : *names) {
    struct stat info = {};
    std::string path = directory;
    path.append("/").append(name);
    if (!is_bot_name(name) || stat(path.c_str(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode) || access(path.c_str(), X_OK) != 0) continue;
    out.push_back({path,
                   std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec),
                   info.st_size});
  }
  return out;
}

Json read_cache(const std::string& path) {
  if (path.empty()) return Json::object();
  const auto text = read_file(path);
  if (!text) return Json::object();
  auto document = Json::parse(*text);
  if (!document || (*document)["catalogue"].text() != cache_version) return Json::object();
  return (*document)["programs"];
}

/// Best effort: a catalogue that cannot be kept is made anew the next time.
void write_cache(const std::string& path, Json programs) {
  if (path.empty()) return;
  const std::string directory = directory_of(path);
  mkdir(directory_of(directory).c_str(), 0700);
  mkdir(directory.c_str(), 0700);
  if (access(directory.c_str(), W_OK) != 0) return;
  const Json document =
      Json::object().set("catalogue", cache_version).set("programs", std::move(programs));
  (void)atomic_write(path, document.dump() + "\n");
}

Result<Sheet> cached(const Json& cache, const Stamp& stamp) {
  const Json& known = cache[stamp.path];
  if (known["time"].text() != stamp.time || known["size"].integer() != stamp.size)
    return fail("not in the cache");
  return Sheet::read(known["description"]);
}

Json cache_entry(const Stamp& stamp, const Sheet& sheet) {
  return Json::object()
      .set("time", stamp.time)
      .set("size", stamp.size)
      .set("description", main_members(sheet.document));
}

/// `expert/taxonomy` and `expert-taxonomy` are the part of a program's name behind the prefix.
std::string with_dashes(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '/', '-');
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string_view short_name(const Sheet& sheet) {
  std::string_view name = sheet.program;
  name.remove_prefix(std::min(name.size(), prefix.size() + name_of(sheet.kind).size() + 1));
  return name;
}

}  // namespace

CataloguePlaces CataloguePlaces::of_this_process() {
  CataloguePlaces out;
  out.directories.push_back(own_directory());
  const std::string more = text_of("INTELMQ_BOT_PATH");
  for (const std::string_view directory : split(more, ':'))
    if (!directory.empty()) out.directories.emplace_back(directory);
  std::string cache = text_of("XDG_CACHE_HOME");
  if (!cache.starts_with('/')) {
    const std::string home = text_of("HOME");
    cache = home.starts_with('/') ? home + "/.cache" : "";
  }
  if (!cache.empty()) out.cache = cache + "/intelmq/catalogue.json";
  return out;
}

Catalogue Catalogue::read(const CataloguePlaces& places, const Describe& describe) {
  Catalogue out;
  const Json cache = read_cache(places.cache);
  Json fresh = Json::object();
  bool changed = false;
  for (const std::string& directory : places.directories)
    for (const Stamp& stamp : programs_in(directory)) {
      const std::string program = name_of(stamp.path);
      if (out.find_program(program)) continue;
      Result<Sheet> sheet = cached(cache, stamp);
      if (!sheet) {
        changed = true;
        sheet = describe(stamp.path);
      }
      if (sheet && sheet->program != program) sheet = fail("it calls itself " + sheet->program);
      if (!sheet) {
        out.problems_.push_back(stamp.path + ": " + sheet.error().text);
        continue;
      }
      fresh.set(stamp.path, cache_entry(stamp, *sheet));
      out.entries_.push_back({stamp.path, std::move(*sheet)});
    }
  if (changed || fresh.members().size() != cache.members().size())
    write_cache(places.cache, std::move(fresh));
  std::sort(out.entries_.begin(), out.entries_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.sheet.kind, a.sheet.program) < std::pair(b.sheet.kind, b.sheet.program);
  });
  return out;
}

const CatalogueEntry* Catalogue::find_program(std::string_view program) const {
  for (const CatalogueEntry& entry : entries_)
    if (entry.sheet.program == program) return &entry;
  return nullptr;
}

Result<const CatalogueEntry*> Catalogue::find(std::string_view name) const {
  if (const auto* entry = find_program(name)) return entry;
  if (name.find('.') != name.npos) {
    for (const CatalogueEntry& entry : entries_)
      if (entry.sheet.module == name) return &entry;
    if (const auto* entry = find_program(program_of_module(name))) return entry;
  }
  const std::string dashed = with_dashes(name);
  if (const auto* entry = find_program(std::string(prefix) + dashed)) return entry;
  std::vector<const CatalogueEntry*> same;
  for (const CatalogueEntry& entry : entries_)
    if (short_name(entry.sheet) == dashed) same.push_back(&entry);
  if (same.size() == 1) return same.front();
  if (same.empty())
    return fail("there is no bot " + quote_for_message(name) + did_you_mean(closest(name)) +
                " (see intelmq list)");
  std::vector<std::string> names;
  names.reserve(same.size());
  for (const CatalogueEntry* entry : same) names.push_back(entry->sheet.program);
  return fail(quote_for_message(name) + " is several bots: " + join(names, ", "));
}

std::string Catalogue::closest(std::string_view name) const {
  const std::string program = program_of_module(name);
  const std::string wanted = program.empty() ? with_dashes(name) : program;
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : entries_) {
    names.push_back(entry.sheet.program);
    names.push_back(entry.sheet.program.substr(prefix.size()));
    names.emplace_back(short_name(entry.sheet));
  }
  std::string found(nearest(wanted, std::span<const std::string>{names}));
  for (const CatalogueEntry& entry : entries_)
    if (found == short_name(entry.sheet) || entry.sheet.program == std::string(prefix) + found)
      return entry.sheet.program;
  return found;
}

std::string program_of_module(std::string_view module) {
  const auto parts = split(module, '.');
  if (parts.size() < 4 || parts[0] != "intelmq" || parts[1] != "bots") return {};
  std::string_view group = parts[2];
  if (!group.ends_with('s') || !kind_named(group.substr(0, group.size() - 1))) return {};
  group.remove_suffix(1);
  std::string folder = with_dashes(parts[parts.size() - 2]);
  if (parts.size() == 4) folder.clear();
  std::string own = with_dashes(parts.back());
  if (own == group)
    own.clear();
  else if (own.starts_with(std::string(group) + "-"))
    own.erase(0, group.size() + 1);
  const bool repeats = own == folder || own.starts_with(folder + "-");
  std::string name = own.empty() ? folder : folder.empty() || repeats ? own : folder + "-" + own;
  if (name.empty()) return {};
  return std::string(prefix) + std::string(group) + "-" + name;
}

}  // namespace intelmq
