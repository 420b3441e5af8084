// SPDX-License-Identifier: Apache-2.0
// Apart from the streams, so that a name needs no TLS.
#include "net/stream.hpp"

namespace intelmq {

std::string Endpoint::name() const {
  return unix_path.empty() ? host + ":" + std::to_string(port) : unix_path;
}

}  // namespace intelmq
