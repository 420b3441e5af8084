// SPDX-License-Identifier: Apache-2.0
#include "type/fqdn.hpp"

#include <idna.h>
#include <stringprep.h>

#include <cstdint>
#include <vector>

#include "type/ip.hpp"
#include "type/python_text.hpp"
#include "type/url.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t max_label = 63;
// Bounds the work on hostile names; a longer label does not become one of 63 octets.
constexpr std::size_t max_label_bytes = 16384;

bool is_dot(char32_t code) {
  return code == '.' || code == 0x3002 || code == 0xFF0E || code == 0xFF61;
}

// Python's rule for ASCII: only the last label may be empty.
bool good_ascii_labels(std::string_view text) {
  std::size_t first = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '.') continue;
    if (at == first || at - first > max_label) return false;
    first = at + 1;
  }
  return text.size() - first <= max_label;
}

// Whether a name of small letters, digits, hyphens, underscores and good labels, and no address.
bool is_ordinary(std::string_view text) {
  bool letters = false;
  std::size_t first = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.') {
      if (at == first || at - first > max_label) return false;
      first = at + 1;
    } else if ((c >= 'a' && c <= 'z') || c == '-' || c == '_') {
      letters = true;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return letters && text.size() > first && text.size() - first <= max_label;
}

std::vector<std::uint32_t> code_points(std::string_view label) {
  std::vector<std::uint32_t> codes;
  codes.reserve(label.size());
  for (std::size_t at = 0; at < label.size();) {
    const CodePoint point = code_point_at(label, at);
    codes.push_back(point.code);
    at += point.size;
  }
  return codes;
}

// Python folds with today's lower case, libidn with that of Unicode 3.2; so the letters that came
// later are made small here, each by itself.
std::vector<std::uint32_t> folded_code_points(std::string_view label) {
  std::vector<std::uint32_t> codes;
  for (const std::uint32_t code : code_points(label)) {
    if (code < 0x80) {
      codes.push_back(code);
      continue;
    }
    std::string one;
    append_utf8(one, code);
    const std::vector<std::uint32_t> small = code_points(lower(one));
    codes.insert(codes.end(), small.begin(), small.end());
  }
  return codes;
}

bool append_label(std::string& out, std::string_view label) {
  if (is_ascii(label)) {
    out += label;
    return !label.empty() && label.size() <= max_label;
  }
  if (label.size() > max_label_bytes) return false;
  const std::vector<std::uint32_t> codes = folded_code_points(label);
  char encoded[max_label + 1];
  if (idna_to_ascii_4i(codes.data(), codes.size(), encoded, IDNA_ALLOW_UNASSIGNED) !=
      IDNA_SUCCESS) {
    return false;
  }
  out += static_cast<const char*>(encoded);
  return true;
}

std::optional<std::string> encode_wide(std::string_view text) {
  std::string out;
  std::size_t first = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (is_dot(point.code)) {
      if (!append_label(out, text.substr(first, at - first))) return std::nullopt;
      out.push_back('.');
      first = at + point.size;
    }
    at += point.size;
  }
  if (first < text.size() && !append_label(out, text.substr(first))) return std::nullopt;
  return out;
}

std::string_view strip_dots(std::string_view text) {
  const std::size_t first = text.find_first_not_of('.');
  if (first == npos) return {};
  return text.substr(first, text.find_last_not_of('.') - first + 1);
}

FqdnCheck check_parts(std::string_view text) {
  const auto url = split_url(text);
  if (!url) return FqdnCheck::error;
  const bool bare = url->scheme.empty() && url->netloc.empty() && url->query.empty() &&
                    url->fragment.empty() && url->path.find('/') == std::string::npos;
  return bare ? FqdnCheck::valid : FqdnCheck::invalid;
}

}  // namespace

std::optional<std::string> encode_idna(std::string_view text) {
  if (!is_ascii(text)) return encode_wide(text);
  if (!good_ascii_labels(text)) return std::nullopt;
  return std::string{text};
}

std::optional<std::string> sanitise_fqdn(std::string_view text) {
  if (is_ordinary(text)) return std::string{text};
  const auto encoded = encode_idna(strip_dots(strip(text)));
  if (!encoded || encoded->empty()) return std::nullopt;
  return lower(*encoded);
}

FqdnCheck check_fqdn(std::string_view text) {
  if (is_ordinary(text)) return FqdnCheck::valid;
  if (text.empty() || text.front() == '.' || text.back() == '.') return FqdnCheck::invalid;
  if (text.find(':') != npos || !is_lower(text)) return FqdnCheck::invalid;
  if (IpAddress::parse(text)) return FqdnCheck::invalid;
  if (text.find_first_of("/?#") != npos) {
    const FqdnCheck parts = check_parts(text);
    if (parts != FqdnCheck::valid) return parts;
  }
  if (is_ascii(text)) return good_ascii_labels(text) ? FqdnCheck::valid : FqdnCheck::error;
  return encode_idna(text) ? FqdnCheck::invalid : FqdnCheck::error;
}

bool valid_fqdn(std::string_view text) { return check_fqdn(text) == FqdnCheck::valid; }

}  // namespace intelmq
