// SPDX-License-Identifier: Apache-2.0
// usage: serve-http-echo [OPTION=VALUE...] LISTEN...
//        serve-http-echo --healthcheck URL|unix:PATH
// The HTTP server with routes to try it by; one server for each address, "get:" before it makes it
// one for probes. Prints the addresses, one a line, once all listen; HUP reads the certificates
// again, TERM ends it. Options: the names of Limits (times in seconds), upload=DIRECTORY,
// certificate=, key=, client_ca=FILE, client_required=1 (for the addresses after them).
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "serve/http_probe.hpp"
#include "serve/http_server.hpp"
#include "serve/problem.hpp"

namespace {

using namespace intelmq;
using namespace intelmq::serve;

bool set_limit(Limits& limits, const std::string& name, unsigned long value) {
  const std::map<std::string, std::size_t*> sizes = {
      {"request_line", &limits.request_line}, {"headers", &limits.headers}, {"body", &limits.body}};
  const std::map<std::string, unsigned*> counts = {{"header_fields", &limits.header_fields},
                                                   {"connections", &limits.connections},
                                                   {"per_address", &limits.per_address},
                                                   {"in_flight", &limits.in_flight}};
  const std::map<std::string, std::chrono::seconds*> times = {{"header_time", &limits.header_time},
                                                              {"idle_time", &limits.idle_time},
                                                              {"body_time", &limits.body_time}};
  if (const auto it = sizes.find(name); it != sizes.end()) return *it->second = value, true;
  if (const auto it = times.find(name); it != times.end())
    return *it->second = std::chrono::seconds(value), true;
  if (const auto it = counts.find(name); it != counts.end())
    return *it->second = static_cast<unsigned>(value), true;
  return name == "file_body" ? limits.file_body = value, true : false;
}

bool set_option(HttpServer::Options& options, const std::string& name, const std::string& value) {
  if (name == "upload") return options.upload_directory = value, true;
  const std::map<std::string, std::string TlsFiles::*> files = {
      {"certificate", &TlsFiles::certificate},
      {"key", &TlsFiles::key},
      {"client_ca", &TlsFiles::client_ca}};
  const auto it = files.find(name);
  if (it == files.end() && name != "client_required")
    return set_limit(options.limits, name, std::strtoul(value.c_str(), nullptr, 10));
  if (!options.tls) options.tls.emplace();
  if (it == files.end())
    options.tls->client_required = value == "1";
  else
    (*options.tls).*(it->second) = value;
  return true;
}

Json echo_of(const Request& request) {
  Json headers = Json::array(), query = Json::object(), names = Json::array();
  for (const auto& [name, value] : request.headers) headers.push(name + ": " + value);
  for (const auto& [name, value] : request.query) query.set(name, value);
  for (const std::string& name : request.peer.certificate_names) names.push(name);
  Json peer = Json::object();
  peer.set("address", request.peer.address)
      .set("loopback", request.peer.loopback)
      .set("tls", request.peer.tls)
      .set("uid", request.peer.uid ? Json(static_cast<std::int64_t>(*request.peer.uid)) : Json())
      .set("pid", request.peer.pid ? Json(static_cast<std::int64_t>(*request.peer.pid)) : Json())
      .set("subject", request.peer.certificate_subject)
      .set("names", std::move(names))
      .set("sha256_bytes", static_cast<std::int64_t>(request.peer.certificate_sha256.size()));
  return Json::object()
      .set("method", request.method)
      .set("path", request.path)
      .set("query", std::move(query))
      .set("headers", std::move(headers))
      .set("body_size", static_cast<std::int64_t>(request.body.size()))
      .set("body", request.body.substr(0, 200))
      .set("body_file", request.body_file)
      .set("peer", std::move(peer));
}

/// /stream?count=N&size=N&pause=MS: lines; without a pause as fast as they are taken.
class Streaming {
 public:
  Streaming(Loop& loop, std::shared_ptr<BodyStream> stream, const Request& request)
      : loop_{loop},
        stream_{std::move(stream)},
        left_{number(request, "count", 3)},
        pause_{number(request, "pause", 0)},
        line_(number(request, "size", 10), 'x') {
    line_ += '\n';
  }
  static unsigned long number(const Request& request, std::string_view name, unsigned long other) {
    const auto text = request.parameter(name);
    return text ? std::strtoul(text->c_str(), nullptr, 10) : other;
  }
  void step() {
    if (left_ == 0) stream_->end();
    if (left_ == 0 || !stream_->write(line_)) return end();
    --left_;
    wait_ = loop_.after(std::chrono::milliseconds(pause_), [this] { step(); });
  }

 private:
  void end() {
    stream_.reset();
    line_ = std::string();
  }
  Loop& loop_;
  std::shared_ptr<BodyStream> stream_;
  unsigned long left_, pause_;
  std::string line_;
  Watch wait_;
};

class Echo {
 public:
  explicit Echo(Loop& loop) : loop_{loop} {}

  HttpServer::Admission admit(const Request& head) const {
    if (head.path == "/upload" || head.path == "/keep") return {true, {}};
    if (head.path == "/denied")
      return {false, problem("unauthenticated", "No.").with("WWW-Authenticate", "Bearer")};
    return {};
  }

  void handle(const std::shared_ptr<Request>& request, const Responder& respond) {
    const std::string& path = request->path;
    if (path == "/small") return respond(Response::json(small_));
    if (path == "/file") return respond(file(*request));
    if (path == "/stream") return respond(stream(request));
    if (path == "/problem") return respond(problem("validation", "Wrong."));
    if (path == "/empty") return respond(Response::empty());
    if (path == "/lost") return;
    if (path == "/throw") throw std::runtime_error("thrown");
    if (path == "/tagged") return respond(Response::json(small_).with("ETag", "\"1\""));
    if (path == "/split") return respond(Response::json(small_).with("X-A", "a\r\nX-B: b"));
    if (path == "/big") return respond(Response::text(std::string(big(*request), 'b')));
    if (path == "/keep") keep(*request);
    if (path == "/slow") return slow(*request, respond);
    respond(Response::json(echo_of(*request)));
  }

 private:
  static unsigned long big(const Request& request) {
    return Streaming::number(request, "size", 1 << 20);
  }
  static Response file(const Request& request) {
    Response out = Response::text("", "application/octet-stream");
    out.file = request.parameter("path").value_or("");
    return out;
  }
  Response stream(const std::shared_ptr<Request>& request) {
    Response out = Response::text("", "application/x-ndjson");
    out.stream = [this, request](std::shared_ptr<BodyStream> to) {
      streams_.push_back(std::make_unique<Streaming>(loop_, std::move(to), *request));
      streams_.back()->step();
    };
    return out;
  }
  static void keep(const Request& request) {
    const std::string kept = request.body_file + ".kept";
    (void)!std::rename(request.body_file.c_str(), kept.c_str());
  }
  void slow(const Request& request, const Responder& respond) {
    const auto time = std::chrono::milliseconds(Streaming::number(request, "ms", 1000));
    waits_.push_back(loop_.after(time, [respond] { respond(Response::text("slow\n")); }));
  }

  Loop& loop_;
  std::vector<std::unique_ptr<Streaming>> streams_;
  std::vector<Watch> waits_;
  Json small_ = Json::object().set("state", "running").set("revision", 7).set("ready", true);
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--healthcheck") return healthcheck(argv[2]);
  Log log(2, "serve-http-echo", LogLevel::info, LogForm::text);
  Loop loop;
  Echo echo(loop);
  HttpServer::Options options;
  std::vector<std::unique_ptr<HttpServer>> servers;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) {
      if (set_option(options, word.substr(0, equals), word.substr(equals + 1))) continue;
      log.error("no such option: " + word);
      return 64;
    }
    HttpServer::Options chosen = options;
    chosen.get_only = word.starts_with("get:");
    chosen.listen = word.substr(chosen.get_only ? 4 : 0);
    if (chosen.get_only) chosen.tls.reset();
    auto opened = HttpServer::open(
        loop, log, chosen, [&](const Request& head) { return echo.admit(head); },
        [&](std::shared_ptr<Request> request, const Responder& respond) {
          echo.handle(request, respond);
        });
    if (!opened) {
      log.error(opened.error().text);
      return 69;
    }
    servers.push_back(std::move(*opened));
  }
  for (const auto& server : servers) std::puts(server->address().c_str());
  std::fflush(stdout);
  const Watch ends = loop.signals({SIGTERM, SIGINT}, [&](int) { loop.stop(); });
  int times = 0;
  const Watch reloads = loop.signals({SIGHUP}, [&](int) {
    for (const auto& server : servers)
      if (const auto done = server->reload(); !done) log.error(done.error().text);
    log.info("reloaded: " + std::to_string(++times));
  });
  loop.run();
  return 0;
}
