// SPDX-License-Identifier: Apache-2.0
#include "format/columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "format/plain_time.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool is_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && trim(value.text()).empty());
}

const std::string* find(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs)
    if (key == name) return &value;
  return nullptr;
}

Result<Pairs> named_pairs(const Json& value, std::string_view parameter) {
  auto pairs = text_pairs(value);
  if (!pairs) return fail(fmt::format("{}: {}", parameter, pairs.error().text));
  return pairs;
}

Result<bool> truth(const Json& value) {
  if (value.is_boolean()) return value.boolean();
  const std::string text = ascii_lower(trim(value.text()));
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return fail(fmt::format("columns_required: {} is neither true nor false", value.dump()));
}

}  // namespace

Result<Pairs> text_pairs(const Json& value) {
  Pairs out;
  if (is_nothing(value)) return out;
  if (value.is_array()) {
    for (const Json& item : value.items()) {
      auto inner = text_pairs(item);
      if (!inner) return inner;
      out.insert(out.end(), inner->begin(), inner->end());
    }
    return out;
  }
  if (!value.is_object())
    return fail(fmt::format("{} is no object such as {{\"name\": \"text\"}}",
                            quote_for_message(value.dump())));
  for (const auto& [name, member] : value.members()) {
    if (!member.is_string() && !member.is_number())
      return fail(fmt::format("the value of {} is no text", quote_for_message(name)));
    out.emplace_back(name, member.text());
  }
  return out;
}

Result<std::vector<std::string>> column_names(const Json& columns) {
  std::vector<std::string> out;
  if (columns.is_string())
    for (const std::string_view name : split(columns.text(), ',')) out.emplace_back(trim(name));
  for (const Json& item : columns.items()) {
    if (!item.is_string() && !item.is_null())
      return fail(fmt::format("columns: {} is no name of a field", item.dump()));
    out.emplace_back(trim(item.text()));
  }
  const bool named = std::any_of(out.begin(), out.end(), [](const auto& n) { return !n.empty(); });
  if (!named) return fail("columns: is empty; give a list such as 'time.source,source.ip'");
  return out;
}

Result<Columns> Columns::compile(const ColumnOptions& options, const Harmonization& fields) {
  auto format = TimeFormat::parse(options.time_format);
  if (!format) return tl::unexpected(format.error());
  Columns out(std::move(*format));
  out.fuzzy_ = options.time_format.empty() || options.time_format == "fuzzy";
  out.has_type_ = options.has_type;
  out.url_protocol_ = options.url_protocol;
  auto translation = named_pairs(options.type_translation, "type_translation");
  if (!translation) return tl::unexpected(translation.error());
  out.translation_ = std::move(*translation);
  auto names = column_names(options.columns);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    auto column = out.read_column(name, options, fields);
    if (!column) return fail("columns: " + column.error().text);
    out.columns_.push_back(std::move(*column));
  }
  if (auto done = out.read_required(options.required); !done) return tl::unexpected(done.error());
  return out;
}

Result<Columns::Column> Columns::read_column(std::string_view names, const ColumnOptions& options,
                                             const Harmonization& fields) const {
  auto types = named_pairs(options.data_type, "data_type");
  if (!types) return tl::unexpected(types.error());
  auto expressions = named_pairs(options.regex_search, "column_regex_search");
  if (!expressions) return tl::unexpected(expressions.error());
  Column out;
  for (const std::string_view name : split(names, '|')) {
    if (name.empty() || name == "__IGNORE__") {
      out.ignored = true;
      break;
    }
    auto field = fields.name(name);
    if (!field) return tl::unexpected(field.error());
    Target target{std::move(*field), Form::text, nullptr};
    if (const auto* type = find(*types, name)) {
      if (*type != "json")
        return fail(fmt::format("data_type of {}: {} is unknown; only json is there", name,
                                quote_for_message(*type)));
      target.form = Form::json;
    } else if (name == "time.source") {
      target.form = Form::time;
    } else if (name.ends_with(".url")) {
      target.form = Form::url;
    } else if (name == "classification.type" && !translation_.empty()) {
      target.form = Form::type;
    }
    if (const auto* text = find(*expressions, name)) {
      auto regex = Regex::compile(*text);
      if (!regex)
        return fail(fmt::format("column_regex_search of {}: {}", name, regex.error().text));
      target.regex = std::make_shared<const Regex>(std::move(*regex));
    }
    out.targets.push_back(std::move(target));
  }
  if (!out.targets.empty()) {
    const Target& first = out.targets.front();
    if (!first.regex && (first.form == Form::text || first.form == Form::url))
      out.quick = first.field.id();
    out.quick_time = !first.regex && first.form == Form::time && fuzzy_;
  }
  return out;
}

Result<void> Columns::read_required(const Json& required) {
  if (is_nothing(required)) return {};
  Json::Array words = required.items();
  if (required.is_string())
    for (const std::string_view word : split(required.text(), ',')) words.emplace_back(word);
  if (words.size() != columns_.size())
    return fail(fmt::format("columns_required: has {} values for {} columns; give one for each",
                            words.size(), columns_.size()));
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto value = truth(words[i]);
    if (!value) return tl::unexpected(value.error());
    columns_[i].required = *value;
  }
  return {};
}

std::vector<FieldName> Columns::fields() const {
  std::vector<FieldName> out;
  for (const Column& column : columns_)
    for (const Target& target : column.targets) out.push_back(target.field);
  return out;
}

void Columns::fill(std::span<const std::string_view> cells, Event& event, std::uint64_t unplain) {
  const std::size_t count = std::min(cells.size(), columns_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Column& column = columns_[i];
    if (cells[i].empty()) continue;
    plain_ = !(unplain >> std::min<std::size_t>(i, 63) & 1);
    if (plain_ && column.quick && event.add_clean(*column.quick, cells[i])) continue;
    if (column.quick_time && fill_time(cells[i], event)) continue;
    if (!fill_cell(column, cells[i], event)) return;
  }
}

/// The short way for the usual form of time.source.
bool Columns::fill_time(std::string_view cell, Event& event) {
  char plain[plain_time_size + 2];
  if (event.has(field::time.source) || !write_plain_time(cell, plain + 1)) return false;
  plain[0] = plain[plain_time_size + 1] = '"';
  event.set_verbatim(field::time.source, {plain, sizeof plain});
  return true;
}

bool Columns::fill_cell(const Column& column, std::string_view cell, Event& event) {
  for (const Target& target : column.targets) {
    const Tried tried = try_target(target, cell, event);
    if (tried != Tried::next) return tried == Tried::done;
  }
  if (column.ignored || !column.required) return true;
  event.reject(reason_);
  return false;
}

Columns::Tried Columns::try_target(const Target& target, std::string_view cell, Event& event) {
  if (target.regex) {
    switch (target.regex->search(cell, &captures_)) {
      case Match::no: return Tried::done;
      case Match::limit:
        event.reject(fmt::format("{}: the search in {} was given up because it costs too much",
                                 target.field.text(), quote_for_message(cell)));
        return Tried::rejected;
      case Match::yes: cell = captures_.group(0).value_or(std::string_view{});
    }
    if (cell.empty()) return Tried::done;
  }
  switch (target.form) {
    case Form::time: return add_time(target, cell, event);
    case Form::url: return add_url(target, cell, event);
    case Form::type: return add_type(target, cell, event);
    case Form::json: return add_json(target, cell, event);
    case Form::text: break;
  }
  return add(target, cell, event);
}

Columns::Tried Columns::add_time(const Target& target, std::string_view value, Event& event) {
  if (fuzzy_ && fill_time(value, event)) return Tried::done;
  const auto time = time_format_.convert(value, event.rules().now());
  if (!time) {
    event.reject(fmt::format("{}: {}", target.field.text(), time.error().text));
    return Tried::rejected;
  }
  return *time ? judge(event.add_text(target.field, **time), event) : Tried::done;
}

Columns::Tried Columns::add_url(const Target& target, std::string_view value, Event& event) {
  if (url_protocol_.empty() || value.find("://") != value.npos) return add(target, value, event);
  scratch_ = url_protocol_;
  scratch_ += value;
  return judge(event.add_text(target.field, scratch_), event);
}

Columns::Tried Columns::add_type(const Target& target, std::string_view value, Event& event) {
  if (const auto* type = find(translation_, value))
    return judge(event.add_text(target.field, *type), event);
  if (has_type_) return add(target, value, event);
  reason_ = fmt::format("{}: type_translation does not have {}", target.field.text(),
                        quote_for_message(value));
  return Tried::next;
}

Columns::Tried Columns::add_json(const Target& target, std::string_view value, Event& event) {
  scratch_.clear();
  if (append_python_json(scratch_, value))
    return judge(event.add_json(target.field, scratch_), event);
  event.reject(fmt::format("{}: {} is not JSON", target.field.text(), quote_for_message(value)));
  return Tried::rejected;
}

Columns::Tried Columns::add(const Target& target, std::string_view value, Event& event) {
  if (plain_) return judge(event.add_plain(target.field, value), event);
  return judge(event.add_text(target.field, value), event);
}

Columns::Tried Columns::judge(Added added, Event& event) {
  switch (added) {
    case Added::stored:
    case Added::ignored:
    case Added::kept: return Tried::done;
    case Added::invalid: reason_ = event.complaint(); return Tried::next;
    default: event.reject(event.complaint()); return Tried::rejected;
  }
}

}  // namespace intelmq
