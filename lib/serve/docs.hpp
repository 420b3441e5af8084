// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "serve/loop.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

/// The API's document as JSON: openapi.yaml with the paths of single bots written out, that is,
/// for each path with `x-per-bot: true` one more below /api/v1/bots/{bot}.
/// Error: the module `yaml` cannot be loaded.
Result<Json> openapi_document();

/// The document at /api/v1/openapi.json, for people at /api/v1/docs, the kinds of errors at
/// /api/v1/problems, and the page for people at / with its files at /ui/. All of them for anybody:
/// they are the same in every service.
void add_docs_routes(Router& router, Loop& loop);

}  // namespace intelmq::serve
