// SPDX-License-Identifier: Apache-2.0
#include "serve/exposition.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"

namespace intelmq::serve {
namespace {

/// Escaped for between double quotes, or for a help text; what is not UTF-8 becomes '?'.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text, at);
    const char c = text[at];
    if (size == 0)
      out += '?';
    else if (c == '\n')
      out += "\\n";
    else if (c == '\\')
      out += "\\\\";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out.append(text.substr(at, size));
    at += size ? size : 1;
  }
}

std::string write_labels(Exposition::Labels labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (value.empty()) continue;  // the same as a label that is not there
    if (!out.empty()) out += ',';
    out.append(name).append("=\"");
    append_escaped(out, value, true);
    out += '"';
  }
  return out;
}

constexpr std::string_view name_of(Exposition::Type type, bool openmetrics) {
  switch (type) {
    case Exposition::Type::counter: return "counter";
    case Exposition::Type::histogram: return "histogram";
    case Exposition::Type::info: return openmetrics ? "info" : "gauge";
    case Exposition::Type::gauge: break;
  }
  return "gauge";
}

}  // namespace

std::string metric_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void Exposition::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  type_ = type;
  labels_.clear();
  suffix_ = type == Type::counter ? "_total" : type == Type::info ? "_info" : "";
  // 0.0.4 knows a family by the name of its samples, OpenMetrics by the name without the suffix.
  const std::string known = openmetrics_ ? name_ : name_ + suffix_;
  head_ = "# HELP " + known + ' ';
  append_escaped(head_, help, openmetrics_);
  head_.append("\n# TYPE ").append(known).append(" ").append(name_of(type, openmetrics_));
  head_ += '\n';
}

bool Exposition::opens(const std::string& labels) {
  if (!labels_.insert(labels).second) return false;
  out_ += head_;
  head_.clear();
  return true;
}

void Exposition::line(std::string_view suffix, const std::string& labels, std::string_view value) {
  out_.append(name_).append(suffix);
  if (!labels.empty()) out_.append("{").append(labels).append("}");
  out_.append(" ").append(value).append("\n");
}

void Exposition::sample(Labels labels, double value) {
  const std::string text = write_labels(labels);
  if (opens(text)) line(suffix_, text, metric_number(value));
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  const std::string text = write_labels(labels);
  if (opens(text)) line(suffix_, text, std::to_string(value));
}

void Exposition::sample(Labels labels, const Histogram& histogram) {
  const std::string text = write_labels(labels);
  if (!opens(text)) return;
  const std::string before = text.empty() ? "le=\"" : text + ",le=\"";
  const auto bucket = [&](const std::string& bound, std::uint64_t count) {
    line("_bucket", before + bound + '"', std::to_string(count));
  };
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.upper.size(); ++i) {
    below += i < histogram.counts.size() ? histogram.counts[i] : 0;
    std::string bound = metric_number(histogram.upper[i]);
    // One spelling for both formats: OpenMetrics wants "1.0".
    if (bound.find_first_of(".enI") == std::string::npos) bound += ".0";
    bucket(bound, below);
  }
  bucket("+Inf", histogram.count);
  line("_sum", text, metric_number(histogram.sum));
  line("_count", text, std::to_string(histogram.count));
}

std::string Exposition::finish() {
  if (openmetrics_) out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace intelmq::serve
