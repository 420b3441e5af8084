// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

// Bundles of state: tar files (ustar) whose first member is manifest.json, which names all others
// with size and SHA-256. They hold what bots remember, never secrets.

namespace intelmq::serve {

inline constexpr std::string_view bundle_format = "intelmq-state/1";

struct BundleLimits {
  std::uint64_t bytes = 1ull << 40;  ///< Of the file.
  std::size_t members = 4096;
  std::size_t manifest = 4u << 20;
};

struct Bundle {
  Json manifest;
  std::uint64_t bytes = 0;
  std::string sha256;  ///< Of the file, in hex.
};

/// A part of a name: letters, digits and "._-+=@", neither "." nor "..", at most 128 characters.
bool is_plain_name(std::string_view text);

/// Writes all regular files below `folder` under their paths there, in the order of their bytes,
/// and the manifest, whose "format" and "members" are filled in. The file appears whole (mode 0600)
/// and on disk, or not at all. Error: what the system says.
Result<Bundle> write_bundle(const std::string& path, Json manifest, const std::string& folder);

/// Reads a bundle from wherever it came and sees whether it is whole and harmless: regular files
/// with plain names and in the manifest, no name twice, sizes and hashes right. Errors are for the
/// one who sent it; they do not name the path.
Result<Bundle> check_bundle(const std::string& path, const BundleLimits& limits = {});

/// Writes members to new files (mode 0600), on disk afterwards; hashes are compared once more.
/// After an error none of the files is left.
Result<void> extract_members(const std::string& bundle, const Json& manifest,
                             const std::vector<std::pair<std::string, std::string>>& targets);

/// Copies a file; the new one (mode 0600) must not exist. Error: names both; nothing is left.
Result<void> copy_file(const std::string& from, const std::string& to);

}  // namespace intelmq::serve
