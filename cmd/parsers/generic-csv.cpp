// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "bot/bot.hpp"
#include "event/scanner.hpp"
#include "format/columns.hpp"
#include "format/csv.hpp"
#include "type/python_format.hpp"

namespace intelmq {
namespace {

enum class Filter : std::uint8_t { whitelist, blacklist };
constexpr auto names_of(Filter) {
  return std::array<std::string_view, 2>{"whitelist", "blacklist"};
}

struct Params {
  Json columns;
  Json columns_required;
  std::optional<std::string> delimiter = ",";
  Json skip_header = false;
  std::optional<std::string> default_url_protocol = "http://";
  std::optional<std::string> time_format;
  std::optional<std::string> type;
  Json type_translation = Json::object();
  Json data_type;
  Json column_regex_search;
  Json compose_fields = Json::object();
  std::optional<std::string> filter_text;
  std::optional<Filter> filter_type;
};

using Cells = std::span<const std::string_view>;

ColumnOptions column_options(const Params& p) {
  return {p.columns,
          p.columns_required,
          p.column_regex_search,
          p.data_type,
          p.type_translation,
          p.default_url_protocol.value_or(""),
          p.time_format.value_or(""),
          p.type && !p.type->empty()};
}

FieldUse fields(const Params& p) {
  FieldUse out;
  const auto add = [&out](std::string_view name) {
    if (auto field = FieldName::parse(name)) out.sets.emplace_back(std::move(*field));
  };
  if (const auto names = column_names(p.columns))
    for (const std::string& column : *names)
      for (const std::string_view name : split(column, '|')) add(name);
  if (const auto composed = text_pairs(p.compose_fields))
    for (const auto& [name, text] : *composed) add(name);
  if (p.type && !p.type->empty()) out.sets.emplace_back(field::classification.type);
  return out;
}

const Spec<Params> spec{
    .name = "generic-csv",
    .summary = "Read feeds that are tables: CSV and its relatives.",
    .details =
        "Lines of blanks and lines that begin with # are left out. Of each column the names "
        "separated by | are tried in order until the cell fits; __IGNORE__ or nothing passes the "
        "column over. Surplus cells and columns are ignored, empty cells set nothing.\n\n"
        "raw is the header lines and the row, written with commas. A row whose cell fits nowhere "
        "fails alone, unless columns_required says that the cell may be left out.",
    .params =
        {param<&Params::columns>("columns", "Fields of the columns: a list, or a text with commas.",
                                 Need::required),
         param<&Params::columns_required>(
             "columns_required",
             "For each column whether a cell that fits nowhere fails the row "
             "(a list of true and false; all are required without it)."),
         param<&Params::delimiter>("delimiter", "The character between cells; \\t is a tab."),
         param<&Params::skip_header>("skip_header",
                                     "How many lines are headers: true (one), false or a number."),
         param<&Params::default_url_protocol>("default_url_protocol",
                                              "What is put before a URL without ://."),
         param<&Params::time_format>(
             "time_format",
             "How time.source is written: timestamp, windows_nt, epoch_millis, "
             "from_format|FMT, from_format_midnight|FMT, utc_isoformat or fuzzy."),
         param<&Params::type>("type", "classification.type of rows that do not have one."),
         param<&Params::type_translation>(
             "type_translation",
             "Object of texts in the feed and the classification.type for each."),
         param<&Params::data_type>("data_type",
                                   "Object of fields whose cells hold JSON, each with \"json\"."),
         param<&Params::column_regex_search>(
             "column_regex_search",
             "Object of fields and regular expressions: the first match in a cell is its value."),
         param<&Params::compose_fields>(
             "compose_fields",
             "Object of fields and templates such as \"http://{0}{1}\", in which "
             "{N} is the cell of column N, counted from 0."),
         param<&Params::filter_text>("filter_text", "Text that rows are chosen by."),
         param<&Params::filter_type>(
             "filter_type", "Whether rows with the text are the only ones or are left out.")},
    .fields = fields,
    .examples =
        {{.about = "A list of addresses with their ports",
          .args = "--input-format raw --feed-name demo --columns time.source,source.ip,source.port "
                  "--type "
                  "scanner",
          .input = "# time, ip, port\n2024-05-01 12:00:00,192.0.2.1,443\n",
          .output =
              R"({"feed.name":"demo","feed.accuracy":100.0,"time.source":"2024-05-01T12:00:00+00:00","source.ip":"192.0.2.1","source.port":443,"classification.type":"scanner","raw":"MjAyNC0wNS0wMSAxMjowMDowMCwxOTIuMC4yLjEsNDQzCg=="})"},
         {.about = "A header, semicolons, and a column that is an address or a name",
          .args = "--input-format raw --delimiter ';' --skip-header true --columns "
                  "'source.ip|source.fqdn, __IGNORE__, comment' --type blacklist",
          .input = "host;n;text\n192.0.2.1;1;\"open;\nport\"\nwww.example.com;2;seen\n",
          .output =
              R"({"feed.accuracy":100.0,"source.ip":"192.0.2.1","comment":"open;\nport","classification.type":"blacklist","raw":"aG9zdDtuO3RleHQKMTkyLjAuMi4xLDEsIm9wZW47CnBvcnQiCg=="}
{"feed.accuracy":100.0,"source.fqdn":"www.example.com","comment":"seen","classification.type":"blacklist","raw":"aG9zdDtuO3RleHQKd3d3LmV4YW1wbGUuY29tLDIsc2Vlbgo="})"},
         {.about = "The number out of AS64496, and a URL made of two columns",
          .args =
              R"(--input-format raw --columns source.asn,__IGNORE__,__IGNORE__ --column-regex-search '{"source.asn":"[0-9]+"}' --compose-fields '{"source.url":"http://{1}{2}"}')",
          .input = "AS64496,www.example.com,/a\n",
          .output =
              R"({"feed.accuracy":100.0,"source.asn":64496,"source.url":"http://www.example.com/a","raw":"QVM2NDQ5Nix3d3cuZXhhbXBsZS5jb20sL2EK"})"},
         {.about = "A bad row fails alone",
          .args = "--input-format raw --columns source.ip,source.port --type scanner",
          .input = "192.0.2.1,80\n192.0.2.256,\"\n192.0.2.3,82\n",
          .output =
              R"({"feed.accuracy":100.0,"source.ip":"192.0.2.1","source.port":80,"classification.type":"scanner","raw":"MTkyLjAuMi4xLDgwCg=="}
{"feed.accuracy":100.0,"source.ip":"192.0.2.3","source.port":82,"classification.type":"scanner","raw":"MTkyLjAuMi4zLDgyCg=="})",
          .failed = "a quote is opened that is not closed"}},
    .module = "intelmq.bots.parsers.generic.parser_csv"};

Result<std::string> read_delimiter(const std::string& text) {
  const std::string out = text == "\\t" ? "\t" : text;
  if (!out.empty() && utf8_size(out, 0) == out.size() && out != "\"" && out != "\n" && out != "\r")
    return out;
  return fail(fmt::format("delimiter: {} is not one character other than a quote or a line end",
                          quote_for_message(text)));
}

Result<std::int64_t> read_skip_header(const Json& value) {
  if (value.is_null()) return std::int64_t{0};
  if (value.is_boolean()) return std::int64_t{value.boolean()};
  const std::string text = ascii_lower(trim(value.text()));
  if (text == "true" || text == "false") return std::int64_t{text == "true"};
  auto number = ParameterType<std::int64_t>::from_json(text);
  if (text.empty() || (number && *number >= 0)) return number.value_or(0);
  return fail(fmt::format("skip_header: {} is neither true, false nor a number of lines",
                          quote_for_message(value.dump())));
}

class GenericCsv {
 public:
  GenericCsv(const Params& p, const Context& context)
      : columns_{must(Columns::compile(column_options(p), context.rules.harmonization))},
        csv_{{must(read_delimiter(p.delimiter.value_or(","))), true}},
        delimiter_{must(read_delimiter(p.delimiter.value_or(",")))},
        headers_{must(read_skip_header(p.skip_header))},
        filter_text_{p.filter_text.value_or("")},
        type_{p.type.value_or("")} {
    if (!filter_text_.empty() && !p.filter_type)
      throw StartError("filter_text: needs filter_type too: whitelist or blacklist");
    wanted_ = p.filter_type == Filter::whitelist;
    check_type(context);
    for (const auto& [name, text] : must(text_pairs(p.compose_fields)))
      composed_.push_back(
          {must(context.rules.harmonization.name(name)), must(FormatTemplate::compile(text))});
  }

  void parse(Report& report, Emit& emit) {
    csv_.start(report.bytes);
    header_.clear();
    for (std::int64_t i = 0; i < headers_ && csv_.next_line(); ++i)
      header_.emplace_back(csv_.text());
    while (!emit.stopped()) {
      const CsvReader::Found found = csv_.next();
      if (found == CsvReader::Found::end) return;
      if (found == CsvReader::Found::bad)
        emit.failed(csv_.text(), csv_.reason());
      else if (passes(csv_.cells()))
        emit_row(emit);
    }
  }

 private:
  struct Composed {
    FieldName field;
    FormatTemplate text;
  };

  void check_type(const Context& context) const {
    if (type_.empty()) return;
    Event event(context.rules);
    if (event.add_text(field::classification.type, type_) != Added::stored)
      throw StartError("type: " + event.complaint());
  }

  bool passes(Cells cells) {
    if (filter_text_.empty()) return true;
    row_.clear();
    for (const std::string_view cell : cells) row_.append(cell).append(delimiter_);
    row_.resize(row_.size() - delimiter_.size());
    return (row_.find(filter_text_) != row_.npos) == wanted_;
  }

  void emit_row(Emit& emit) {
    const Cells cells = csv_.cells();
    const std::string_view text = csv_.text();
    const std::uint64_t unplain = csv_.unplain();
    const std::size_t valid = ~unplain ? text.size() : valid_utf8_prefix(text.data(), text.size());
    if (valid != text.size()) return emit.failed(text, fmt::format("byte {} is not UTF-8", valid));
    emit.record(raw_of(cells), csv_.text(), [&](Event& event) {
      columns_.fill(cells, event, unplain);
      if (event.verdict() == Verdict::keep) compose(cells, event);
      if (event.verdict() == Verdict::keep && !type_.empty() &&
          !event.has(field::classification.type))
        event.add_text(field::classification.type, type_);
    });
  }

  /// The header lines and the row, as Python's csv.writer would write it.
  std::string_view raw_of(Cells cells) {
    const bool as_written = csv_.canonical() && delimiter_ == ",";
    if (as_written && header_.empty() && csv_.whole().ends_with(csv_.usual_ending()))
      return csv_.whole();
    raw_.clear();
    for (const std::string& line : header_) raw_.append(line).append(csv_.usual_ending());
    if (as_written)
      raw_.append(csv_.text()).append(csv_.usual_ending());
    else
      append_csv_row(raw_, cells, csv_.usual_ending());
    return raw_;
  }

  void compose(Cells cells, Event& event) const {
    const auto resolve = [cells](const FieldPath& path) -> std::optional<FormatValue> {
      const auto index = ParameterType<std::int64_t>::from_json(path.name);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= cells.size()) return {};
      return FormatValue{FormatValue::Kind::text,
                         std::string(cells[static_cast<std::size_t>(*index)])};
    };
    for (const Composed& composed : composed_) {
      const auto text = composed.text.render(resolve);
      if (!text)
        return event.reject(fmt::format("{}: {}", composed.field.text(), text.error().text));
      const Added added = event.add_text(composed.field, *text);
      if (added != Added::stored && added != Added::ignored) return event.reject(event.complaint());
    }
  }

  Columns columns_;
  CsvReader csv_;
  std::string delimiter_;
  std::int64_t headers_;
  std::string filter_text_, type_;
  bool wanted_ = false;
  std::vector<Composed> composed_;
  std::vector<std::string> header_;
  std::string raw_, row_;
};

}  // namespace

const Bot& this_bot() { return define<GenericCsv>(spec); }

}  // namespace intelmq
