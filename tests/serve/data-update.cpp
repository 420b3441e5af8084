// SPDX-License-Identifier: Apache-2.0
// One update of one file as the service makes it, for tests/serve/data.
//
//   serve-data-update update|force|check RULE SOURCE PATH [MOST]
//     RULE an item of external_data, SOURCE a policy's source (both JSON), MOST bytes; prints
//     {"newer": true} or {"code", "text", "wait"}, and what the file is afterwards
//   serve-data-update read PATH ADDRESS
//     opens PATH and looks ADDRESS up, again and again until standard input ends; prints how often,
//     how often the file or the answer was not there, and how many builds it met
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <string>

#include "data/mmdb.hpp"
#include "serve/updates.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

void print(const Json& document) { std::printf("%s\n", document.dump().c_str()); }

int read_again_and_again(const std::string& path, const std::string& text) {
  const IpAddress address = *IpAddress::parse(text);
  std::int64_t reads = 0, bad = 0;
  std::set<std::uint64_t> builds;
  for (pollfd input{STDIN_FILENO, POLLIN, 0}; poll(&input, 1, 0) == 0; ++reads) {
    const auto database = Mmdb::open(path);
    const auto place = database ? database->find(address) : std::nullopt;
    if (!place || database->text(*place, {"country", "iso_code"}).value_or("").size() != 2)
      ++bad;
    else
      builds.insert(database->metadata().build_epoch);
  }
  print(Json::object()
            .set("reads", reads)
            .set("bad", bad)
            .set("builds", static_cast<std::int64_t>(builds.size())));
  return 0;
}

int update(const std::string& action, const Json& sheet, const Json& source, UpdateTask task) {
  const auto rule = read_data_rule(sheet);
  if (!rule) return 64;
  auto origin = open_origin(source, process_environment);
  Fetched<bool> result = origin ? false : Fetched<bool>(tl::unexpected(origin.error()));
  task.retry = {.tries = 2, .first = std::chrono::milliseconds(10)};
  if (origin && action == "check") result = newer_data(task, **origin);
  if (origin && action != "check") result = update_data(task, *rule, **origin, action == "force");
  Json out = Json::object();
  if (result) {
    out.set("newer", *result);
  } else {
    out.set("code", result.error().code).set("text", result.error().text);
    if (result.error().wait)
      out.set("wait", static_cast<std::int64_t>(result.error().wait->count()));
  }
  const DataCopy copy = look_at(task.path, rule->kind);
  out.set("there", copy.there)
      .set("build_time", copy.build_time)
      .set("type", copy.type)
      .set("sha256", copy.sha256);
  print(out);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> given(words + 1, words + count);
  if (given.size() == 3 && given[0] == "read") return read_again_and_again(given[1], given[2]);
  if (given.size() < 4) return 64;
  const auto sheet = Json::parse(given[1]), source = Json::parse(given[2]);
  if (!sheet || !source) return 64;
  UpdateTask task;
  task.path = given[3];
  if (given.size() > 4) task.most = std::stoull(given[4]);
  return update(given[0], *sheet, *source, task);
}
