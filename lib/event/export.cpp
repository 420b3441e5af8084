// SPDX-License-Identifier: Apache-2.0
#include "event/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "event/event.hpp"
#include "event/scanner.hpp"

namespace intelmq {
namespace {

using Named = std::pair<std::string_view, std::string_view>;

void append_value(std::string& out, std::string_view raw, Charset charset, bool sorted) {
  if (!append_python_json(out, raw, charset, sorted)) out += raw;
}

void append_members(std::string& out, const std::vector<Named>& members, Charset charset,
                    bool sorted) {
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i) out += ", ";
    append_string(out, members[i].first, charset);
    out += ": ";
    append_value(out, members[i].second, charset, sorted);
  }
  out += '}';
}

/// Names split at their dots, as a tree.
class Tree {
 public:
  /// False if a shorter or longer name is in the way; `rival` names it.
  bool insert(std::string_view path, std::string_view raw, std::string& rival,
              std::string_view done = {}) {
    const std::size_t dot = path.find('.');
    const std::string_view head = path.substr(0, dot);
    const std::string full = done.empty() ? std::string(head) : fmt::format("{}.{}", done, head);
    Node* node = find(head);
    if (node && (dot == std::string_view::npos || !node->below)) {
      rival = full;
      return false;
    }
    if (!node) {
      nodes_.push_back({head, {}, nullptr});
      node = &nodes_.back();
    }
    if (dot == std::string_view::npos) {
      node->raw = raw;
      return true;
    }
    if (!node->below) node->below = std::make_unique<Tree>();
    return node->below->insert(path.substr(dot + 1), raw, rival, full);
  }

  void add_flat(std::string_view name, std::string_view raw) {
    nodes_.push_back({name, raw, nullptr});
  }

  void write(std::string& out, Charset charset, bool sorted) {
    if (sorted)
      std::sort(nodes_.begin(), nodes_.end(),
                [](const Node& a, const Node& b) { return a.name < b.name; });
    out += '{';
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i) out += ", ";
      append_string(out, nodes_[i].name, charset);
      out += ": ";
      if (nodes_[i].below)
        nodes_[i].below->write(out, charset, sorted);
      else
        append_value(out, nodes_[i].raw, charset, sorted);
    }
    out += '}';
  }

 private:
  struct Node {
    std::string_view name, raw;
    std::unique_ptr<Tree> below;
  };
  Node* find(std::string_view name) {
    for (Node& node : nodes_)
      if (node.name == name) return &node;
    return nullptr;
  }
  std::vector<Node> nodes_;
};

std::vector<Named> fields_of(const Event& event, bool with_type) {
  std::vector<Named> out;
  event.each([&](const Event::Member& member) { out.emplace_back(member.name, member.raw); });
  if (with_type)
    out.emplace_back("__type", event.kind() == MessageKind::report ? "\"Report\"" : "\"Event\"");
  return out;
}

}  // namespace

void append_wire(std::string& out, const Event& event) {
  append_members(out, fields_of(event, true), Charset::ascii, false);
}

std::string flat_extra(const Event& event) {
  std::vector<Named> members;
  event.each([&](const Event::Member& member) {
    if (member.name.starts_with("extra.")) members.emplace_back(member.name.substr(6), member.raw);
  });
  std::string out;
  append_members(out, members, Charset::utf8, false);
  return out;
}

Result<void> append_sorted(std::string& out, const Event& event, const ExportForm& form) {
  std::vector<Named> fields = fields_of(event, form.with_type);
  std::sort(fields.begin(), fields.end());
  if (form.hierarchical) {
    Tree tree;
    std::string rival;
    for (const auto& [name, raw] : fields)
      if (!tree.insert(name, raw, rival))
        return fail(
            fmt::format("fields {} and {} cannot both be nested; rename one or write the "
                        "event flat",
                        rival, name));
    tree.write(out, form.charset, true);
    return {};
  }
  append_members(out, fields, form.charset, true);
  return {};
}

void each_extra_member(std::string_view json,
                       const std::function<void(std::string_view, std::string_view)>& visit) {
  std::string text = decode_string(json);
  const std::size_t size = text.size();
  text.append(Scanner::padding, ' ');
  std::string name, value;
  Scanner scanner(text.data(), size);
  scanner.members(
      [&](const char* key, std::size_t key_size, const char* raw, std::size_t raw_size) {
        decode_string({key - 1, key_size + 2}, name);
        value.clear();
        if (append_python_json(value, {raw, raw_size})) visit(name, value);
      });
}

std::string nested_extra(const Event& event) {
  Tree tree;
  std::string rival;
  event.each([&](const Event::Member& member) {
    if (!member.name.starts_with("extra.")) return;
    const std::string_view name = member.name.substr(6);
    if (!tree.insert(name, member.raw, rival)) tree.add_flat(name, member.raw);
  });
  std::string out;
  tree.write(out, Charset::ascii, false);
  return out;
}

}  // namespace intelmq
