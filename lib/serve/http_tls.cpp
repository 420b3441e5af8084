// SPDX-License-Identifier: Apache-2.0
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/file.hpp"
#include "net/tls.hpp"
#include "serve/http_wire.hpp"

namespace intelmq::serve {
namespace {

using Context = std::shared_ptr<asio::ssl::context>;
template <class T, void (*free)(T*)>
struct Freed {
  void operator()(T* what) const { free(what); }
};
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;

constexpr unsigned char http11[] = "\x08http/1.1";

std::string text_of(const ASN1_STRING* text) {
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), size};
}

std::string subject_of(const X509* certificate) {
  const std::unique_ptr<BIO, Freed<BIO, BIO_free_all>> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// DNS names, URIs and mail addresses. One with a NUL in it is no name.
std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> out;
  const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES, GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_URI && name->type != GEN_EMAIL) continue;
    std::string text = text_of(name->d.ia5);
    if (text.find('\0') == std::string::npos) out.push_back(std::move(text));
  }
  return out;
}

void describe(const X509* certificate, Peer& peer) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return;
  peer.certificate_subject = subject_of(certificate);
  peer.certificate_names = names_of(certificate);
  peer.certificate_sha256.assign(reinterpret_cast<const char*>(digest), size);
}

class TlsWire final : public Wire {
 public:
  TlsWire(Socket socket, Context context)
      : Wire{std::move(socket)}, context_{std::move(context)}, stream_{socket_, *context_} {}

  Task<bool> open(Peer& peer) override {
    ErrorCode error;
    co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return false;
    const Certificate certificate(SSL_get1_peer_certificate(stream_.native_handle()));
    if (certificate) describe(certificate.get(), peer);
    co_return true;
  }

  Task<std::size_t> read(char* to, std::size_t size) override {
    if (finished_) co_return co_await Wire::read(to, size);
    ErrorCode error;
    const std::size_t got = co_await stream_.async_read_some(
        asio::buffer(to, size), asio::redirect_error(asio::use_awaitable, error));
    co_return error ? 0 : got;
  }

  Task<bool> write(std::string_view bytes) override {
    ErrorCode error;
    co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  /// Says so, and waits for the client's word; what comes then is for nobody, so it is not
  /// decrypted any more.
  Task<void> finish() override {
    ErrorCode ignored;
    finished_ = true;
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    socket_.shutdown(Socket::shutdown_send, ignored);
  }

 private:
  Context context_;  // of its time: a reload makes another one
  asio::ssl::stream<Socket&> stream_;
  bool finished_ = false;
};

class TlsContext final : public Tls {
 public:
  explicit TlsContext(SSL_CTX* owned) : context_{std::make_shared<asio::ssl::context>(owned)} {}
  std::unique_ptr<Wire> wrap(Socket socket) const override {
    return std::make_unique<TlsWire>(std::move(socket), context_);
  }

 private:
  Context context_;
};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  auto** chosen = const_cast<unsigned char**>(out);
  const int found = SSL_select_next_proto(chosen, out_size, http11, sizeof http11 - 1, in, in_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int no_passphrase(char*, int, int, void*) { return 0; }

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // No session is resumed: nothing has to be kept, and a new client CA counts at once.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

tl::unexpected<Error> unusable(std::string_view what, const std::string& file) {
  return fail("cannot use the " + std::string(what) + " " + file + ": " + tls_reason());
}

Result<void> set_files(SSL_CTX* context, const TlsFiles& files) {
  for (const std::string* file : {&files.certificate, &files.key, &files.client_ca}) {
    if (file == &files.client_ca && file->empty()) continue;
    if (auto readable = open_file(*file, 0); !readable)
      return fail("cannot use TLS: " + readable.error().text);
  }
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return unusable("certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return unusable("key", files.key);
  if (files.client_ca.empty()) return {};
  auto* names = SSL_load_client_CA_file(files.client_ca.c_str());
  if (!names || SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) != 1)
    return unusable("CA of the clients", files.client_ca);
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(
      context, SSL_VERIFY_PEER | (files.client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  return {};
}

}  // namespace

Result<std::shared_ptr<const Tls>> Tls::load(const TlsFiles& files) {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>> context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail("cannot use TLS: " + tls_reason());
  set_rules(context.get());
  if (auto done = set_files(context.get(), files); !done)
    return tl::unexpected<Error>(done.error());
  if (files.client_required && files.client_ca.empty())
    return fail("client certificates are required, but there is no CA to check them with");
  return std::make_shared<const TlsContext>(context.release());
}

}  // namespace intelmq::serve
