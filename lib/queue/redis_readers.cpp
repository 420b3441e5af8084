// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_readers.hpp"

#include <algorithm>
#include <charconv>

#include "queue/redis_link.hpp"

namespace intelmq {
namespace {

constexpr std::int64_t most_left = 100000;  // no reader holds more
constexpr std::string_view hex = "0123456789ABCDEF";

/// A client's name may have no blanks or control characters.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c < '\x7f' && c != '%')
      out += c;
    else
      (out += '%').append({hex[static_cast<unsigned char>(c) / 16], hex[c & 15]});
  }
  return out;
}

/// As a pattern that means the text alone.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\*?[]").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// The value of ` name=` in a line of CLIENT LIST.
std::string_view value_of(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == line.npos) return {};
  line.remove_prefix(at + name.size());
  return line.substr(0, line.find(' '));
}

using Asked = Result<const RedisReply*>;

Asked ask(RedisConnection& server, std::initializer_list<std::string_view> words) {
  return server.ask(words, RedisLink::patience);
}

}  // namespace

RedisReaders::RedisReaders(const RedisQueue& queue)
    : key_{queue.key},
      own_{queue.internal_list()},
      database_{std::to_string(queue.address.database)},
      has_instance_{!queue.instance.empty()},
      claim_after_{queue.claim_after},
      interval_{has_instance_ && queue.claim_after
                    ? std::clamp<std::uint64_t>(queue.claim_after / 3, 1, 60)
                    : 0} {}

std::string RedisReaders::name_of(std::string_view internal_list) const {
  return "intelmq-list:" + database_ + ":" + encoded(internal_list);
}

std::vector<RedisReaders::Client> RedisReaders::clients_in(std::string_view list) {
  std::vector<Client> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('\n'), list.size());
    const std::string_view line = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const std::string_view id = value_of(line, "id=");
    Client client{0, value_of(line, " addr="), value_of(line, " name=")};
    std::from_chars(id.data(), id.data() + id.size(), client.id);
    out.push_back(client);
  }
  return out;
}

bool RedisReaders::is_there(std::string_view clients, const std::string& name) {
  const auto all = clients_in(clients);
  return std::any_of(all.begin(), all.end(),
                     [&](const Client& client) { return client.name == name; });
}

Result<RedisReaders::Presence> RedisReaders::appear(RedisConnection& server) {
  Presence out;
  const std::string name = name_of(own_);
  const auto named = ask(server, {"CLIENT", "SETNAME", name});
  if (!named) return tl::unexpected(named.error());
  if ((*named)->is_error()) {
    // Others would take us for gone.
    if (has_instance_) out.refused = (*named)->text;
    return out;
  }
  const auto own = ask(server, {"CLIENT", "ID"});
  if (!own) return tl::unexpected(own.error());
  const auto clients = ask(server, {"CLIENT", "LIST"});
  if (!clients) return tl::unexpected(clients.error());
  // Where the server does not tell, nobody can be seen.
  if (!(*own)->is_error() && !(*clients)->is_error()) {
    for (const Client& client : clients_in((*clients)->text))
      if (client.name == name && client.id < (*own)->integer && !ours_.contains(client.id))
        out.rival = std::string(client.address) + " (client " + std::to_string(client.id) + ")";
    ours_.insert((*own)->integer);
  }
  // Nothing is trimmed, but who is about to take this list over sees that somebody was here.
  if (has_instance_ && out.rival.empty())
    if (const auto touched = ask(server, {"LTRIM", own_, "0", "-1"}); !touched)
      return tl::unexpected(touched.error());
  return out;
}

Result<std::string> RedisReaders::look(RedisConnection& server, const Take& take) {
  const auto now = Clock::now();
  next_look_ = now + interval_;
  std::set<std::string> lists;
  auto complaint = find_lists(server, lists);
  if (!complaint || !complaint->empty()) return complaint;
  std::map<std::string, Clock::time_point> gone;
  if (!lists.empty()) {
    const auto clients = ask(server, {"CLIENT", "LIST"});
    if (!clients) return tl::unexpected(clients.error());
    if ((*clients)->is_error()) return forbidden((*clients)->text);
    for (const std::string& list : lists)
      if (!is_there((*clients)->text, name_of(list)))
        gone[list] = gone_.contains(list) ? gone_[list] : now;
  }
  gone_ = std::move(gone);
  for (const auto& [list, since] : gone_) {
    if (now - since < claim_after_) continue;
    complaint = claim(server, list, take);
    if (!complaint || !complaint->empty()) return complaint;
  }
  return std::string{};
}

/// The internal lists of other instances.
Result<std::string> RedisReaders::find_lists(RedisConnection& server, std::set<std::string>& out) {
  const std::string begin = key_ + "-internal-", pattern = literal(begin) + "*";
  std::string cursor = "0";
  do {
    const auto found = ask(server, {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!found) return tl::unexpected(found.error());
    if ((*found)->is_error() || (*found)->size != 2) return forbidden((*found)->text);
    cursor = (*found)->items[0].text;
    const RedisReply& keys = (*found)->items[1];
    for (std::size_t i = 0; i < keys.size; ++i) {
      const std::string_view key = keys.items[i].text;
      // Another queue may have a name that begins like ours.
      if (key != own_ && key.find("-internal", begin.size()) == key.npos) out.emplace(key);
    }
  } while (cursor != "0");
  return std::string{};
}

Result<std::string> RedisReaders::claim(RedisConnection& server, const std::string& list,
                                        const Take& take) {
  const auto watched = ask(server, {"WATCH", list});
  if (!watched) return tl::unexpected(watched.error());
  if ((*watched)->is_error()) return forbidden((*watched)->text);
  const auto length = ask(server, {"LLEN", list});
  if (!length) return tl::unexpected(length.error());
  const auto clients = ask(server, {"CLIENT", "LIST"});
  if (!clients) return tl::unexpected(clients.error());
  const std::int64_t count = (*length)->integer;
  const bool is_left = count > 0 && count <= most_left && !(*clients)->is_error() &&
                       !is_there((*clients)->text, name_of(list));
  if (is_left) return move_all(server, list, count, take);
  if (const auto done = ask(server, {"UNWATCH"}); !done) return tl::unexpected(done.error());
  if (count <= most_left) return std::string{};
  gone_[list] = Clock::time_point::max();
  return list + " holds " + std::to_string(count) +
         " events, more than a reader can have left; it is left alone";
}

/// All or nothing, so that its reader, should it come back, sees by the length which it was.
Result<std::string> RedisReaders::move_all(RedisConnection& server, const std::string& list,
                                           std::int64_t count, const Take& take) {
  // Moves that are not one step would be moves that nobody knows of.
  const auto begun = ask(server, {"MULTI"});
  if (!begun) return tl::unexpected(begun.error());
  if ((*begun)->is_error()) return forbidden((*begun)->text);
  for (std::int64_t i = 0; i < count; ++i) {
    if (server.has_lmove())
      server.command({"LMOVE", list, own_, "RIGHT", "LEFT"});
    else
      server.command({"RPOPLPUSH", list, own_});
  }
  server.command({"EXEC"});
  std::string error;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto queued = server.wait_reply(RedisLink::patience);
    if (!queued) return tl::unexpected(queued.error());
    if ((*queued)->is_error() && error.empty()) error = (*queued)->text;
  }
  const auto moved = server.wait_reply(RedisLink::patience);
  if (!moved) return tl::unexpected(moved.error());
  if ((*moved)->is_error() && error.empty()) error = (*moved)->text;
  if (!error.empty()) return is_passing_redis_error(error) ? std::string{} : forbidden(error);
  for (std::size_t i = 0; i < (*moved)->size; ++i)
    if ((*moved)->items[i].kind == RedisReply::Kind::text) take((*moved)->items[i]);
  return std::string{};
}

/// It will not be tried again.
std::string RedisReaders::forbidden(std::string_view error) {
  interval_ = std::chrono::seconds(0);
  return "what readers that are gone have left stays in their internal lists, since the server "
         "does not let us see or take it (CLIENT LIST, SCAN, WATCH, MULTI): " +
         explain_redis_error(error);
}

}  // namespace intelmq
