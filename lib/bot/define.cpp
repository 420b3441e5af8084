// SPDX-License-Identifier: Apache-2.0
#include "bot/bot.hpp"

namespace intelmq::detail {

void complete(Description& out, Shape shape) {
  switch (shape) {
    case Shape::collector: out.kind = Kind::collector; break;
    case Shape::parser: out.kind = Kind::parser; break;
    case Shape::output: out.kind = Kind::output; break;
    default: out.kind = out.output_format.empty() ? Kind::expert : Kind::transformer;
  }
  if (shape == Shape::parser || shape == Shape::splitter) {
    out.max_out = -1;
    out.min_out = 0;
  }
  if (shape == Shape::output) out.min_out = out.max_out = 0;
}

}  // namespace intelmq::detail
