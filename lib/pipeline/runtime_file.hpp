// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "pipeline/finding.hpp"

namespace intelmq {

/// A bot's section of IntelMQ's runtime.yaml.
struct RuntimeBot {
  std::string id;
  std::string module;  ///< As written: `intelmq.bots.experts.url.expert`, or a program's name.
  std::string group;   ///< `Collector`, `Parser`, `Expert`, `Output`, or empty.
  std::string source_queue;   ///< By default `<id>-queue`.
  bool source_given = false;  ///< Written down, not the default.
  /// Named paths and their queues, in the order of the file.
  std::vector<std::pair<std::string, std::vector<std::string>>> destinations;
  std::int64_t instances = 1;
  bool enabled = true;
};

/// IntelMQ's runtime.yaml as a botnet.
struct RuntimeFile {
  std::vector<RuntimeBot> bots;
  std::vector<Finding> findings;  ///< Sections that are no bots, members of the wrong type.
};

/// Whether the document looks like a runtime.yaml: an object with a section that has a module.
bool is_runtime(const Json& document);

RuntimeFile read_runtime(const Json& document);

}  // namespace intelmq
