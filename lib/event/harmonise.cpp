// SPDX-License-Identifier: Apache-2.0
#include "event/harmonise.hpp"

#include <algorithm>
#include <cmath>

#include "event/classification.hpp"
#include "event/name_index.hpp"
#include "type/base64.hpp"
#include "type/fqdn.hpp"
#include "type/ip.hpp"
#include "type/json_text.hpp"
#include "type/number.hpp"
#include "type/python_text.hpp"
#include "type/url.hpp"

namespace intelmq {
namespace {

using Sanitised = std::optional<std::string>;

bool is_string(std::string_view raw) { return !raw.empty() && raw.front() == '"'; }

/// The text of a raw JSON string: its own slice, or decoded into `scratch`.
std::string_view string_text(std::string_view raw, std::string& scratch) {
  if (!has_escape(raw)) return raw.substr(1, raw.size() - 2);
  decode_string(raw, scratch);
  return scratch;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

Sanitised quoted(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return quoted(std::string_view{*text});
}

double number_value(std::string_view raw) {
  if (raw == "Infinity") return HUGE_VAL;
  if (raw == "-Infinity") return -HUGE_VAL;
  return python_float(raw).value_or(NAN);
}

std::string float_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_repr(value);
}

/// What Python counts as false.
bool is_falsy(std::string_view raw) {
  switch (kind_of(raw)) {
    case JsonKind::null: return true;
    case JsonKind::boolean: return raw == "false";
    case JsonKind::number: return number_value(raw) == 0;
    case JsonKind::string: return raw.size() == 2;
    default: break;
  }
  return std::all_of(raw.begin() + 1, raw.end() - 1, [](char c) { return c == ' ' || c == '\t'; });
}

/// The sanitation that all textual types share.
std::optional<std::string> generic_text(std::string_view raw) {
  if (is_falsy(raw)) return std::nullopt;
  std::string scratch;
  return std::string(strip(python_text(raw, scratch)));
}

template <class Table>
bool holds(const Table& table, std::string_view text) {
  return std::find(table.begin(), table.end(), text) != table.end();
}

template <class Table>
std::string_view replaced(const Table& aliases, std::string_view text) {
  for (const Alias& alias : aliases)
    if (alias.from == text) return alias.to;
  return text;
}

Sanitised sanitise_tlp(std::string_view raw) {
  std::string scratch;
  std::string text = upper(string_text(raw, scratch));
  std::string_view rest = strip(text);
  if (rest.starts_with("TLP")) {
    rest.remove_prefix(3);
    if (rest.starts_with(':')) rest.remove_prefix(1);
  }
  rest = strip(rest);
  return quoted(rest == "YELLOW" ? "AMBER" : rest);
}

Sanitised sanitise_registry(std::string_view raw) {
  std::string scratch;
  const std::string text = upper(string_text(raw, scratch));
  const std::string_view name = strip(text);
  return quoted(name == "RIPENCC" || name == "RIPE-NCC" ? "RIPE" : name);
}

Sanitised sanitise_boolean(std::string_view raw) {
  if (raw == "true" || raw == "1") return "true";
  if (raw == "false" || raw == "0") return "false";
  if (!is_string(raw)) return std::nullopt;
  std::string scratch;
  const std::string text = lower(strip(string_text(raw, scratch)));
  if (text == "true" || text == "false") return text;
  return std::nullopt;
}

Sanitised sanitise_integer(std::string_view raw) {
  switch (kind_of(raw)) {
    case JsonKind::boolean: return raw == "true" ? "1" : "0";
    case JsonKind::number: {
      if (is_integer(raw)) return std::string(raw);
      const double value = number_value(raw);
      if (!std::isfinite(value)) return std::nullopt;
      return truncate_to_int(value);
    }
    case JsonKind::string: {
      std::string scratch;
      return python_int(string_text(raw, scratch));
    }
    default: return std::nullopt;
  }
}

bool in_asn_range(std::string_view decimal) {
  if (decimal.empty() || decimal.front() == '-' || decimal.size() > 10) return false;
  std::uint64_t value = 0;
  for (char c : decimal) value = value * 10 + static_cast<unsigned>(c - '0');
  return value >= 1 && value <= 4294967295u;
}

Sanitised sanitise_asn(std::string_view raw) {
  Sanitised number;
  if (is_string(raw)) {
    std::string scratch;
    std::string_view text = strip(string_text(raw, scratch));
    if (text.size() > 2 && (text[0] | 0x20) == 'a' && (text[1] | 0x20) == 's')
      text.remove_prefix(2);
    number = python_int(text);
  } else {
    number = sanitise_integer(raw);
  }
  if (!number || !in_asn_range(*number)) return std::nullopt;
  return number;
}

std::optional<double> float_value(std::string_view raw) {
  switch (kind_of(raw)) {
    case JsonKind::boolean: return raw == "true" ? 1.0 : 0.0;
    case JsonKind::number: return number_value(raw);
    case JsonKind::string: {
      std::string scratch;
      return python_float(string_text(raw, scratch));
    }
    default: return std::nullopt;
  }
}

Sanitised sanitise_accuracy(std::string_view raw) {
  if (raw == "true") return "100.0";
  const auto value = float_value(raw);
  if (!value || !(*value >= 0 && *value <= 100)) return std::nullopt;
  return float_json(*value);
}

Sanitised sanitise_address(std::string_view raw) {
  if (raw == "true" || raw == "false") return quoted(sanitise_ip_number(raw == "true" ? "1" : "0"));
  if (is_integer(raw) && kind_of(raw) == JsonKind::number) return quoted(sanitise_ip_number(raw));
  if (!is_string(raw)) return std::nullopt;
  std::string scratch;
  return quoted(sanitise_ip(string_text(raw, scratch)));
}

Sanitised sanitise_base64(std::string_view raw) {
  std::string scratch;
  std::string out = "\"";
  append_base64(out, string_text(raw, scratch));
  return out += '"';
}

bool is_valid_json(std::string_view text, bool object) {
  if (!is_json(text)) return false;
  if (!object) return true;
  const std::string_view inner = strip(text);
  return inner.size() > 2 && inner.front() == '{' &&
         inner.find_first_not_of(" \t\r\n", 1) != inner.size() - 1;
}

/// The value as JSON text inside a JSON string, as the types JSON and JSONDict carry it.
Sanitised sanitise_json(std::string_view raw, bool object) {
  if (raw == "null") return std::nullopt;
  std::string scratch, text;
  if (is_string(raw)) {
    const std::string_view stripped = strip(string_text(raw, scratch));
    if (is_valid_json(stripped, object)) return quoted(stripped);
  }
  if (!append_python_json(text, raw, Charset::ascii, true)) return std::nullopt;
  return quoted(std::string_view{text});
}

/// Types that take nothing but a string.
Sanitised sanitise_string_only(FieldType type, std::string_view raw, Timestamp now) {
  if (!is_string(raw)) return std::nullopt;
  std::string scratch;
  switch (type) {
    case FieldType::LowercaseString: return quoted(strip(lower(string_text(raw, scratch))));
    case FieldType::UppercaseString: return quoted(strip(upper(string_text(raw, scratch))));
    case FieldType::Registry: return sanitise_registry(raw);
    case FieldType::TLP: return sanitise_tlp(raw);
    case FieldType::ClassificationTaxonomy: {
      const std::string text = lower(string_text(raw, scratch));
      return quoted(replaced(taxonomy_aliases, strip(text)));
    }
    case FieldType::ClassificationType: {
      const std::string text = lower(string_text(raw, scratch));
      return quoted(replaced(type_aliases, strip(text)));
    }
    case FieldType::DateTime: return quoted(sanitise_timestamp(string_text(raw, scratch), now));
    case FieldType::IPNetwork: return quoted(sanitise_network(string_text(raw, scratch)));
    case FieldType::URL: return quoted(sanitise_url(string_text(raw, scratch)));
    case FieldType::Base64: return sanitise_base64(raw);
    default: return std::nullopt;
  }
}

bool is_valid_string(FieldType type, std::string_view text) {
  switch (type) {
    case FieldType::String: return !text.empty();
    case FieldType::LowercaseString: return !text.empty() && is_lower(text);
    case FieldType::UppercaseString: return !text.empty() && upper(text) == text;
    case FieldType::Registry: return holds(registries, text);
    case FieldType::TLP: return holds(tlp_levels, text);
    case FieldType::ClassificationTaxonomy: return holds(taxonomies, text);
    case FieldType::ClassificationType: return !taxonomy_of(text).empty();
    case FieldType::DateTime: return valid_timestamp(text);
    case FieldType::IPAddress: return valid_ip(text);
    case FieldType::IPNetwork: return valid_network(text);
    case FieldType::FQDN: return valid_fqdn(text);
    case FieldType::URL: return valid_url(text);
    case FieldType::Base64: {
      return !text.empty() && decode_base64(text).has_value();
    }
    case FieldType::JSON: return is_valid_json(text, false);
    case FieldType::JSONDict: return is_valid_json(text, true);
    default: return false;
  }
}

bool is_two_alphanumerics(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  };
  return text.size() == 2 && fits(text[0]) && fits(text[1]);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

/// One non-dot character before the end, none of the characters before it a line feed.
bool has_no_last_dot(std::string_view text) {
  if (text.ends_with('\n')) {
    const std::string_view before = text.substr(0, text.size() - 1);
    if (before.find('\n') == std::string_view::npos) return true;
    return before.ends_with('\n') && before.find('\n') == before.size() - 1;
  }
  return !text.empty() && text.back() != '.' && text.find('\n') >= text.size() - 1;
}

constexpr std::string_view transports[] = {
    "3pc",        "a/n",      "ah",        "argus",     "aris",        "bbn-rcc",    "bna",
    "br-sat-mon", "cbt",      "cftp",      "chaos",     "compaq-peer", "cphb",       "cpnx",
    "crdup",      "crtp",     "dcn",       "ddp",       "ddx",         "dgp",        "divert",
    "egp",        "eigrp",    "emcon",     "encap",     "esp",         "etherip",    "fc",
    "fire",       "ggp",      "gmtp",      "gre",       "hmp",         "i-nlsp",     "iatp",
    "icmp",       "idpr",     "idpr-cmtp", "idrp",      "ifmp",        "igmp",       "igp",
    "il",         "ip",       "ipcomp",    "ipcv",      "ipencap",     "ipip",       "iplt",
    "ippc",       "ipv6",     "ipv6-frag", "ipv6-icmp", "ipv6-nonxt",  "ipv6-opts",  "ipv6-route",
    "ipx-in-ip",  "irtp",     "isis",      "iso-ip",    "iso-tp4",     "kryptolan",  "l2tp",
    "larp",       "leaf-1",   "leaf-2",    "merit-inp", "mfe-nsp",     "mhrp",       "micp",
    "mobile",     "mtp",      "mux",       "narp",      "netblt",      "nsfnet-igp", "nvp",
    "nvp-ii",     "ospf",     "pgm",       "pim",       "pipe",        "pnni",       "prm",
    "ptp",        "pup",      "pvp",       "qnx",       "rdp",         "rsvp",       "rvd",
    "sat-expak",  "sat-mon",  "scc-sp",    "scps",      "sctp",        "sdrp",       "secure-vmtp",
    "sep",        "skip",     "sm",        "smp",       "snp",         "sprite-rpc", "sps",
    "srp",        "sscopmce", "st",        "st2",       "sun-nd",      "swipe",      "tcf",
    "tcp",        "tlsp",     "tp++",      "trunk-1",   "trunk-2",     "ttp",        "udp",
    "uti",        "vines",    "visa",      "vmtp",      "vrrp",        "wb-expak",   "wb-mon",
    "wsn",        "xnet",     "xns-idp",   "xtp"};

bool is_transport(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::string name = lower(text);
  if (std::find(std::begin(transports), std::end(transports), name) != std::end(transports))
    return true;
  return name.size() == 5 && name.starts_with("ax") && name.ends_with("25") && name[2] != '\n';
}

template <class Fits>
bool all_characters(std::string_view text, Fits fits) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

std::string_view python_text(std::string_view raw, std::string& scratch) {
  if (is_string(raw)) return string_text(raw, scratch);
  scratch.clear();
  append_python_str(scratch, raw);
  return scratch;
}

std::string_view taxonomy_of(std::string_view type) {
  static constexpr NameIndex<classifications.size()> types{[] {
    std::array<std::string_view, classifications.size()> names;
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = classifications[i].type;
    return names;
  }()};
  const std::size_t found = types.find(type);
  return found == types.none ? std::string_view{} : classifications[found].taxonomy;
}

bool matches(FieldPattern pattern, std::string_view text) {
  switch (pattern) {
    case FieldPattern::none: return true;
    case FieldPattern::no_last_dot: return has_no_last_dot(text);
    case FieldPattern::printable_ascii:
      return all_characters(text, [](char c) { return c >= ' ' && c <= '~'; });
    case FieldPattern::two_alphanumerics:
      return is_two_alphanumerics(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
    case FieldPattern::uuid:
      return is_uuid(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
    case FieldPattern::hash_characters:
      return all_characters(text, [](char c) {
        return (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' || c == '/';
      });
    case FieldPattern::transport: return is_transport(text);
  }
  return false;
}

bool is_valid(FieldType type, std::string_view raw) {
  switch (type) {
    case FieldType::Boolean: return raw == "true" || raw == "false";
    case FieldType::Integer: return kind_of(raw) == JsonKind::number && is_integer(raw);
    case FieldType::ASN:
      return kind_of(raw) == JsonKind::number && is_integer(raw) && in_asn_range(raw);
    case FieldType::Float: return kind_of(raw) == JsonKind::number;
    case FieldType::Accuracy: {
      if (raw == "true" || raw == "false") return true;
      if (kind_of(raw) != JsonKind::number) return false;
      const double value = number_value(raw);
      return value >= 0 && value <= 100;
    }
    default: break;
  }
  if (!is_string(raw)) return false;
  std::string scratch;
  return is_valid_string(type, string_text(raw, scratch));
}

std::optional<std::string> sanitise(FieldType type, std::string_view raw, Timestamp now) {
  switch (type) {
    case FieldType::String: return quoted(generic_text(raw));
    case FieldType::FQDN: {
      const auto text = generic_text(raw);
      return text ? quoted(sanitise_fqdn(*text)) : std::nullopt;
    }
    case FieldType::Boolean: return sanitise_boolean(raw);
    case FieldType::Integer: return sanitise_integer(raw);
    case FieldType::ASN: return sanitise_asn(raw);
    case FieldType::Float: {
      const auto value = float_value(raw);
      return value ? Sanitised{float_json(*value)} : std::nullopt;
    }
    case FieldType::Accuracy: return sanitise_accuracy(raw);
    case FieldType::IPAddress: return sanitise_address(raw);
    case FieldType::JSON: return sanitise_json(raw, false);
    case FieldType::JSONDict: return is_falsy(raw) ? std::nullopt : sanitise_json(raw, true);
    default: return sanitise_string_only(type, raw, now);
  }
}

}  // namespace intelmq
