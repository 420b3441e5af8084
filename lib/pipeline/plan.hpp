// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/catalogue.hpp"
#include "pipeline/finding.hpp"
#include "pipeline/graph.hpp"
#include "pipeline/runtime_file.hpp"
#include "pipeline/shell_pipeline.hpp"

namespace intelmq {

/// A pipeline as a graph, with what was found while its bots were looked up and asked.
struct Plan {
  Graph graph;
  std::vector<Finding> findings;
};

/// Asks a program under a configuration; `inspect_bot` outside tests.
using Inspect = std::function<Result<ConfiguredBot>(const std::string& path,
                                                    const std::vector<std::string>& arguments,
                                                    const std::vector<std::string>& environment)>;

Plan plan_shell(const std::vector<ShellStage>& stages, const Catalogue& catalogue,
                const Inspect& inspect);

/// `path` is the file itself: bots are asked with `--runtime PATH --id BOT`, as they would run.
Plan plan_runtime(const RuntimeFile& file, const std::string& path, const Catalogue& catalogue,
                  const Inspect& inspect);

/// All rules applied: the plan's findings and those about structure and fields, in the order of
/// the nodes, each once.
std::vector<Finding> check_plan(const Plan& plan, const Catalogue& catalogue);

}  // namespace intelmq
