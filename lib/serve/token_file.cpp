// SPDX-License-Identifier: Apache-2.0
#include "serve/token_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "serve/grants.hpp"
#include "type/secret.hpp"
#include "type/timestamp.hpp"

namespace intelmq::serve {
namespace {

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<FixedToken> read_line(std::string_view line, std::string_view instance) {
  std::vector<std::string> words;
  for (const std::string_view word : split(line, ' '))
    if (!trim(word).empty()) words.emplace_back(trim(word));
  if (words.size() != 4) return fail("write it as DIGEST ROLE LABEL EXPIRY");
  FixedToken out;
  out.digest = ascii_lower(words[0]);
  if (!is_digest(out.digest)) return fail("a SHA-256 has 64 hex digits");
  auto scopes = read_scopes(words[1], instance);
  if (!scopes) return tl::unexpected(scopes.error());
  out.scopes = *scopes;
  out.label = words[2];
  if (words[3] == "never") return out;
  const std::string time =
      words[3].ends_with('Z') ? words[3].substr(0, words[3].size() - 1) + "+00:00" : words[3];
  const auto expires = parse_strict(time);
  if (!expires)
    return fail("the expiry " + quote_for_message(words[3]) +
                " is not like 2027-01-31T00:00:00Z, nor never");
  out.expires = static_cast<double>(expires->seconds);
  return out;
}

}  // namespace

Result<std::vector<FixedToken>> read_token_file(const std::string& path,
                                                std::string_view instance) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return system_failure(path, "cannot be read", errno);
  if ((status.st_mode & 022) != 0)
    return fail(path + ": others may write to it; chmod it to 0600 or 0640");
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  std::vector<FixedToken> out;
  std::size_t number = 0;
  for (const std::string_view each : split(*text, '\n')) {
    ++number;
    const std::string_view line = trim(each);
    if (line.empty() || line.starts_with('#')) continue;
    auto token = read_line(line, instance);
    // The line itself is not told: somebody may have written the token instead of its digest.
    if (!token) return fail(path + ", line " + std::to_string(number) + ": " + token.error().text);
    out.push_back(std::move(*token));
  }
  return out;
}

const FixedToken* find_token(const std::vector<FixedToken>& tokens, std::string_view token) {
  const Secret digest(sha256_hex(token));
  const FixedToken* found = nullptr;
  for (const FixedToken& each : tokens)
    if (Secret(each.digest) == digest) found = &each;
  return found;
}

}  // namespace intelmq::serve
