// SPDX-License-Identifier: Apache-2.0
#include "serve/grants.hpp"

#include "base/text.hpp"

namespace intelmq::serve {
namespace {

constexpr std::initializer_list<Scope> every = {Scope::read,   Scope::test, Scope::control,
                                                Scope::config, Scope::data, Scope::state,
                                                Scope::admin};

}  // namespace

std::optional<Scopes> scopes_of_role(std::string_view role) {
  using enum Scope;
  if (role == "viewer") return Scopes{read};
  if (role == "operator") return Scopes{read, test, control};
  if (role == "engineer") return Scopes{read, test, control, config, state};
  if (role == "analyst") return Scopes{read, data};
  if (role == "admin") return Scopes::all();
  return std::nullopt;
}

Scopes scopes_of_grant(std::string_view grant, std::string_view instance) {
  Scopes out;
  for (const Scope scope : every) {
    const std::string_view name = name_of(scope);
    if (!grant.starts_with(name)) continue;
    const std::string_view rest = grant.substr(name.size());
    const bool bound_to_us =
        !instance.empty() && rest.starts_with(':') && rest.substr(1) == instance;
    if (rest.empty() || bound_to_us) out.add(scope);
  }
  return out;
}

Result<Scopes> read_scopes(std::string_view text, std::string_view instance) {
  Scopes out;
  for (const std::string_view part : split(text, '+')) {
    const std::string_view word = trim(part);
    const std::string_view name = word.substr(0, word.find(':'));
    if (const auto role = scopes_of_role(word))
      out.add(*role);
    else if (!scopes_of_grant(name, "").empty())
      out.add(scopes_of_grant(word, instance));
    else
      return fail("there is no role " + quote_for_message(word) +
                  "; take viewer, operator, engineer, analyst, admin, or scopes such as "
                  "intelmq.read+intelmq.state");
  }
  return out;
}

Result<RoleMap> read_role_map(std::string_view option, const std::vector<std::string>& entries,
                              std::string_view instance) {
  RoleMap out;
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.rfind('=');
    const std::string name = std::string(option) + ' ' + quote_for_message(entry);
    if (equals == entry.npos || equals == 0) return fail(name + ": write it as KEY=ROLE");
    auto scopes = read_scopes(std::string_view(entry).substr(equals + 1), instance);
    if (!scopes) return fail(name + ": " + scopes.error().text);
    out[entry.substr(0, equals)].add(*scopes);
  }
  return out;
}

std::vector<std::string> names_of(Scopes scopes) {
  std::vector<std::string> out;
  for (const Scope scope : every)
    if (scopes.has(scope)) out.emplace_back(name_of(scope));
  return out;
}

}  // namespace intelmq::serve
