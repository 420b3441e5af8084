// SPDX-License-Identifier: Apache-2.0
//
// Yardstick: what a straightforward libmaxminddb program does with the same feed. Reads JSON lines
// on stdin in blocks, looks "source.ip" up and puts country, coordinates and city in front of the
// closing brace. usage: mmdb-plain DATABASE < events > events
#include <maxminddb.h>
#include <simdjson.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;

void put_text(std::string& out, const char* key, std::string_view value) {
  out.append(",\"").append(key).append("\":\"");
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void put_number(std::string& out, const char* key, double value) {
  char text[32];
  char* const end = simdjson::internal::to_chars(text, text + sizeof text, value);
  out.append(",\"").append(key).append("\":").append(text, end);
}

template <class... Path>
bool value_of(MMDB_entry_s& entry, MMDB_entry_data_s& value, unsigned type, Path... path) {
  const int status = MMDB_get_value(&entry, &value, path..., static_cast<const char*>(nullptr));
  return status == MMDB_SUCCESS && value.has_data && value.type == type;
}

void enrich(const MMDB_s& database, const char* address, std::string& out) {
  int address_error = 0;
  int error = MMDB_SUCCESS;
  auto result = MMDB_lookup_string(&database, address, &address_error, &error);
  if (address_error != 0 || error != MMDB_SUCCESS || !result.found_entry) return;
  MMDB_entry_data_s value;
  if (value_of(result.entry, value, MMDB_DATA_TYPE_UTF8_STRING, "country", "iso_code")) {
    put_text(out, "source.geolocation.cc", {value.utf8_string, value.data_size});
  }
  if (value_of(result.entry, value, MMDB_DATA_TYPE_DOUBLE, "location", "latitude")) {
    put_number(out, "source.geolocation.latitude", value.double_value);
  }
  if (value_of(result.entry, value, MMDB_DATA_TYPE_DOUBLE, "location", "longitude")) {
    put_number(out, "source.geolocation.longitude", value.double_value);
  }
  if (value_of(result.entry, value, MMDB_DATA_TYPE_UTF8_STRING, "city", "names", "en")) {
    put_text(out, "source.geolocation.city", {value.utf8_string, value.data_size});
  }
}

// `room`: bytes that may be read from the start of the line.
void process(simdjson::ondemand::parser& parser, const MMDB_s& database, std::string_view line,
             std::size_t room, std::string& out) {
  simdjson::ondemand::document document;
  std::string_view found;
  char address[64] = "";
  const bool is_json = !parser.iterate(line.data(), line.size(), room).get(document);
  if (is_json && !document.find_field_unordered("source.ip").get_string().get(found) &&
      found.size() < sizeof address) {
    std::memcpy(address, found.data(), found.size());
    address[found.size()] = '\0';
  }
  const std::size_t brace = line.rfind('}');
  if (address[0] == '\0' || brace == std::string_view::npos) {
    out.append(line) += '\n';
    return;
  }
  out.append(line.substr(0, brace));
  enrich(database, address, out);
  out += "}\n";
}

bool flush(std::string& out) {
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t count = ::write(STDOUT_FILENO, out.data() + done, out.size() - done);
    if (count < 0) return false;
    done += static_cast<std::size_t>(count);
  }
  out.clear();
  return true;
}

// Handles the whole lines of `in[0, filled)`; returns the bytes used.
std::size_t process_lines(simdjson::ondemand::parser& parser, const MMDB_s& database,
                          const std::string& in, std::size_t filled, std::string& out) {
  std::size_t used = 0;
  while (const void* end = std::memchr(in.data() + used, '\n', filled - used)) {
    const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - in.data()) - used;
    process(parser, database, {in.data() + used, size}, in.size() - used, out);
    used += size + 1;
  }
  return used;
}

int run(const MMDB_s& database) {
  simdjson::ondemand::parser parser;
  std::string in(2 * kBlock + simdjson::SIMDJSON_PADDING, ' ');
  std::string out;
  out.reserve(4 * kBlock);
  std::size_t filled = 0;
  for (;;) {
    if (in.size() - filled < kBlock + simdjson::SIMDJSON_PADDING) in.resize(2 * in.size(), ' ');
    const ssize_t count = ::read(STDIN_FILENO, in.data() + filled, kBlock);
    if (count < 0) return 1;
    if (count == 0 && filled > 0) in[filled++] = '\n';
    filled += static_cast<std::size_t>(count);
    const std::size_t used = process_lines(parser, database, in, filled, out);
    std::memmove(in.data(), in.data() + used, filled - used);
    filled -= used;
    if (!flush(out)) return 1;
    if (count == 0) return 0;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mmdb-plain DATABASE < events > events\n");
    return 64;
  }
  MMDB_s database;
  const int status = MMDB_open(argv[1], MMDB_MODE_MMAP, &database);
  if (status != MMDB_SUCCESS) {
    std::fprintf(stderr, "mmdb-plain: %s: %s\n", argv[1], MMDB_strerror(status));
    return 66;
  }
  const int code = run(database);
  MMDB_close(&database);
  return code;
}
