// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// Everything here works on the raw JSON text of one value as it stands in a line, for example
// `"a\u00e9"`, `12`, `1.50`, `null`, `[1, "a"]`, without white space around it. "Python" means
// what Python 3.11 makes of the value that json.loads gives. Decoded text is UTF-8 in which a lone
// surrogate takes three bytes (WTF-8).

namespace intelmq {

enum class JsonKind { null, boolean, number, string, array, object };

/// Levels of arrays and objects that the functions below follow.
inline constexpr unsigned max_json_depth = 128;

/// The kind of a value, by its first character; the text is not checked further.
/// NaN, Infinity and -Infinity are numbers. Text that begins no value counts as null.
JsonKind kind_of(std::string_view raw) noexcept;

/// Whether a number is an int and not a float to Python: no fraction, no exponent, not NaN or
/// Infinity.
bool is_integer(std::string_view raw) noexcept;

/// Whether the text holds a backslash, so that its decoded form differs from what stands there.
bool has_escape(std::string_view raw) noexcept;

/// The text of a string given with its quotes. `out` is replaced, its memory reused. Surrogate
/// pairs are joined; a broken escape yields U+FFFD.
void decode_string(std::string_view raw, std::string& out);
std::string decode_string(std::string_view raw);

/// How characters from 0x7F on are written: `\u00e9` (ensure_ascii) or as they are.
enum class Charset { ascii, utf8 };

/// Appends a string literal as json.dumps writes it. Bytes that are not UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view utf8, Charset charset = Charset::ascii);

/// Appends the value as json.dumps(json.loads(raw)) writes it: ", " and ": " between items, floats
/// by float_repr, duplicate keys merged; with `sort_keys` the keys of every object by code point.
/// False, and `out` as before, if the text is not JSON or nests deeper than max_json_depth.
bool append_python_json(std::string& out, std::string_view raw, Charset charset = Charset::ascii,
                        bool sort_keys = false);

/// Appends repr(json.loads(raw)), such as `'a'`, `1.5`, `None`, `[1, {'k': True}]`.
/// False, and `out` as before, under the same conditions as append_python_json.
bool append_python_repr(std::string& out, std::string_view raw);

/// Appends str(json.loads(raw)): the bare text of a string, the repr of anything else.
bool append_python_str(std::string& out, std::string_view raw);

/// Appends repr(text) of decoded text.
void append_repr(std::string& out, std::string_view utf8);

/// Whether json.loads accepts the text (white space around it allowed). Nesting is limited to
/// max_json_depth.
bool is_json(std::string_view text);

/// repr(value) of a Python float: the shortest text that reads back as the same number, such as
/// `100.0`, `1e+16`, `1e-05`, `nan`, `-inf`.
std::string float_repr(double value);

}  // namespace intelmq
