// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include "base/byte_source.hpp"
#include "event/event.hpp"

namespace intelmq {

/// How collectors, parsers and splitters hand on what they make.
class Emit {
 public:
  virtual ~Emit() = default;

  /// One record of a report becomes at most one event: `fill(event)` sets its fields. The runner
  /// adds the feed's fields before and `raw` (the record) and default fields after it. If the
  /// event is rejected the record goes to the dead letters and the others are unharmed; an event
  /// that got no field at all is dropped.
  template <class Fill>
  void record(std::string_view raw, Fill&& fill) {
    record(raw, raw, std::forward<Fill>(fill));
  }
  /// The same for records whose `raw` is not how they stood in the report: `original` is.
  template <class Fill>
  void record(std::string_view raw, std::string_view original, Fill&& fill) {
    fill(begin());
    end(raw, original);
  }
  /// A record that cannot even be read as one.
  virtual void failed(std::string_view record, std::string_view reason) = 0;

  /// A collector's report: `fill(report)` sets its fields, `bytes` is the content, read to its
  /// end. Returns false when reading failed (then nothing was sent and `error` says why) .
  template <class Fill>
  Result<void> report(const ByteSource& bytes, Fill&& fill) {
    fill(begin());
    return end_report(bytes);
  }

  /// A finished event of a splitter, or of `finish`.
  virtual void send(Event& event) = 0;
  /// A fresh event for `send`.
  virtual Event& begin() = 0;

  /// Whether to stop making more: the program was asked to end, or nobody reads.
  virtual bool stopped() const = 0;

 protected:
  virtual void end(std::string_view raw, std::string_view original) = 0;
  virtual Result<void> end_report(const ByteSource& bytes) = 0;
};

/// What a parser reads: a report's content as a stream of bytes, decoded piece by piece, and the
/// report's fields. With `--input-format raw` the stream is the feed itself.
struct Report {
  ByteSource bytes;
  const Event& fields;
};

}  // namespace intelmq
