// SPDX-License-Identifier: Apache-2.0
#include "serve/actor.hpp"

#include <array>

namespace intelmq::serve {

std::string_view name_of(Scope scope) {
  constexpr std::array<std::string_view, 9> names = {"",
                                                     "",
                                                     "intelmq.read",
                                                     "intelmq.test",
                                                     "intelmq.control",
                                                     "intelmq.config",
                                                     "intelmq.data",
                                                     "intelmq.state",
                                                     "intelmq.admin"};
  return names[static_cast<std::size_t>(scope)];
}

}  // namespace intelmq::serve
