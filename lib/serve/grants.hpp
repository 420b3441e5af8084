// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "serve/actor.hpp"

namespace intelmq::serve {

/// viewer, operator, engineer, analyst, admin; nothing: no such role.
std::optional<Scopes> scopes_of_role(std::string_view role);
/// intelmq.read ...; "intelmq.control:NAME" counts on the instance of that name alone.
Scopes scopes_of_grant(std::string_view grant, std::string_view instance);
/// What an administrator writes: roles and grants with "+" between. Error: names the bad one.
Result<Scopes> read_scopes(std::string_view text, std::string_view instance);

/// "KEY=ROLE" with what the key stands for; the last "=" counts.
using RoleMap = std::map<std::string, Scopes>;
Result<RoleMap> read_role_map(std::string_view option, const std::vector<std::string>& entries,
                              std::string_view instance);

/// The names of the scopes.
std::vector<std::string> names_of(Scopes scopes);

}  // namespace intelmq::serve
