// SPDX-License-Identifier: Apache-2.0
#include "serve/monitoring.hpp"

#include <unistd.h>

#include "base/file.hpp"

namespace intelmq::serve {
namespace {

std::string file_in(const std::string& directory, const char* name) {
  return directory.empty() ? "" : directory + "/" + name;
}

Outside outside_of(const MonitoringParts& parts) {
  Outside out;
  out.allow_hosts = parts.options.callback_allow_host;
  if (!parts.options.checkmk_spool.empty()) out.spool_directories = parts.options.checkmk_spool;
  if (!parts.state_directory.empty()) out.directory = parts.state_directory;
  return out;
}

}  // namespace

std::vector<Parameter> monitoring_parameters() {
  using P = MonitoringOptions;
  return {param<&P::callback_allow_host>(
              "callback_allow_host",
              "Host that callbacks may call: a name, an address or *.DOMAIN; may be given several "
              "times. Without it none may.",
              Need::optional, Group::bot),
          param<&P::checkmk_spool>(
              "checkmk_spool",
              "Directory of check_mk's agent that callbacks may write spool files to; may be given "
              "several times.",
              Need::optional, Group::bot)};
}

Monitoring::Monitoring(MonitoringParts of)
    : parts{std::move(of)},
      threshold_writer{parts.loop, file_in(parts.state_directory, "thresholds.json")},
      callbacks{
          {parts.loop, parts.log, file_in(parts.state_directory, "callbacks.json"),
           outside_of(parts), parts.facts,
           [this](const Facts& facts) -> const std::vector<Check>& { return check(facts); }}} {}

Result<void> Monitoring::load() {
  const std::string file = file_in(parts.state_directory, "thresholds.json");
  if (!file.empty() && access(file.c_str(), F_OK) == 0) {
    const auto text = read_file(file);
    if (!text) return tl::unexpected(text.error());
    auto book = ThresholdBook::parse(*text);
    if (!book) return fail(file + ": " + book.error().text + "; correct the file or remove it");
    thresholds = std::move(*book);
  }
  return callbacks.load();
}

void Monitoring::begin() {
  // Also where nobody asks: rates need samples, and alerts their true beginning.
  timer_ = parts.loop.every(std::chrono::seconds(5), [this] { check(parts.facts()); });
  callbacks.begin();
}

const std::vector<Check>& Monitoring::check(const Facts& facts) {
  return book_.evaluate(facts, thresholds);
}

}  // namespace intelmq::serve
