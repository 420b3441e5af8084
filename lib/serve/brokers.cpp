// SPDX-License-Identifier: Apache-2.0
#include "serve/brokers.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "queue/url_options.hpp"
#include "serve/members.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view types[] = {"redis", "redis-stream", "kafka", "amqp",
                                      "dir",   "file",         "stdio"};

/// Everything but letters, digits and -._~ as %XX.
std::string encoded(std::string_view text, std::string_view also = "") {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       also.find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      ((out += '%') += hex[static_cast<unsigned char>(c) / 16]) += hex[c & 15];
  }
  return out;
}

std::string decoded(std::string_view text) {
  return percent_decoded(text).value_or(std::string(text));
}

Result<std::string> revealed(const Json& secret) {
  if (secret.is_null()) return std::string();
  if (secret.is_string()) return secret.text();
  if (const Json& file = secret["$secret_file"]; file.is_string()) {
    auto text = read_file(file.text());
    if (!text) return tl::unexpected(text.error());
    return std::string(trim(*text));
  }
  const std::string& name = secret["$env"].text();
  const char* value = std::getenv(name.c_str());
  if (!value) return fail("the environment has no " + name);
  return std::string(value);
}

std::string default_port(const std::string& type) {
  return type == "kafka" ? "9092" : type == "amqp" ? "5672" : "6379";
}

bool is_on_server(const std::string& type) {
  return type == "redis" || type == "redis-stream" || type == "kafka" || type == "amqp";
}

/// The names that options of the broker have in URLs.
std::string broker_options(const Broker& b, bool source) {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(encoded(value, "/"));
  };
  const bool kafka = b.type == "kafka";
  if (kafka && b.tls) add("tls", "1");
  if (b.tls) {
    add("ca", b.ca_file);
    add("cert", b.cert_file);
    add(kafka ? "key-file" : "key", b.key_file);
  }
  if (kafka) add("sasl", b.sasl);
  if (kafka && source) add("group", b.group);
  return out;
}

std::string scheme_of(const Broker& b) {
  const bool socket = !b.endpoints.empty() && b.endpoints.front().starts_with('/');
  if (b.type == "kafka") return "kafka";
  if (b.type == "amqp") return b.tls ? "amqps" : "amqp";
  const std::string kind = b.type == "redis-stream" ? "-stream" : "";
  return (b.tls ? "rediss" : "redis") + kind + (socket ? "+unix" : "");
}

}  // namespace

Json Broker::document(bool secrets) const {
  Json out = Json::object();
  out.set("type", type);
  if (!endpoints.empty()) {
    Json list = Json::array();
    for (const std::string& each : endpoints) list.push(each);
    out.set("endpoints", std::move(list));
  }
  if (!database.empty()) {
    if (type == "amqp")
      out.set("vhost", database);
    else
      out.set("database", Json::number(database));
  }
  if (!user.empty() || !password.is_null()) {
    Json auth = Json::object();
    if (!user.empty()) auth.set("username", user);
    if (!password.is_null())
      auth.set("password", secrets ? password : Json::object().set("$secret", "set"));
    out.set("auth", std::move(auth));
  }
  if (tls) {
    Json files = Json::object().set("enabled", true);
    if (!ca_file.empty()) files.set("ca_file", ca_file);
    if (!cert_file.empty()) files.set("cert_file", cert_file);
    if (!key_file.empty()) files.set("key_file", key_file);
    out.set("tls", std::move(files));
  }
  if (!group.empty() || !sasl.empty()) {
    Json kafka = Json::object();
    if (!group.empty()) kafka.set("group_id", group);
    if (!sasl.empty()) kafka.set("sasl_mechanism", sasl);
    out.set("kafka", std::move(kafka));
  }
  return out;
}

Result<std::string> Broker::url(std::string_view queue, bool source,
                                std::string_view options) const {
  if (type == "stdio") return std::string("-");
  const auto joined = [](std::string first, std::string_view second) {
    if (!first.empty() && !second.empty()) first += '&';
    return first.append(second);
  };
  if (queue.empty()) return fail("a queue has to be named");
  if (!is_on_server(type)) {
    const std::string all(options);
    return type + ":" + encoded(queue, "/") + (all.empty() ? "" : "?" + all);
  }
  const auto secret = revealed(password);
  if (!secret) return tl::unexpected(secret.error());
  const std::string scheme = scheme_of(*this);
  std::string all = joined(broker_options(*this, source), options);
  if (scheme.ends_with("+unix")) {
    const bool stream = type == "redis-stream";
    std::string place = std::string(stream ? "stream=" : "queue=") + encoded(queue);
    if (!database.empty()) place += "&db=" + database;
    if (!user.empty()) place += "&user=" + encoded(user);
    if (!secret->empty()) place += "&password=" + encoded(*secret);
    return scheme + ":" + endpoints.front() + "?" + joined(place, all);
  }
  std::string out = scheme + "://";
  if (!user.empty()) out += encoded(user) + ":";
  if (!secret->empty()) out += encoded(*secret);
  if (!user.empty() || !secret->empty()) out += '@';
  out += join(endpoints, ",") + "/";
  if (type == "amqp") out += encoded(database.empty() ? "/" : database) + "/";
  if (type.starts_with("redis")) out += (database.empty() ? "2" : database) + "/";
  out += encoded(queue);
  return all.empty() ? out : out + "?" + all;
}

Answer<Broker> read_broker(const Json& body) {
  std::vector<FieldError> errors;
  Members members(body, "#", errors);
  Broker out;
  if (!members.required_text("type")) return tl::unexpected(invalid(errors));
  if (const auto type = members.choice("type", types)) out.type = types[*type];
  members.has("endpoints");
  for (const Json& each : body["endpoints"].items()) {
    if (!each.is_string() || each.text().empty() ||
        each.text().find_first_of(" @?#") != std::string::npos ||
        (each.text().find('/') != std::string::npos && !each.text().starts_with('/')))
      members.wrong("endpoints", "value", "expected HOST:PORT, or the path of a socket");
    else
      out.endpoints.push_back(each.text());
  }
  if (body.has("endpoints") && !body["endpoints"].is_array())
    members.wrong("endpoints", "type", "expected a list");
  if (is_on_server(out.type) && out.endpoints.empty() && errors.empty())
    members.wrong("endpoints", "required", "a broker on a server needs at least one");
  if (out.type != "kafka" && out.endpoints.size() > 1)
    members.wrong("endpoints", "value", "only Kafka has several");
  if (const auto number = members.integer("database", 0, 65535))
    out.database = std::to_string(*number);
  if (const auto host = members.text("vhost")) out.database = *host;
  if (const Json* auth = members.object("auth")) {
    Members inner(*auth, "#/auth", errors);
    out.user = inner.text("username").value_or("");
    inner.has("password");
    const Json& password = (*auth)["password"];
    const bool reference = password.is_object() && password.members().size() == 1 &&
                           (password["$secret_file"].is_string() || password["$env"].is_string());
    if (password.is_string() || reference)
      out.password = password;
    else if (!password.is_null())
      inner.wrong("password", "type",
                  "expected a text, {\"$secret_file\": PATH} or {\"$env\": NAME}");
    inner.finish();
  }
  if (const Json* tls = members.object("tls")) {
    Members inner(*tls, "#/tls", errors);
    out.tls = inner.boolean("enabled").value_or(true);
    out.ca_file = inner.file("ca_file");
    out.cert_file = inner.file("cert_file");
    out.key_file = inner.file("key_file");
    if (out.cert_file.empty() != out.key_file.empty())
      inner.wrong("key_file", "required", "certificate and key belong together");
    inner.finish();
  }
  if (const Json* kafka = members.object("kafka")) {
    constexpr std::string_view mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
    Members inner(*kafka, "#/kafka", errors);
    out.group = inner.text("group_id").value_or("");
    if (const auto which = inner.choice("sasl_mechanism", mechanisms))
      out.sasl = mechanisms[*which];
    inner.finish();
  }
  members.finish();
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  return out;
}

QueuePlace place_of(std::string_view url) {
  QueuePlace out;
  Broker& b = out.broker;
  const std::string scheme = url_scheme(url);
  if (scheme.empty() || scheme == "-") {
    b.type = "stdio";
    return out;
  }
  std::string_view rest = url.substr(std::min(url.size(), scheme.size() + 1));
  const std::size_t question = rest.find('?');
  const std::string_view options = question == rest.npos ? "" : rest.substr(question + 1);
  rest = rest.substr(0, question);
  const bool stream = scheme.find("-stream") != scheme.npos, kafka = scheme == "kafka";
  b.type = scheme.starts_with("redis")  ? (stream ? "redis-stream" : "redis")
           : scheme.starts_with("amqp") ? "amqp"
                                        : scheme;
  b.tls = scheme.starts_with("rediss") || scheme == "amqps";
  for (const std::string_view option : split(options, '&')) {
    const std::string_view name = option.substr(0, option.find('='));
    const std::string value =
        name.size() < option.size() ? decoded(option.substr(name.size() + 1)) : "";
    if (name == "ca")
      b.ca_file = value;
    else if (name == "cert")
      b.cert_file = value;
    else if (name == "key-file" || (name == "key" && !kafka))
      b.key_file = value;
    else if (name == "tls")
      b.tls = value == "1" || value == "true";
    else if (name == "sasl")
      b.sasl = value;
    else if (name == "group" && kafka)
      b.group = value;
    else if (name == "user")
      b.user = value;
    else if (name == "password")
      b.password = Json(value);
    else if (name == "db")
      b.database = value;
    else if (name == "queue" || name == "stream")
      out.queue = value;
    else if (!option.empty())
      out.options.append(out.options.empty() ? "" : "&").append(option);
  }
  if (!rest.starts_with("//")) {
    if (scheme.ends_with("+unix"))
      b.endpoints = {decoded(rest)};
    else
      out.queue = decoded(rest);
    return out;
  }
  rest.remove_prefix(2);
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash),
                   path = slash == rest.npos ? "" : rest.substr(slash + 1);
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    const std::string_view login = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const std::size_t colon = login.find(':');
    if (colon != login.npos) b.user = decoded(login.substr(0, colon));
    b.password = Json(decoded(colon == login.npos ? login : login.substr(colon + 1)));
  }
  for (const std::string_view host : split(authority, ',')) {
    std::string place(host);
    if (place.find(':') == place.npos) place += ":" + default_port(b.type);
    b.endpoints.push_back(std::move(place));
  }
  if (!kafka) {
    const std::size_t next = path.find('/');
    b.database = decoded(path.substr(0, next));
    path = next == path.npos ? "" : path.substr(next + 1);
  }
  out.queue = decoded(path);
  return out;
}

// --- names
// ------------------------------------------------------------------------------------------

Brokers::Brokers(std::string file) : file_{std::move(file)} {
  const auto text = read_file(file_);
  if (!text) return;
  const auto kept = Json::parse(*text);
  if (!kept) return;
  for (const auto& [name, body] : kept->members())
    if (auto broker = read_broker(body)) {
      known_[name] = std::move(*broker);
      made_.push_back(name);
    }
}

const Broker* Brokers::find(std::string_view name) const {
  const auto found = known_.find(std::string(name));
  return found == known_.end() ? nullptr : &found->second;
}

std::string Brokers::name_of(const Broker& broker) {
  // A secret may be given as itself, or by where it is.
  const auto same = [&broker](const Broker& other) {
    if (!(other.document(false) == broker.document(false))) return false;
    const auto mine = revealed(broker.password), theirs = revealed(other.password);
    return mine && theirs && *mine == *theirs;
  };
  for (const auto& [name, known] : known_)
    if (same(known)) return name;
  std::string name = broker.type;
  for (const std::string& endpoint : broker.endpoints) name += "-" + endpoint;
  if (!broker.database.empty()) name += "-" + broker.database;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '-';
  while (known_.contains(name)) name += "-2";
  known_[name] = broker;
  return name;
}

Result<void> Brokers::set(const std::string& name, Broker broker) {
  known_[name] = std::move(broker);
  if (std::find(made_.begin(), made_.end(), name) == made_.end()) made_.push_back(name);
  return save();
}

Result<void> Brokers::remove(const std::string& name) {
  known_.erase(name);
  std::erase(made_, name);
  return save();
}

Result<void> Brokers::save() const {
  Json all = Json::object();
  for (const std::string& name : made_) all.set(name, known_.at(name).document(true));
  auto done = atomic_write(file_, all.dump() + '\n');
  if (done) chmod(file_.c_str(), 0600);
  return done;
}

}  // namespace intelmq::serve
