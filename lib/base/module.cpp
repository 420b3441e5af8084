// SPDX-License-Identifier: Apache-2.0
#include "base/module.hpp"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <climits>
#include <vector>

namespace intelmq {
namespace {

bool is_module_name(std::string_view name) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-+_";
  return !name.empty() && name.find_first_not_of(letters) == std::string_view::npos;
}

std::string program_directory() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  const std::string_view program(path, size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t slash = program.rfind('/');
  return slash == std::string_view::npos ? "." : std::string(program.substr(0, slash));
}

std::vector<std::string> places() {
  std::vector<std::string> found;
  const char* wanted = secure_getenv("INTELMQ_MODULE_PATH");
  std::string_view rest = wanted == nullptr ? "" : wanted;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    if (colon != 0) found.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  const std::string program = program_directory();
#ifdef INTELMQ_LIBDIR  // as configured, such as lib/x86_64-linux-gnu
  found.push_back(program + "/../" INTELMQ_LIBDIR "/intelmq");
#endif
  found.push_back(program + "/../lib/intelmq");
  found.push_back(program + "/../modules");
  return found;
}

}  // namespace

Result<std::string> find_module(std::string_view name) {
  if (!is_module_name(name)) {
    return fail("module '" + std::string(name) + "': a name has small letters, digits and -+_");
  }
  const std::string file = "intelmq-" + std::string(name) + ".so";
  std::string looked;
  for (const std::string& place : places()) {
    std::string path = place;
    path.append("/").append(file);
    if (access(path.c_str(), R_OK) == 0) return path;
    looked += (looked.empty() ? "" : ", ") + place;
  }
  return fail("module '" + std::string(name) + "': no " + file + " in " + looked +
              "; install it or set INTELMQ_MODULE_PATH to its directory");
}

Result<void*> load_module(std::string_view name, std::string_view symbol) {
  const Result<std::string> path = find_module(name);
  if (!path) return tl::unexpected<Error>(path.error());
  void* handle = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = dlerror();
    return fail(*path + ": cannot be loaded: " + (why == nullptr ? "unknown reason" : why) +
                "; install the libraries it needs");
  }
  void* found = dlsym(handle, std::string(symbol).c_str());
  if (found != nullptr) return found;
  dlclose(handle);
  return fail(*path + ": has no symbol '" + std::string(symbol) +
              "'; install the module of this version");
}

}  // namespace intelmq
