// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "queue/destination.hpp"
#include "queue/source.hpp"

// What a module `intelmq-queue-<scheme>.so` offers for URLs `<scheme>:...`: one or both of the
// functions below. They are called with the URL as it was written (see queue/url_options.hpp for
// the options) and put an opened end or an error into `out`. Nothing may be thrown. The module
// stays loaded until the process ends and must be built with the same compiler as the program.

extern "C" {

void intelmq_open_source(std::string_view url, const intelmq::SourceOptions& options,
                         intelmq::Result<std::unique_ptr<intelmq::Source>>& out);

void intelmq_open_destination(std::string_view url, const intelmq::DestinationOptions& options,
                              intelmq::Result<std::unique_ptr<intelmq::Destination>>& out);
}
