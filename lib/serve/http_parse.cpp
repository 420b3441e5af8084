// SPDX-License-Identifier: Apache-2.0
#include "serve/http_parse.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

namespace intelmq::serve {

namespace http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::system::error_code;

struct RequestParser::Impl final : http::basic_parser<true> {
  explicit Impl(Request& into) : request{into} {
    body_limit(boost::none);  // limits are the caller's, who has seen the length
    header_limit(~std::uint32_t{0});
    eager(true);
  }
  Request& request;
  std::string* out = nullptr;
  unsigned version = 11;

 private:
  std::size_t take(string_view bytes) {
    out->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_request_impl(http::verb, string_view method, string_view target, int number,
                       ErrorCode&) override {
    request.method = method;
    request.target = target;
    version = static_cast<unsigned>(number);
  }
  void on_response_impl(int, string_view, int, ErrorCode&) override {}
  void on_field_impl(http::field, string_view name, string_view value, ErrorCode&) override {
    if (!is_header_done()) request.headers.emplace_back(name, value);
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(string_view bytes, ErrorCode&) override { return take(bytes); }
  void on_chunk_header_impl(std::uint64_t, string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, ErrorCode&) override {
    return take(bytes);
  }
  void on_finish_impl(ErrorCode&) override {}
};

RequestParser::RequestParser(Request& request) : impl_{std::make_unique<Impl>(request)} {}
RequestParser::~RequestParser() = default;

std::optional<Problem> RequestParser::head(std::string_view bytes) {
  ErrorCode error;
  impl_->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (!error && impl_->is_header_done()) return std::nullopt;
  std::string detail = "The head of the request is not HTTP/1.1: " + error.message() + ".";
  return Problem{"malformed-request", std::move(detail), {}, Json::object(), {}};
}

unsigned RequestParser::version() const { return impl_->version; }
bool RequestParser::keeps_alive() const { return impl_->keep_alive(); }
bool RequestParser::done() const { return impl_->is_done(); }

RequestParser::Step RequestParser::body(std::string_view bytes, std::string& out) {
  ErrorCode error;
  impl_->out = &out;
  const std::size_t used = impl_->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  return {used, error && error != http::error::need_more};
}

std::string_view reason_of(int status) {
  const string_view text =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

}  // namespace intelmq::serve
