// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bot/options.hpp"
#include "spec/spec.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {

/// How serve was started; the table of parameters is in options.cpp.
struct ServeOptions {
  // listeners
  std::vector<std::string> listen = {};
  std::optional<std::string> health_listen;
  std::optional<std::string> tls_certificate, tls_key, tls_client_ca;
  bool insecure_allow_remote = false;
  // service
  std::string state_dir = "/var/lib/intelmq-serve";
  std::optional<std::string> service, instance;
  Duration start_timeout = std::chrono::seconds(60);
  Duration stop_timeout = std::chrono::seconds(30);
  Duration silence = std::chrono::seconds(30);
  Duration drain_delay = std::chrono::seconds(0);
  std::int64_t max_instances = 8;
  std::int64_t restart_budget = 5;
  bool exit_when_completed = false, exit_on_failed = false;
  bool paused_is_ready = false;
  // api
  bool debug_api = false, config_readonly = false, require_if_match = false;
  // running
  LogLevel logging_level = LogLevel::info;
  std::optional<std::string> run_as_user;
  // inspect
  bool help = false, version = false, routes = false;
  std::optional<std::string> healthcheck;
  std::optional<Surface> generate;
};

/// What `--help`, the man page and completions are rendered from; `more`: parameters of parts that
/// keep their own.
Description serve_description(const std::vector<Parameter>& more);

/// A part's parameters and the object that they are assigned to.
struct OptionPart {
  std::vector<Parameter> parameters;
  void* target;
};

/// The command line behind the program's name. What stands behind `--` is the pipeline.
/// Throws StartError: names the option, the value and the remedy.
struct ServeCommand {
  ServeOptions options;
  std::vector<std::vector<std::string>> stages;  ///< Programs with their arguments.
};
ServeCommand read_command(const std::vector<std::string>& arguments,
                          const std::vector<OptionPart>& parts);

}  // namespace intelmq::serve
