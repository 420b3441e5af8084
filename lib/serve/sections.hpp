// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "serve/facts.hpp"
#include "serve/loop.hpp"
#include "serve/operations.hpp"
#include "serve/router.hpp"
#include "serve/service.hpp"

namespace intelmq::serve {

/// What the sections of the API work with. Lives as long as the router.
struct Sections {
  Loop& loop;
  Service& service;
  Operations& operations;
  std::string state_directory;
  std::function<Facts()> facts;
  std::function<Json(const std::string& bot)> overrides;  ///< What the API set, secrets resolved.
  bool debug_api = false;
  std::int64_t max_instances = 8;
};

/// GET status, POST lifecycle/*, PUT lifecycle/desired.
void add_lifecycle_routes(Router& router, const Sections& sections);
/// The service document, versions, bots, descriptions, container, requirements.
void add_meta_routes(Router& router, const Sections& sections);

/// GET and PUT scale.
void add_scale_routes(Router& router, const Sections& sections);

/// The URL that the first bot reads from, as it holds now; empty: its standard input.
std::string source_of(const Sections& sections);
/// The bot that {bot} names, or all; nullptr and a filled `missing`: there is none.
std::vector<const BotSetup*> chosen_bots(const Sections& sections, const Request& request,
                                         std::optional<Response>& missing);
/// The body as an object, or what is wrong with it; members that are not among `names` are errors.
Answer<Json> object_in(const Request& request, const std::vector<std::string_view>& names);

}  // namespace intelmq::serve
