// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "serve/http.hpp"

namespace intelmq::serve {

/// Who sent a request, or why that is not known.
struct Identity {
  Actor actor;           ///< `kind` empty: nobody.
  std::string reason;    ///< Why a credential was refused, one of a few words: "expired". Empty:
                         ///< there was none.
  std::string detail;    ///< The same precisely: for the audit log alone, never for the client.
  bool unknown = false;  ///< It cannot be told: there are no keys of the issuer.
};

/// Tells who asks.
class Access {
 public:
  virtual ~Access() = default;
  /// Nothing: keys have to be fetched first, so `refresh` and ask once more. Never blocks.
  virtual std::optional<Identity> identify(const Request& request) = 0;
  /// Fetches what `identify` lacked, then calls, whether or not it came.
  virtual void refresh(std::function<void()> then) = 0;
  /// Where a client learns how to log in (RFC 9728): a URL; empty: nowhere.
  virtual std::string metadata_url(const Request& request) const = 0;
};

}  // namespace intelmq::serve
