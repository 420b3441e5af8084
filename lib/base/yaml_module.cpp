// SPDX-License-Identifier: Apache-2.0
// The module `yaml`: YAML in, JSON text out. Loaded only when a file is YAML.
#include <yaml-cpp/yaml.h>

#include <cctype>
#include <string>
#include <string_view>

namespace {

constexpr int max_depth = 100;
constexpr std::size_t max_output = 64u << 20;  // what aliases of aliases may grow to

void append_quoted(std::string& out, const std::string& text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20) {
      out += "\\u00";
      out += digits[u >> 4];
      out += digits[u & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_number(const std::string& text) {
  std::size_t i = text[0] == '-' || text[0] == '+' ? 1 : 0;
  std::size_t digits = 0;
  for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i) ++digits;
  if (!digits) return false;
  if (digits > 1 && text[text.find_first_of("0123456789")] == '0') return false;
  if (i < text.size() && text[i] == '.') {
    const std::size_t point = i++;
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]))) ++i;
    if (i == point + 1) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const std::size_t start = i;
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]))) ++i;
    if (i == start) return false;
  }
  return i == text.size();
}

/// A plain scalar by YAML 1.1's rules, which is what IntelMQ's files are written for.
void append_scalar(std::string& out, const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return append_quoted(out, text);  // quoted in the source
  std::string small;
  for (const char c : text) small += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (text.empty() || text == "~" || small == "null")
    out += "null";
  else if (small == "true" || small == "yes" || small == "on")
    out += "true";
  else if (small == "false" || small == "no" || small == "off")
    out += "false";
  else if (is_number(text))
    out += text[0] == '+' ? text.substr(1) : text;
  else
    append_quoted(out, text);
}

void append_node(std::string& out, const YAML::Node& node, int depth) {
  if (depth > max_depth) throw YAML::Exception(node.Mark(), "nesting deeper than 100");
  if (out.size() > max_output) throw YAML::Exception(node.Mark(), "aliases make it too large");
  const std::string& tag = node.Tag();
  if (tag.size() > 1 && tag != "?" && tag.rfind("tag:yaml.org,2002:", 0) != 0)
    throw YAML::Exception(node.Mark(), "the tag " + tag + " is not allowed; remove it");
  switch (node.Type()) {
    case YAML::NodeType::Scalar: return append_scalar(out, node);
    case YAML::NodeType::Sequence: {
      out += '[';
      bool first = true;
      for (const auto& item : node) {
        if (!first) out += ',';
        first = false;
        append_node(out, item, depth + 1);
      }
      out += ']';
      return;
    }
    case YAML::NodeType::Map: {
      out += '{';
      bool first = true;
      for (const auto& member : node) {
        if (!first) out += ',';
        first = false;
        append_quoted(out, member.first.as<std::string>());
        out += ':';
        append_node(out, member.second, depth + 1);
      }
      out += '}';
      return;
    }
    default: out += "null";
  }
}

}  // namespace

/// True: `out` is the document as JSON text. False: `out` is the reason, with line and column.
extern "C" __attribute__((visibility("default"))) bool intelmq_yaml_to_json(std::string_view text,
                                                                            std::string& out) {
  try {
    const YAML::Node document = YAML::Load(std::string(text));
    out.clear();
    append_node(out, document, 0);
    return true;
  } catch (const YAML::Exception& error) {
    out = "not YAML: " + error.msg;
    if (!error.mark.is_null())
      out += " at line " + std::to_string(error.mark.line + 1) + ", column " +
             std::to_string(error.mark.column + 1);
    return false;
  }
}
