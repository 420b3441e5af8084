// SPDX-License-Identifier: Apache-2.0
#include "spec/spec.hpp"

#include <utility>

namespace intelmq {

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::collector: return "collector";
    case Kind::parser: return "parser";
    case Kind::expert: return "expert";
    case Kind::transformer: return "transformer";
    case Kind::output: return "output";
  }
  return "bot";
}

Produced always(FieldName field) {
  Produced out(std::move(field));
  out.certain = true;
  return out;
}

Produced given(FieldName when, FieldName field) {
  Produced out(std::move(field));
  out.when = std::move(when);
  return out;
}

std::string Description::program() const {
  if (name.starts_with("intelmq-")) return name;
  return "intelmq-" + std::string(name_of(kind)) + "-" + name;
}

}  // namespace intelmq
