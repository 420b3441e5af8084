// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// A server on the loopback that gives the answers it was made with, one to each connection (the
/// last again and again), byte for byte, and keeps what it was asked. "WAIT" answers nothing.
class TinyServer {
 public:
  explicit TinyServer(std::vector<std::string> answers) : answers_{std::move(answers)} {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(socket_, plain, size) == 0);
    REQUIRE(listen(socket_, 16) == 0);
    REQUIRE(getsockname(socket_, plain, &size) == 0);
    port_ = std::to_string(ntohs(address.sin_port));
    REQUIRE(pipe(stop_) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~TinyServer() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
    close(socket_);
  }
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  const std::string& port() const { return port_; }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + port_ + path;
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }

 private:
  bool wait(int fd) {
    pollfd both[] = {{fd, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    return poll(both, 2, -1) > 0 && !both[1].revents;
  }

  static std::size_t length_of(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == head.npos ? 0 : std::stoul(head.substr(at + 16));
  }

  std::string read_request(int fd) {
    std::string text;
    char block[65536];
    while (wait(fd)) {
      const ssize_t got = read(fd, block, sizeof block);
      if (got <= 0) break;
      text.append(block, static_cast<std::size_t>(got));
      const std::size_t end = text.find("\r\n\r\n");
      if (end != text.npos && text.size() >= end + 4 + length_of(text)) break;
    }
    return text;
  }

  void serve() {
    for (std::size_t turn = 0; wait(socket_); ++turn) {
      const int fd = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      std::string request = read_request(fd);
      {
        const std::lock_guard lock{mutex_};
        asked_.push_back(std::move(request));
      }
      const std::string& answer = answers_[std::min(turn, answers_.size() - 1)];
      if (answer == "WAIT")
        wait(fd);
      else
        (void)!send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      close(fd);
    }
  }

  std::vector<std::string> answers_, asked_;
  std::mutex mutex_;
  std::string port_;
  int socket_ = -1, stop_[2] = {-1, -1};
  std::thread thread_;
};
