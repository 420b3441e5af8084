// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serve/access.hpp"
#include "serve/audit.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

/// GET whoami, auth, audit, and /.well-known/oauth-protected-resource. Both outlive the router;
/// `audit` may be null.
void add_security_routes(Router& router, Access& access, Audit* audit);

}  // namespace intelmq::serve
