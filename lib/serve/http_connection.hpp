// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "serve/http_head.hpp"
#include "serve/http_parse.hpp"
#include "serve/http_wire.hpp"

namespace intelmq::serve {

class Connection;

/// Counts something for as long as it lives.
template <class Number>
class Counted {
 public:
  explicit Counted(Number& total, Number amount = 0) : total_{total} { add(amount); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { clear(); }
  void clear() { total_ -= std::exchange(own_, 0); }
  void add(Number amount) {
    own_ += amount;
    total_ += amount;
  }

 private:
  Number& total_;
  Number own_ = 0;
};

/// The connections of one listener and what they share.
class Connections : public std::enable_shared_from_this<Connections> {
 public:
  Connections(Loop& loop, Log& log, HttpServer::Options options, HttpServer::Admit admit,
              Handler handler);
  /// Takes one more, for which an idle one may have to go. False: there are too many.
  bool make_room(const std::string& group);
  void add(std::unique_ptr<Wire> wire, Peer peer, std::string group);
  void remove(const Connection* connection);
  void close();  ///< Ends those that are idle; the others end after their answer.
  void abort();  ///< Ends them all, now.
  HttpServer::Admission admit(const Request& head) const;
  void handle(std::shared_ptr<Request> request, const Responder& respond) const;

  Loop& loop;
  Log& log;
  const HttpServer::Options options;
  unsigned in_flight = 0;      ///< Requests that handlers have.
  std::size_t body_bytes = 0;  ///< Of bodies in memory.
  bool closing = false;

 private:
  void end_overdue();
  const HttpServer::Admit admit_;
  const Handler handler_;
  std::vector<std::shared_ptr<Connection>> open_;
  Watch clock_;
  bool aborted_ = false;
};

/// A streamed body on its way.
struct Flow {
  std::string queue;
  std::size_t sending = 0;  ///< Bytes that have left the queue, but not yet for the kernel.
  bool open = true, ended = false;
};

/// One connection: reads a request, has it answered, and so on. Pipelined requests wait in the
/// socket, so that answers come in order.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;
  Connection(std::shared_ptr<Connections> hub, std::unique_ptr<Wire> wire, Peer peer,
             std::string group);
  Task<void> run();
  void abort();
  void notify() { signal_.cancel(); }
  void take(Response response);  ///< The handler's answer.

  bool is_waiting() const { return waiting_; }  ///< For a head, or the first part of it.
  Clock::time_point since() const { return since_; }
  Clock::time_point deadline() const { return deadline_; }
  const std::string& group() const { return group_; }

 private:
  struct Exchange;
  Task<bool> exchange();
  Task<std::optional<Problem>> read_head(Exchange& x);
  Task<std::optional<Problem>> read_body(Exchange& x, bool file);
  Task<std::optional<Problem>> read_to_memory(Exchange& x);
  Task<std::optional<Problem>> read_to_file(Exchange& x);
  Task<std::optional<Problem>> read_piece(Exchange& x, std::string& out, std::uint64_t limit,
                                          std::uint64_t& total);
  Task<bool> refuse(Exchange& x, Response response);
  Task<bool> handle(Exchange& x);
  Task<void> more();  ///< Reads into in_, if it is not over.
  Task<void> part();  ///< Ends the connection so that the last answer arrives.
  Task<void> wait();  ///< For `notify`; may come back without.
  Task<void> off_loop(std::function<void()> job);

  Task<bool> answer(Exchange& x, Response response);
  Task<bool> send(std::string_view bytes);
  Task<bool> send_body(Exchange& x, Response& response);
  Task<bool> send_file(Exchange& x, Response& response);
  Task<bool> send_stream(Exchange& x, Response& response);
  Task<bool> send_flow(std::shared_ptr<Flow> flow, bool chunked);
  Task<void> watch_peer(std::shared_ptr<Flow> flow);
  void finish(Exchange& x, Response& response) const;

  void due(std::chrono::seconds time) { deadline_ = Clock::now() + time; }
  void undue() { deadline_ = Clock::time_point::max(); }

  const std::shared_ptr<Connections> hub_;
  const std::unique_ptr<Wire> wire_;
  Peer peer_;
  const std::string group_;
  std::string in_;
  std::unique_ptr<char[]> room_;
  std::optional<Response> response_;
  asio::steady_timer signal_;
  bool waiting_ = true, over_ = false;
  Clock::time_point since_ = Clock::now(), deadline_ = Clock::time_point::max();
};

/// The file of an upload, gone with this unless somebody has renamed it.
struct Upload {
  Upload() = default;
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload();
  std::string path;
};

/// One request and its answer.
struct Connection::Exchange {
  explicit Exchange(Connections& hub) : memory{hub.body_bytes} {}
  std::shared_ptr<Request> request = std::make_shared<Request>();
  RequestParser parser{*request};
  Framing framing;
  bool keep = false;            ///< The connection, after the answer.
  Counted<std::size_t> memory;  ///< Of the body.
  Upload upload;
};

/// The head of an answer as bytes. `length`: of the body, if one comes and it is known.
std::string head_of(const Response& response, std::optional<std::uint64_t> length, bool chunked,
                    bool keep);

}  // namespace intelmq::serve
