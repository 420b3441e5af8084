// SPDX-License-Identifier: Apache-2.0
#include "serve/audit_chain.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "serve/audit.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view before_hash = ", \"hash\": \"", behind_hash = "\"}";
constexpr std::size_t tail = before_hash.size() + 64 + behind_hash.size();
constexpr int depth = 64;
constexpr std::size_t longest = 1 << 20;  // of a line

std::string numbered(std::uint64_t line, const std::string& what) {
  return "line " + std::to_string(line) + ": " + what;
}

/// One line after the other, against the one before.
class Verifier {
 public:
  Result<void> take(std::string_view line) {
    auto read = read_record(line);
    if (!read) return fail(numbered(chain_.lines + 1, read.error().text));
    const AuditLink& link = read->link;
    if (chain_.lines == 0) {
      chain_.first = link.number;
      chain_.before = read->before;
      if (link.number == 1 && read->before != AuditLink{}.hash)
        return fail(numbered(1, "the chain begins, but something is said to come before"));
    } else if (link.number != chain_.last + 1) {
      return fail(numbered(chain_.lines + 1, "its number is " + std::to_string(link.number) +
                                                 ", not " + std::to_string(chain_.last + 1)));
    } else if (read->before != chain_.hash) {
      return fail(numbered(chain_.lines + 1, "it does not follow the line before"));
    }
    ++chain_.lines;
    chain_.last = link.number;
    chain_.hash = link.hash;
    return {};
  }
  const AuditChain& chain() const { return chain_; }

 private:
  AuditChain chain_;
};

}  // namespace

std::string chain_record(const Json& record, std::string_view time, AuditLink& link) {
  Json line = Json::object();
  line.set("time", time)
      .set("seq", static_cast<std::int64_t>(link.number + 1))
      .set("prev", link.hash);
  for (const auto& [name, value] : record.members())
    if (!line.has(name) && name != "hash") line.set(name, value);
  std::string text = line.dump();
  text.pop_back();  // the brace
  link.hash = sha256_hex(text);
  ++link.number;
  return text.append(before_hash).append(link.hash).append(behind_hash);
}

Result<AuditLine> read_record(std::string_view line) {
  if (line.size() <= tail || !line.ends_with(behind_hash) ||
      line.substr(line.size() - tail, before_hash.size()) != before_hash)
    return fail("it does not end with a hash");
  AuditLine out;
  out.link.hash = line.substr(line.size() - behind_hash.size() - 64, 64);
  if (sha256_hex(line.substr(0, line.size() - tail)) != out.link.hash)
    return fail("its hash is not that of its content");
  auto parsed = Json::parse_strict(line, depth);
  if (!parsed) return fail("it is " + parsed.error().text);
  const auto number = (*parsed)["seq"].integer();
  if (!number || *number < 1 || !(*parsed)["prev"].is_string())
    return fail("it has no place in a chain");
  out.link.number = static_cast<std::uint64_t>(*number);
  out.before = (*parsed)["prev"].text();
  out.record = std::move(*parsed);
  return out;
}

Result<AuditChain> verify_audit(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  Verifier verifier;
  std::string held;
  std::string block(256 << 10, '\0');
  for (;;) {
    const ssize_t got = read(file->get(), block.data(), block.size());
    if (got < 0) return system_failure(path, "cannot be read", errno);
    held.append(block, 0, static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t end; (end = held.find('\n', start)) != held.npos; start = end + 1)
      if (auto good = verifier.take(std::string_view(held).substr(start, end - start)); !good)
        return fail(path + ": " + good.error().text);
    held.erase(0, start);
    if (got > 0 && held.size() < longest) continue;
    if (held.empty()) return verifier.chain();
    return fail(path + ": " + numbered(verifier.chain().lines + 1, "it has no end"));
  }
}

}  // namespace intelmq::serve
