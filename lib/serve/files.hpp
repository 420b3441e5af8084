// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "serve/problem.hpp"

// Files that belong to the service alone.

namespace intelmq::serve {

/// A directory with mode 0700; one that is there is left as it is. Error: names the path.
Result<void> make_private_directory(const std::string& path);

/// The problem of a file of the state directory that cannot be written: insufficient-storage, or
/// internal. The log has the whole of it.
Problem storage_problem(Log& log, const Error& error);

}  // namespace intelmq::serve
