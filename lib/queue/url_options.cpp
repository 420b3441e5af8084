// SPDX-License-Identifier: Apache-2.0
#include "queue/url_options.hpp"

#include <algorithm>
#include <optional>

namespace intelmq {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    plain += c;
  }
  return plain;
}

namespace {

tl::unexpected<Error> bad_escape(const std::string& thing) {
  return fail(thing + ": '%' must be followed by two hex digits (not 00); write %25 for a percent");
}

struct Unit {
  std::string_view name;
  unsigned shift;
};

constexpr Unit units[] = {{"", 0},   {"B", 0},    {"k", 10}, {"K", 10},  {"KiB", 10},
                          {"M", 20}, {"MiB", 20}, {"G", 30}, {"GiB", 30}};

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::uint64_t most = 1ull << 33;
  std::uint64_t number = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
    if (number > most) return std::nullopt;
  }
  if (at == 0 || number == 0) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name == text.substr(at)) return number << unit.shift;
  }
  return std::nullopt;
}

}  // namespace

std::string url_scheme(std::string_view url) {
  if (url == "-") return "-";
  std::string scheme(url.substr(0, url.find(':')));
  if (scheme.size() == url.size() || scheme.empty()) return {};
  for (char& c : scheme) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
    if (!good) return {};
  }
  return scheme;
}

Result<QueueUrl> QueueUrl::parse(std::string_view url) {
  QueueUrl parsed;
  parsed.scheme_ = url_scheme(url);
  if (parsed.scheme_ == "-") return parsed;
  if (parsed.scheme_.empty()) {
    return fail("'" + std::string(url) + "': has no scheme; write file:PATH, dir:PATH or -");
  }
  std::string_view rest = url.substr(parsed.scheme_.size() + 1);
  const std::size_t question = rest.find('?');
  std::string_view options = question == std::string_view::npos ? "" : rest.substr(question + 1);
  rest = rest.substr(0, question);
  if (rest.substr(0, 3) == "///") rest.remove_prefix(2);
  const std::optional<std::string> path = percent_decoded(rest);
  if (!path) return bad_escape(parsed.scheme_ + ":" + std::string(rest));
  parsed.path_ = *path;
  while (!options.empty()) {
    const std::string_view option = options.substr(0, options.find('&'));
    options.remove_prefix(std::min(options.size(), option.size() + 1));
    const std::size_t equals = option.find('=');
    const std::string name(option.substr(0, equals));
    const std::optional<std::string> value =
        percent_decoded(equals == std::string_view::npos ? "" : option.substr(equals + 1));
    if (!value) return bad_escape(parsed.scheme_ + ":" + *path + ": option '" + name + "'");
    if (!option.empty()) parsed.options_.emplace_back(name, *value);
  }
  return parsed;
}

Result<void> QueueUrl::allow(const std::vector<std::string_view>& known) const {
  std::string list;
  for (const std::string_view name : known) list.append(list.empty() ? "" : ", ").append(name);
  for (const auto& [name, value] : options_) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(scheme_ + ":" + path_ + ": unknown option '" + name + "'; known: " +
                (list.empty() ? "none (write %3F for a question mark in the path)" : list));
  }
  return {};
}

const std::string* QueueUrl::value_of(std::string_view name) const {
  for (auto option = options_.rbegin(); option != options_.rend(); ++option) {
    if (option->first == name) return &option->second;
  }
  return nullptr;
}

Result<bool> QueueUrl::flag(std::string_view name) const {
  const std::string* value = value_of(name);
  if (value == nullptr) return false;
  for (const char* yes : {"", "1", "yes", "true", "on"}) {
    if (*value == yes) return true;
  }
  for (const char* no : {"0", "no", "false", "off"}) {
    if (*value == no) return false;
  }
  return fail(scheme_ + ":" + path_ + ": option '" + std::string(name) + "': '" + *value +
              "' is not 1 or 0");
}

Result<std::uint64_t> QueueUrl::size(std::string_view name, std::uint64_t otherwise) const {
  const std::string* value = value_of(name);
  if (value == nullptr) return otherwise;
  const std::optional<std::uint64_t> parsed = parse_size(*value);
  if (parsed) return *parsed;
  return fail(scheme_ + ":" + path_ + ": option '" + std::string(name) + "': '" + *value +
              "' is not a size such as 64KiB or 16MiB");
}

std::string QueueUrl::text(std::string_view name, std::string_view otherwise) const {
  const std::string* value = value_of(name);
  return value == nullptr ? std::string(otherwise) : *value;
}

}  // namespace intelmq
