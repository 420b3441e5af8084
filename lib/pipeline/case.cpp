// SPDX-License-Identifier: Apache-2.0
#include "pipeline/case.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace intelmq {
namespace {

constexpr std::string_view volatile_field = "time.observation";
constexpr int deepest = 4;

bool is_file(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool is_directory(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_case(const std::string& directory) {
  for (const char* name : {"args", "in", "out", "err", "code"})
    if (is_file(directory + "/" + name)) return true;
  return false;
}

Result<void> collect(const std::string& directory, int depth, std::vector<std::string>& out) {
  if (is_case(directory)) {
    out.push_back(directory);
    return {};
  }
  auto names = list_directory(directory);
  if (!names) return tl::unexpected<Error>(names.error());
  for (const std::string& name : *names) {
    std::string path = directory;
    path.append("/").append(name);
    if (name.starts_with('.') || depth == deepest || !is_directory(path)) continue;
    if (auto done = collect(path, depth + 1, out); !done) return done;
  }
  return {};
}

Result<std::string> optional_file(const std::string& path) {
  return is_file(path) ? read_file(path) : std::string();
}

Json without_volatile(const Json& line) {
  Json out = Json::object();
  for (const auto& [name, value] : line.members())
    if (name != volatile_field) out.set(name, value);
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.empty() ? std::vector<std::string_view>{} : split(text, '\n');
}

std::string shown(const Json& value) {
  constexpr std::size_t most = 200;
  std::string text = value.dump();
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

void compare_objects(std::size_t number, const Json& expected, const Json& actual,
                     std::vector<std::string>& out) {
  for (const auto& [name, value] : expected.members()) {
    if (!actual.has(name))
      out.push_back(fmt::format("line {}: {}: expected {}, not there", number, name, shown(value)));
    else if (!(actual[name] == value))
      out.push_back(fmt::format("line {}: {}: expected {}, got {}", number, name, shown(value),
                                shown(actual[name])));
  }
  for (const auto& [name, value] : actual.members())
    if (!expected.has(name))
      out.push_back(fmt::format("line {}: {}: not expected, got {}", number, name, shown(value)));
}

void compare_line(std::size_t number, std::string_view expected, std::string_view actual,
                  std::vector<std::string>& out) {
  if (expected == actual) return;
  const auto left = Json::parse(expected);
  const auto right = Json::parse(actual);
  if (left && right && left->is_object() && right->is_object())
    return compare_objects(number, without_volatile(*left), without_volatile(*right), out);
  if (left && right && *left == *right) return;
  out.push_back(fmt::format("line {}: expected {}, got {}", number, quote_for_message(expected),
                            quote_for_message(actual)));
}

std::string stable_line(std::string_view line) {
  if (line.find(volatile_field) == line.npos) return std::string(line);
  const auto json = Json::parse(line);
  if (!json || !json->has(volatile_field)) return std::string(line);
  return without_volatile(*json).dump();
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
  }
  return out;
}

Result<void> keep_or_remove(const std::string& path, const std::string& text, bool keep) {
  if (keep) return atomic_write(path, text);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_failure(path, "cannot remove", errno);
  return {};
}

}  // namespace

Result<std::vector<std::string>> find_cases(const std::string& directory) {
  std::string root = directory;
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  std::vector<std::string> out;
  if (auto done = collect(root, 0, out); !done) return tl::unexpected<Error>(done.error());
  return out;
}

Result<Case> read_case(const std::string& directory) {
  char* real = realpath(directory.c_str(), nullptr);
  if (real == nullptr) return system_failure(directory, "cannot be found", errno);
  Case out;
  out.directory = real;
  free(real);
  out.program = name_of(directory_of(out.directory));
  out.name = out.program + "/" + name_of(out.directory);
  const std::pair<const char*, std::string*> texts[] = {
      {"in", &out.input}, {"out", &out.output}, {"err", &out.errors}};
  for (const auto& [name, text] : texts) {
    auto content = optional_file(out.directory + "/" + name);
    if (!content) return tl::unexpected<Error>(content.error());
    *text = std::move(*content);
  }
  const auto args = optional_file(out.directory + "/args");
  const auto code = optional_file(out.directory + "/code");
  if (!args) return tl::unexpected<Error>(args.error());
  if (!code) return tl::unexpected<Error>(code.error());
  auto words = split_shell(trim(*args));
  if (!words) return fail(out.directory + "/args: " + words.error().text);
  out.arguments = std::move(*words);
  const std::string_view digits = trim(*code);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.code);
  if (!digits.empty() && (error != std::errc{} || end != digits.data() + digits.size()))
    return fail(out.directory + "/code: " + quote_for_message(digits) + " is not an exit code");
  return out;
}

std::vector<std::string> compare_lines(std::string_view expected, std::string_view actual) {
  const auto left = lines_of(expected);
  const auto right = lines_of(actual);
  std::vector<std::string> out;
  const std::size_t both = std::min(left.size(), right.size());
  for (std::size_t i = 0; i < both; ++i) compare_line(i + 1, left[i], right[i], out);
  for (std::size_t i = both; i < left.size(); ++i)
    out.push_back(
        fmt::format("line {}: not there, expected {}", i + 1, quote_for_message(left[i])));
  for (std::size_t i = both; i < right.size(); ++i)
    out.push_back(fmt::format("line {}: not expected, got {}", i + 1, quote_for_message(right[i])));
  return out;
}

std::vector<std::string> compare_case(const Case& expected, const Outcome& actual) {
  if (actual.timed_out) return {"it did not end within its time"};
  if (actual.too_much) return {"it wrote without end"};
  std::vector<std::string> out = compare_lines(expected.output, actual.output);
  for (std::string& text : out) text.insert(0, "out: ");
  const auto left = lines_of(expected.errors);
  const auto right = lines_of(actual.errors);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string_view a = i < left.size() ? left[i] : "", b = i < right.size() ? right[i] : "";
    if (a != b)
      out.push_back(fmt::format("err: line {}: expected {}, got {}", i + 1, quote_for_message(a),
                                quote_for_message(b)));
  }
  if (expected.code != actual.code)
    out.push_back(fmt::format("code: expected {}, got {}", expected.code, actual.code));
  return out;
}

Result<void> update_case(const Case& expected, const Outcome& actual) {
  const std::string& at = expected.directory;
  if (!compare_lines(expected.output, actual.output).empty() || !is_file(at + "/out")) {
    std::string text;
    for (const std::string_view line : lines_of(actual.output)) text += stable_line(line) + "\n";
    if (auto done = keep_or_remove(at + "/out", text, true); !done) return done;
  }
  if (expected.errors != actual.errors) {
    auto done = keep_or_remove(at + "/err", actual.errors, !actual.errors.empty());
    if (!done) return done;
  }
  if (expected.code == actual.code) return {};
  return keep_or_remove(at + "/code", std::to_string(actual.code) + "\n", actual.code != 0);
}

std::string junit(const std::vector<CaseResult>& results) {
  const auto failures = std::count_if(results.begin(), results.end(), [](const CaseResult& one) {
    return !one.differences.empty();
  });
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"cases\" tests=\"{}\" "
      "failures=\"{}\">\n",
      results.size(), failures);
  for (const CaseResult& one : results) {
    const std::size_t slash = one.name.rfind('/');
    const std::string_view name = one.name;
    out +=
        fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                    xml_text(name.substr(0, slash)), xml_text(name.substr(slash + 1)), one.seconds);
    if (one.differences.empty()) {
      out += "/>\n";
      continue;
    }
    out += fmt::format(">\n    <failure message=\"{}\"/>\n  </testcase>\n",
                       xml_text(join(one.differences, "\n")));
  }
  return out + "</testsuite>\n";
}

}  // namespace intelmq
