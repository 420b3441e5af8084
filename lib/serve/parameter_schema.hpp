// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "serve/problem.hpp"

// What a bot's description says about its parameters (the JSON Schema `parameters` in it), held
// against values; and what of values may be shown.

namespace intelmq::serve {

/// The pointer to a member below another pointer: "#/a" and "b/c" give "#/a/b~1c".
std::string pointer_to(std::string_view above, std::string_view name);

/// What is wrong with an object of parameters, `pointer` being where it lies. Codes: unknown,
/// fixed (told where the service is started, and nowhere else), type, value. Of a null, which takes
/// a parameter back, the name is looked at alone. `whole`: parameters that are required and missing
/// count (required).
std::vector<FieldError> check_parameters(const Json& schema, const Json& values,
                                         std::string_view pointer, bool whole = false);

/// "hot", or "restart" if a change takes effect in a new process only.
std::string_view reload_of(const Json& schema, std::string_view name);

/// Values worth offering: those of an enumeration, or true and false; else none.
Json recommended(const Json& schema, std::string_view name);

bool is_secret(const Json& schema, std::string_view name);

/// The value as it may be shown: {"$secret":"set"} of a secret, texts without passwords of URLs.
Json redacted(const Json& schema, std::string_view name, const Json& value);
/// The same for each member of an object of parameters.
Json redacted(const Json& schema, const Json& values);

/// `after` with what stood in `before` wherever it says only what `redacted` shows of that, so
/// that a document that was read can be sent back. What is hidden and was not set is left out.
Json unredacted(const Json& schema, const Json& before, const Json& after);

/// The parameters in which two objects differ, redacted:
/// [{"parameter", "from", "to"}]; a side on which it is not set has no member.
Json difference(const Json& schema, const Json& before, const Json& after);

/// RFC 7396: null takes a member out. References of secrets are replaced as a whole.
Json merged(Json into, const Json& patch);

/// The object as what is set, a member with null being as good as none.
Json without_nulls(const Json& values);

/// The value as a bot takes it: of a secret {"$secret_file":PATH} as "@PATH", {"$env":NAME} as what
/// the variable holds; others as they are. Error: names the parameter, never a value.
Result<Json> resolved(const Json& schema, std::string_view name, const Json& value);

}  // namespace intelmq::serve
