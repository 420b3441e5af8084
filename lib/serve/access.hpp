// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "serve/access_options.hpp"
#include "serve/http.hpp"
#include "serve/oidc.hpp"

namespace intelmq::serve {

/// Who sent a request, or why that is not known.
struct Identity {
  Actor actor;           ///< `kind` empty: nobody.
  std::string reason;    ///< Why a credential was refused, one of a few words: "expired". Empty:
                         ///< there was none.
  std::string detail;    ///< Why it is nobody, precisely: for the audit log alone, never for the
                         ///< client.
  bool unknown = false;  ///< It cannot be told: there are no keys of the issuer.
};

/// Tells who asks. A token decides where there is one: a proxy or a client certificate beside it
/// adds nothing. Otherwise a unix socket's peer is asked for, then the client certificate. Where
/// nothing at all is configured everybody on the loopback is an admin.
class Access {
 public:
  virtual ~Access() = default;
  /// Nothing: keys have to be fetched first, so `refresh` and ask once more. Never blocks.
  virtual std::optional<Identity> identify(const Request& request) = 0;
  /// Fetches what `identify` lacked, then calls, whether or not it came.
  virtual void refresh(std::function<void()> then) = 0;
  /// Where a client learns how to log in (RFC 9728): a URL; empty: nowhere.
  virtual std::string metadata_url(const Request& request) const = 0;
  /// That document; nothing: there is no issuer.
  virtual std::optional<Json> metadata(const Request& request) const = 0;
  /// What is configured, without secrets, and the state of the issuer's keys.
  virtual Json status() const = 0;
  /// What people have to know: keys that cannot be fetched. Empty: nothing.
  virtual std::string warning() const = 0;
  /// Reads the token file again; on error the tokens stay.
  virtual Result<void> reload() = 0;

  /// `instance`: grants bound to this name count. Error: the option, the value, the remedy; for
  /// exit code 78.
  static Result<std::unique_ptr<Access>> open(const AccessOptions& options, std::string instance,
                                              Fetch fetch, Work work, Log& log);
};

/// Gets URLs with the HTTP client; `ca_file` empty: the system's authorities.
Fetch http_fetcher(std::string ca_file, bool dev);

}  // namespace intelmq::serve
