// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "pipeline/catalogue.hpp"
#include "pipeline/finding.hpp"
#include "pipeline/graph.hpp"

namespace intelmq {

/// The rules about the order and kinds of bots, formats, paths, cycles and instances: all that
/// does not look at fields. In the order of the nodes.
std::vector<Finding> check_structure(const Graph& graph, const Catalogue& catalogue);

}  // namespace intelmq
