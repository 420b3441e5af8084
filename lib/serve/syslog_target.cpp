// SPDX-License-Identifier: Apache-2.0
#include "serve/syslog_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "serve/members.hpp"

namespace intelmq::serve {
namespace {

using Transport = SyslogTarget::Transport;

constexpr std::string_view transports[] = {"unix", "udp", "tcp", "tls"};
constexpr std::string_view forms[] = {"rfc5424", "rfc3164"};
constexpr std::string_view framings[] = {"octet-counting", "lf"};
constexpr std::string_view on_full[] = {"drop-oldest", "drop-newest"};
constexpr std::uint16_t usual_ports[] = {0, 514, 514, 6514};
constexpr std::size_t longest_socket_path = 107;

template <class Enum>
std::string_view name_in(std::span<const std::string_view> names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// Members that are of no use with this transport.
void refuse(Members& members, Transport transport, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (members.has(name))
      members.wrong(name, "value",
                    fmt::format("is of no use with transport '{}'; leave it out",
                                name_in(transports, transport)));
}

void read_place(Members& members, SyslogTarget& target) {
  if (target.transport == Transport::local) {
    target.path = members.text("path").value_or("/dev/log");
    if (!target.path.starts_with('/') || target.path.size() > longest_socket_path)
      members.wrong(
          "path", "value",
          fmt::format("must be an absolute path of at most {} bytes", longest_socket_path));
    return refuse(members, target.transport, {"host", "port", "tls"});
  }
  target.host = members.required_text("host").value_or("");
  if (!printable(target.host) || target.host.size() > 255)
    members.wrong("host", "value", "is neither the name of a host nor an address");
  target.port = static_cast<std::uint16_t>(
      members.integer("port", 1, 65535)
          .value_or(usual_ports[static_cast<std::size_t>(target.transport)]));
  refuse(members, target.transport, {"path"});
  if (target.transport != Transport::tls) refuse(members, target.transport, {"tls"});
  if (target.transport == Transport::udp) refuse(members, target.transport, {"framing"});
}

void read_tls(const Json& object, SyslogTarget& target, std::vector<FieldError>& errors) {
  Members members(object, "#/tls", errors);
  target.ca_file = members.file("ca_file");
  target.cert_file = members.file("cert_file");
  target.key_file = members.file("key_file");
  target.server_name = members.text("server_name").value_or("");
  if (!target.key_file.empty() && target.cert_file.empty())
    members.wrong("cert_file", "required", "is required with key_file");
  if (!printable(target.server_name))
    members.wrong("server_name", "value", "is neither the name of a host nor an address");
  members.finish();
}

void read_style(Members& members, SyslogTarget& target) {
  SyslogStyle& style = target.style;
  style.form = static_cast<SyslogForm>(members.choice("format", forms).value_or(0));
  target.framing = static_cast<SyslogFraming>(members.choice("framing", framings).value_or(0));
  style.facility =
      static_cast<unsigned>(members.choice("facility", syslog_facilities).value_or(style.facility));
  target.least = static_cast<LogLevel>(members.choice("min_severity", log_level_names)
                                           .value_or(static_cast<std::size_t>(target.least)));
  style.app_name = members.text("app_name").value_or("");
  if (!printable(style.app_name) || style.app_name.size() > 48)
    members.wrong("app_name", "value", "may have at most 48 characters of ASCII, without blanks");
  style.structured_data = members.boolean("structured_data").value_or(true);
  style.bom = members.boolean("bom").value_or(false);
  // Larger datagrams come in pieces, or not at all.
  if (target.transport == Transport::udp) style.most_bytes = 2048;
}

}  // namespace

Json SyslogTarget::json() const {
  Json out = Json::object();
  out.set("transport", name_in(transports, transport));
  if (transport == Transport::local)
    out.set("path", path);
  else
    out.set("host", host).set("port", port);
  out.set("format", name_in(forms, style.form));
  if (transport != Transport::udp) out.set("framing", name_in(framings, framing));
  out.set("facility", syslog_facilities[style.facility]).set("min_severity", name_of(least));
  if (!style.app_name.empty()) out.set("app_name", style.app_name);
  out.set("structured_data", style.structured_data).set("bom", style.bom);
  if (transport == Transport::tls) {
    Json tls = Json::object();
    for (const auto& [name, value] : {std::pair("ca_file", &ca_file),
                                      {"cert_file", &cert_file},
                                      {"key_file", &key_file},
                                      {"server_name", &server_name}})
      if (!value->empty()) tls.set(name, *value);
    out.set("tls", std::move(tls));
  }
  return out.set("queue_size", static_cast<std::int64_t>(queue_size))
      .set("on_full", on_full[drop_newest]);
}

std::string SyslogTarget::name() const {
  const std::string_view kind = name_in(transports, transport);
  return transport == Transport::local ? fmt::format("{} {}", kind, path)
                                       : fmt::format("{} {}:{}", kind, host, port);
}

std::optional<SyslogTarget> read_syslog_target(const Json& body, std::vector<FieldError>& errors) {
  const auto before = static_cast<std::ptrdiff_t>(errors.size());
  Members members(body, "#", errors);
  if (!body.is_object()) return std::nullopt;
  for (const std::string_view shown : {"id", "type", "links", "status"}) members.has(shown);
  SyslogTarget target;
  if (!members.has("transport")) members.wrong("transport", "required", "is required");
  if (const auto transport = members.choice("transport", transports)) {
    target.transport = static_cast<Transport>(*transport);
    read_place(members, target);
  } else {  // what else is wrong can be said all the same
    for (const std::string_view name : {"host", "port", "path"}) members.has(name);
  }
  if (const Json* const tls = members.object("tls")) read_tls(*tls, target, errors);
  read_style(members, target);
  target.queue_size =
      static_cast<std::size_t>(members.integer("queue_size", 1, 1'000'000)
                                   .value_or(static_cast<std::int64_t>(target.queue_size)));
  target.drop_newest = members.choice("on_full", on_full).value_or(0) == 1;
  members.finish();
  const bool usable =
      std::all_of(errors.begin() + before, errors.end(),
                  [](const FieldError& error) { return error.code.starts_with("file-"); });
  if (!usable) return std::nullopt;
  return target;
}

}  // namespace intelmq::serve
