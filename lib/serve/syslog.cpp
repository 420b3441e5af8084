// SPDX-License-Identifier: Apache-2.0
#include "serve/syslog.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"

namespace intelmq::serve {
namespace {

bool about_files(const FieldError& error) { return error.code.starts_with("file-"); }

Result<std::vector<SyslogTarget>> read_targets(const std::string& file, const Json& document) {
  std::vector<SyslogTarget> out;
  for (const Json& item : document["targets"].items()) {
    std::vector<FieldError> errors;
    auto target = read_syslog_target(item, errors);
    const auto wrong = std::find_if_not(errors.begin(), errors.end(), about_files);
    if (wrong != errors.end())
      return fail(file + ": target " + item["id"].text() + ": " + wrong->pointer + ": " +
                  wrong->detail);
    target->id = item["id"].text();
    if (target->id.empty() || out.size() == SyslogTargets::most)
      return fail(file + ": a target without id, or too many");
    out.push_back(std::move(*target));
  }
  return out;
}

}  // namespace

Result<void> SyslogTargets::load() {
  if (file_.empty() || ::access(file_.c_str(), F_OK) != 0) return {};
  const auto text = read_file(file_);
  if (!text) return tl::unexpected(text.error());
  const auto document = Json::parse(*text);
  if (!document) return fail(file_ + ": " + document.error().text);
  auto targets = read_targets(file_, *document);
  if (!targets) return tl::unexpected(targets.error());
  use(std::move(*targets));
  return {};
}

Result<void> SyslogTargets::save(const std::vector<SyslogTarget>& targets) const {
  if (file_.empty()) return {};
  Json list = Json::array();
  for (const SyslogTarget& target : targets) {
    Json one = Json::object().set("id", target.id);
    const Json json = target.json();
    for (const auto& [name, value] : json.members()) one.set(name, value);
    list.push(std::move(one));
  }
  return atomic_write(file_, Json::object().set("targets", std::move(list)).dump_pretty() + "\n",
                      0600);
}

void SyslogTargets::use(std::vector<SyslogTarget> targets) {
  std::vector<std::unique_ptr<SyslogSender>> senders;
  for (SyslogTarget& target : targets) {
    const auto same = [&](const std::unique_ptr<SyslogSender>& sender) {
      return sender && sender->target().id == target.id && sender->target().json() == target.json();
    };
    const auto found = std::find_if(senders_.begin(), senders_.end(), same);
    senders.push_back(found != senders_.end() ? std::move(*found)
                                              : std::make_unique<SyslogSender>(std::move(target)));
  }
  senders_ = std::move(senders);
}

std::vector<SyslogTarget> SyslogTargets::all() const {
  std::vector<SyslogTarget> out;
  for (const auto& sender : senders_) out.push_back(sender->target());
  return out;
}

const SyslogSender* SyslogTargets::find(std::string_view id) const {
  for (const auto& sender : senders_)
    if (sender->target().id == id) return sender.get();
  return nullptr;
}

void SyslogTargets::put(const SharedRecord& record) {
  for (const auto& sender : senders_)
    if (record->level >= sender->target().least) sender->put(record);
}

void SyslogTargets::audit(std::string_view json) {
  if (senders_.empty()) return;
  auto record = std::make_shared<LogRecord>();
  record->time = now_ms();
  record->bot = "serve";
  record->text = valid_utf8(json);
  record->kind = "audit";
  for (const auto& sender : senders_) sender->put(record);
}

void SyslogTargets::finish(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (const auto& sender : senders_) sender->finish_by(deadline);
  // What a thread does last may be a little behind.
  for (const auto& sender : senders_)
    sender->wait_finished(deadline + std::chrono::milliseconds(100));
  senders_.clear();
}

}  // namespace intelmq::serve
