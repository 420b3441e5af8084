// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/problem.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

/// Name or address of a Host header in lower case, without port and brackets; nothing: it is none.
std::optional<std::string> host_of(std::string_view header);

/// 127.0.0.0/8, ::1 and the names for them.
bool is_loopback(const std::string& host);

/// Host must be a name of the loopback, or one of `hosts`; whoever comes by a unix socket may say
/// what they like.
std::optional<Problem> check_host(const Request& request, const std::vector<std::string>& hosts);

/// What browsers say of the page that sent the request: Sec-Fetch-Site and Origin.
std::optional<Problem> check_site(const Request& request);

/// Content-Type and Content-Encoding of a request with a body, or that names a type.
std::optional<Problem> check_content(const Request& head, Body body);

/// Whether Accept takes this media type.
bool accepts(const Request& request, std::string_view type);
Problem not_acceptable(std::string_view type);

/// A whole JSON body: an object without repeated names, at most 64 deep. An empty one becomes {}.
std::optional<Problem> check_json(Request& request, Body body);

/// The header traceparent (W3C), or empty if it is none.
std::string_view traceparent(const Request& request);

/// Whom limits for an address count: IPv6 by its first 64 bits.
std::string address_group(const std::string& address);

}  // namespace intelmq::serve
