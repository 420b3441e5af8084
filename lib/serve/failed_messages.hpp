// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "serve/file_writer.hpp"
#include "serve/sections.hpp"

namespace intelmq::serve {

/// Records that failed, as bots show them: the last 1,000, at most 16 MiB. Kept in the state
/// directory (failed.ndjson, mode 0600). A bot shows ten a second at most; all of them are in the
/// dead letters of the bot that has --dead-letters.
class FailedMessages {
 public:
  static constexpr std::size_t most = 1000, most_bytes = 16u << 20;

  explicit FailedMessages(const Sections& sections);

  /// Of a bot, or all: lines {"bot", "at", "error", "record"}.
  std::string text(const std::string& bot = {}) const;
  /// Takes such lines in, but for those that it has and those of other bots.
  void take_in(std::string_view text, const std::string& bot = {});
  /// A bot's event {"ev": "message"}.
  void take(const std::string& bot, const Json& event);
  /// GET failed-messages, GET and DELETE failed-messages/{id}, POST failed-messages/{id}/retry.
  void add_routes(Router& router);

 private:
  struct Message {
    std::uint64_t id;
    std::string bot;
    double at;
    std::string error;
    Json record;  ///< A dead letter: {"original", ...}.
    std::size_t bytes;
    Json document() const;
  };
  void read(std::string_view text, const std::string& bot);
  const Message* find(const Request& request) const;
  void add(Message message);
  void erase(std::uint64_t id);
  void save();
  void retry(const std::shared_ptr<Request>& request, Responder respond);

  const Sections& s_;
  std::string path_;
  std::deque<Message> all_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  Watch saver_;
};

}  // namespace intelmq::serve
