// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace intelmq {

/// Why something could not be done: one sentence that names the thing, the value and the remedy.
struct Error {
  std::string text;
};

/// A value, or the reason why there is none.
template <class T>
using Result = tl::expected<T, Error>;

/// `return fail("...")` from a function that returns a Result.
inline tl::unexpected<Error> fail(std::string text) {
  return tl::unexpected<Error>(Error{std::move(text)});
}

}  // namespace intelmq
