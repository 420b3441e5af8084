// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/file.hpp"
#include "serve/syslog.hpp"

namespace intelmq::serve {
namespace {

LogRecord record() {
  return read_log_line(
      R"({"message":"text","level":"warning","time":"2026-01-05T02:38:58.250+00:00","k":"a]b"})",
      "expert-asn", 0);
}

std::string pid() { return std::to_string(getpid()); }

TEST_CASE("a message of RFC 5424", "[syslog]") {
  CHECK(syslog_message({}, record(), 0, "host.example") ==
        "<132>1 2026-01-05T02:38:58.250Z host.example expert-asn " + pid() +
            R"( log [meta sequenceId="1"][intelmq@32473 bot="expert-asn" k="a\]b"] text)");
  SyslogStyle style;
  style.structured_data = false;
  style.bom = true;
  style.facility = 0;
  style.app_name = "own";
  CHECK(syslog_message(style, record(), 0, "") == "<4>1 2026-01-05T02:38:58.250Z - own " + pid() +
                                                      " log - \xef\xbb\xbf" + "expert-asn: text");
}

TEST_CASE("sequence numbers start again behind the largest", "[syslog]") {
  CHECK(syslog_message({}, record(), 2147483646, "h").find("\"2147483647\"") != std::string::npos);
  CHECK(syslog_message({}, record(), 2147483647, "h").find("sequenceId=\"1\"") !=
        std::string::npos);
}

TEST_CASE("a message of RFC 3164", "[syslog]") {
  setenv("TZ", "UTC", 1);
  tzset();
  SyslogStyle style;
  style.form = SyslogForm::rfc3164;
  CHECK(syslog_message(style, record(), 0, "host") ==
        "<132>Jan  5 02:38:58 host expert-asn[" + pid() + "]: text");
}

TEST_CASE("a line of the audit log", "[syslog]") {
  LogRecord line = record();
  line.kind = "audit";
  CHECK(syslog_message({}, line, 0, "h").starts_with("<109>1 "));
  CHECK(syslog_message({}, line, 0, "h").find(" audit [") != std::string::npos);
}

TEST_CASE("what is too long is cut between characters", "[syslog]") {
  SyslogStyle style;
  for (std::size_t most = 200; most < 210; ++most) {
    style.most_bytes = most;
    LogRecord line = record();
    line.text.clear();
    for (int i = 0; i < 100; ++i) line.text += "\xe2\x82\xac";
    const std::string message = syslog_message(style, line, 0, "h");
    CHECK(message.size() <= most);
    CHECK(message.size() > most - 3);
    CHECK(message.ends_with("\xe2\x82\xac"));
  }
  style.most_bytes = 10;  // less than its head
  CHECK(syslog_message(style, record(), 0, "h").ends_with("] "));
}

TEST_CASE("frames of RFC 6587", "[syslog]") {
  CHECK(syslog_frame(SyslogFraming::octet_counting, "<1>h\xc3\xa9") == "6 <1>h\xc3\xa9");
  CHECK(syslog_frame(SyslogFraming::lf, "<1>h") == "<1>h\n");
}

std::string wrong(const char* text) {
  std::vector<FieldError> errors;
  const auto target = read_syslog_target(*Json::parse(text), errors);
  CHECK(target.has_value() == errors.empty());
  std::string out;
  for (const FieldError& error : errors) out += error.pointer + ' ' + error.code + '\n';
  return out;
}

TEST_CASE("a target's errors have pointers", "[syslog]") {
  CHECK(wrong("{}") == "#/transport required\n");
  CHECK(wrong("[]") == "# type\n");
  CHECK(wrong(R"({"transport":"smoke"})") == "#/transport value\n");
  CHECK(wrong(R"({"transport":"tcp"})") == "#/host required\n");
  CHECK(wrong(R"({"transport":"udp","host":"h","framing":"lf","tls":{},"path":"/x"})") ==
        "#/path value\n#/tls value\n#/framing value\n");
  CHECK(wrong(R"({"transport":"unix","host":"h","path":"log"})") == "#/path value\n#/host value\n");
  CHECK(wrong(R"({"transport":"tcp","host":"a b","port":0})") == "#/host value\n#/port value\n");
  CHECK(wrong(R"({"transport":"tcp","host":"h","port":"514"})") == "#/port type\n");
  CHECK(wrong(R"({"transport":"tls","host":"h","tls":{"ca_fiel":"x","key_file":"/dev/null"}})") ==
        "#/tls/cert_file required\n#/tls/ca_fiel unknown\n");
  CHECK(wrong(R"({"transport":"udp","host":"h","queue_size":0,"bom":1,"on_full":"block",)"
              R"("facility":"local9","min_severity":"loud","app_name":"a b","x/y":1})") ==
        "#/facility value\n#/min_severity value\n#/app_name value\n#/bom type\n"
        "#/queue_size value\n#/on_full value\n#/x~1y unknown\n");
}

TEST_CASE("files that cannot be read are told, but leave a target", "[syslog]") {
  std::vector<FieldError> errors;
  const auto target = read_syslog_target(
      *Json::parse(R"({"transport":"tls","host":"h","tls":{"ca_file":"/no/such"}})"), errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].pointer == "#/tls/ca_file");
  CHECK(errors[0].code == "file-missing");
  CHECK(target.has_value());
}

TEST_CASE("a target that is shown can be read again", "[syslog]") {
  for (const char* text :
       {R"({"transport":"unix"})", R"({"transport":"udp","host":"h","port":1,"bom":true})",
        R"({"transport":"tcp","host":"::1","framing":"lf","format":"rfc3164","queue_size":5})",
        R"({"transport":"tls","host":"h","facility":"daemon","structured_data":false,)"
        R"("tls":{"server_name":"x"},"min_severity":"error","app_name":"a"})"}) {
    std::vector<FieldError> errors;
    const auto first = read_syslog_target(*Json::parse(text), errors);
    REQUIRE(first);
    const auto second = read_syslog_target(first->json(), errors);
    CHECK(errors.empty());
    REQUIRE(second);
    CHECK(first->json() == second->json());
  }
}

TEST_CASE("targets are kept in a file that others cannot read", "[syslog]") {
  std::string folder = "/tmp/syslog_test.XXXXXX";
  REQUIRE(mkdtemp(folder.data()));
  const std::string file = folder + "/syslog.json";
  std::vector<FieldError> errors;
  auto target = *read_syslog_target(
      *Json::parse(R"({"transport":"unix","path":")" + folder + R"(/log"})"), errors);
  target.id = "ab";
  CHECK(SyslogTargets(file).load());
  CHECK(SyslogTargets(file).save({target}));
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  SyslogTargets again(file);
  CHECK(again.load());
  REQUIRE(again.find("ab"));
  CHECK(again.find("ab")->target().json() == target.json());
  CHECK(!again.find("a"));
  CHECK(atomic_write(file, R"({"targets":[{"id":"x","transport":"smoke"}]})"));
  SyslogTargets broken(file);
  const auto read = broken.load();
  REQUIRE(!read);
  CHECK(read.error().text.find("syslog.json: target x: #/transport: 'smoke'") != std::string::npos);
  unlink(file.c_str());
  rmdir(folder.c_str());
}

}  // namespace
}  // namespace intelmq::serve
