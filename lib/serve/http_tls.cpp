// SPDX-License-Identifier: Apache-2.0
#include "serve/http_wire.hpp"

namespace intelmq::serve {

Result<std::shared_ptr<const Tls>> Tls::load(const TlsFiles&) { return fail("no TLS yet"); }

}  // namespace intelmq::serve
