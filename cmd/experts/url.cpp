// SPDX-License-Identifier: Apache-2.0
#include "type/url.hpp"

#include <algorithm>

#include "bot/bot.hpp"
#include "type/fqdn.hpp"
#include "type/ip.hpp"

namespace intelmq {
namespace {

struct Params {
  bool overwrite = false;
  std::vector<FieldName> skip_fields;
};

const Spec<Params> spec{
    .name = "url",
    .summary = "Take URLs apart into address or name, port, path, account and protocol.",
    .details =
        "The parts of source.url go into source.ip or source.fqdn, source.port, source.urlpath and "
        "source.account, those of destination.url likewise. Without a port the usual one of "
        "ftp, http, https, sftp, ssh, tftp, ws and wss is taken.\n\n"
        "protocol.application becomes the scheme (http for https), protocol.transport that of the "
        "schemes above except https. They come from source.url if it adds one of them, else from "
        "destination.url.\n\n"
        "A URL that cannot be split, or whose port is no number up to 65535, makes a failed "
        "record.",
    .params = {param<&Params::overwrite>("overwrite", "Replace values that are there already."),
               param<&Params::skip_fields>("skip_fields", "Fields to leave alone.")},
    .needs_any = {field::source.url, field::destination.url},
    .sets = {given(field::source.url, field::source.ip),
             given(field::source.url, field::source.fqdn),
             given(field::source.url, field::source.port),
             given(field::source.url, field::source.urlpath),
             given(field::source.url, field::source.account),
             given(field::destination.url, field::destination.ip),
             given(field::destination.url, field::destination.fqdn),
             given(field::destination.url, field::destination.port),
             given(field::destination.url, field::destination.urlpath),
             given(field::destination.url, field::destination.account), field::protocol.application,
             field::protocol.transport},
    .examples = {
        {.about = "A name, an account and a port",
         .args = "",
         .input = R"({"source.url":"https://admin@www.example.com:8443/index.html?q#f"})",
         .output = R"({"source.url":"https://admin@www.example.com:8443/index.html?q#f",)"
                   R"("source.fqdn":"www.example.com","source.port":8443,)"
                   R"("source.urlpath":"/index.html","source.account":"admin",)"
                   R"("protocol.application":"http"})"},
        {.about = "An address; the protocol is that of the source",
         .args = "",
         .input = R"({"source.url":"http://192.0.2.1/","destination.url":"ftp://[2001:db8::1]"})",
         .output = R"({"source.url":"http://192.0.2.1/","destination.url":"ftp://[2001:db8::1]",)"
                   R"("source.ip":"192.0.2.1","source.port":80,"source.urlpath":"/",)"
                   R"("protocol.application":"http","protocol.transport":"tcp",)"
                   R"("destination.ip":"2001:db8::1","destination.port":21})"},
        {.about = "What is there is replaced, the port left alone",
         .args = "--overwrite --skip-fields source.port",
         .input = R"({"source.url":"tftp://b.example","source.fqdn":"a.example"})",
         .output = R"({"source.url":"tftp://b.example","source.fqdn":"b.example",)"
                   R"("protocol.application":"tftp","protocol.transport":"udp"})"},
        {.about = "Hostile: an address as a number and port 0, a name in Unicode, a port too large",
         .args = "",
         .input = R"({"source.url":"http://3221225985:0/"})"
                  "\n"
                  R"({"source.url":"http://m\u00fcnchen.example"})"
                  "\n"
                  R"({"source.url":"http://192.0.2.1:99999/"})",
         .output = R"({"source.url":"http://3221225985:0/","source.ip":"192.0.2.1",)"
                   R"("source.port":80,"source.urlpath":"/","protocol.application":"http",)"
                   R"("protocol.transport":"tcp"})"
                   "\n"
                   R"({"source.url":"http://m\u00fcnchen.example",)"
                   R"("source.fqdn":"xn--mnchen-3ya.example","source.port":80,)"
                   R"("protocol.application":"http","protocol.transport":"tcp"})",
         .failed = "its port is no number up to 65535"}}};

struct Scheme {
  std::string_view name;
  int port;
  std::string_view transport;  // empty: not known
};

constexpr Scheme schemes[] = {{"ftp", 21, "tcp"},  {"http", 80, "tcp"}, {"https", 443, ""},
                              {"sftp", 22, "tcp"}, {"ssh", 22, "tcp"},  {"tftp", 69, "udp"},
                              {"ws", 80, "tcp"},   {"wss", 443, "tcp"}};

constexpr Scheme scheme_of(std::string_view name) {
  for (const Scheme& scheme : schemes)
    if (scheme.name == name) return scheme;
  return {name, 0, ""};
}

/// The fields of one end of a connection.
struct End {
  Field<FieldType::URL> url;
  FieldId ip, fqdn, port, urlpath, account;
};

constexpr End ends[] = {
    {field::source.url, field::source.ip, field::source.fqdn, field::source.port,
     field::source.urlpath, field::source.account},
    {field::destination.url, field::destination.ip, field::destination.fqdn,
     field::destination.port, field::destination.urlpath, field::destination.account}};

class Url {
 public:
  explicit Url(const Params& params)
      : existing_{params.overwrite ? Existing::replace : Existing::keep} {
    for (const FieldName& name : params.skip_fields)
      if (name.id()) skipped_[index_of(*name.id())] = true;
  }

  void process(Event& event) const {
    bool has_protocol = false;
    for (const End& end : ends) {
      const auto text = event[end.url];
      if (!text) continue;
      const auto url = parse_url(*text);
      if (!url) return refuse(event, end, url.error().text);
      if (url->port_error) return refuse(event, end, "its port is no number up to 65535");
      const Scheme scheme = scheme_of(url->scheme);
      add_place(event, end, *url, scheme);
      if (!has_protocol) has_protocol = add_protocol(event, scheme);
    }
  }

 private:
  static void refuse(Event& event, const End& end, const std::string& why) {
    event.reject(std::string(name_of(end.url)) + ": " + why);
  }

  void add_place(Event& event, const End& end, const SplitUrl& url, const Scheme& scheme) const {
    if (url.hostname) add_host(event, end, *url.hostname);
    const long port = url.port.value_or(0) ? *url.port : scheme.port;
    if (port) add(event, end.port, std::to_string(port));
    if (!url.path.empty()) add(event, end.urlpath, url.path);
    if (url.username && !skipped_[index_of(end.account)])
      event.add_text(end.account, *url.username, existing_);
  }

  void add_host(Event& event, const End& end, const std::string& host) const {
    if (const auto ip = sanitise_ip(host); ip && valid_ip(*ip)) {
      add(event, end.ip, *ip);
    } else if (const auto name = sanitise_fqdn(host); name && valid_fqdn(*name)) {
      add(event, end.fqdn, *name);
    }
  }

  bool add_protocol(Event& event, const Scheme& scheme) const {
    const bool secure = scheme.name == "https";
    const bool named = add(event, field::protocol.application, secure ? "http" : scheme.name);
    return add(event, field::protocol.transport, scheme.transport) || named;
  }

  /// Whether the value was stored; one that the field cannot hold rejects the event.
  bool add(Event& event, FieldId id, std::string_view value) const {
    if (value.empty() || skipped_[index_of(id)]) return false;
    const Added added = event.add_text(id, value, existing_);
    if (added == Added::invalid) event.reject(event.complaint());
    return added == Added::stored;
  }

  Existing existing_;
  std::bitset<field_count> skipped_;
};

}  // namespace

const Bot& this_bot() { return define<Url>(spec); }

}  // namespace intelmq
