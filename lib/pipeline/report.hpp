// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/plan.hpp"

namespace intelmq {

/// The worst of the findings: `fail`, `warn` or `ok`.
std::string_view status_of(const std::vector<Finding>& findings);

/// For scripts: 0 fine, 1 warnings that `strict` does not accept, 2 it would not work.
int exit_status(const std::vector<Finding>& findings, bool strict);

/// `{status, bots, edges, findings, fields, resources}`; `fields` has for each bot what arrives:
/// `must_in`, `may_in`, and `any_in` when unknown fields may be among it.
Json report_json(const Plan& plan, const std::vector<Finding>& findings);

/// One paragraph for each finding and a last line with the verdict.
std::string report_text(const Plan& plan, const std::vector<Finding>& findings);

}  // namespace intelmq
