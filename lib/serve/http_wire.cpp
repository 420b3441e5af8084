// SPDX-License-Identifier: Apache-2.0
#include "serve/http_wire.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace intelmq::serve {

Wire::Wire(Socket socket) : socket_{std::move(socket)} {}

Task<bool> Wire::open(Peer&) { co_return true; }

Task<std::size_t> Wire::read(char* to, std::size_t size) {
  ErrorCode error;
  const std::size_t got = co_await socket_.async_read_some(
      asio::buffer(to, size), asio::redirect_error(asio::use_awaitable, error));
  co_return error ? 0 : got;
}

Task<bool> Wire::write(std::string_view bytes) {
  ErrorCode error;
  co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

Task<void> Wire::finish() {
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  co_return;
}

void Wire::close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

}  // namespace intelmq::serve
