// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>

#include "serve/loop.hpp"

namespace intelmq::serve {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

/// What a loop is made of; for the files of the HTTP server alone.
struct Loop::Io {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep{context.get_executor()};
  std::optional<asio::thread_pool> pool;  ///< From the first job on.
};

}  // namespace intelmq::serve
