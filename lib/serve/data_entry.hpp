// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "serve/data_keeper.hpp"

namespace intelmq::serve {

/// One file, whichever bots use it. Times are Unix times, 0: never.
struct DataKeeper::Entry {
  std::string name;  ///< The rule's, "-2" appended where another file has it.
  DataRule rule;
  std::vector<std::string> bots;
  std::string path;
  DataCopy copy;
  bool looked = false;  ///< `copy` is of `path`.
  bool busy = false;
  DataPolicy policy;
  bool own_policy = false;
  double last_check = 0, last_update = 0, next_check = 0;
  double not_before = 0;  ///< The server wants to be left alone.
  std::uint64_t failures = 0, row = 0;
  std::string last_error;

  Freshness freshness(double now) const { return freshness_of(rule, copy, now); }
  std::string etag() const;
};

/// What an update brought from the thread it ran on.
struct DataKeeper::Done {
  Fetched<bool> result = false;
  bool asked = false;  ///< There was somebody to ask.
  DataCopy copy;
};

}  // namespace intelmq::serve
