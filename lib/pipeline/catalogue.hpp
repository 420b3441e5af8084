// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/sheet.hpp"

namespace intelmq {

/// A bot's program and what it says of itself.
struct CatalogueEntry {
  std::string path;
  Sheet sheet;
};

/// Where bots are looked for, and where their descriptions are kept.
struct CataloguePlaces {
  std::vector<std::string> directories;
  std::string cache;  ///< A file; empty: descriptions are not kept.

  /// The directory of the running program, then those of $INTELMQ_BOT_PATH; the cache is
  /// $XDG_CACHE_HOME/intelmq/catalogue.json, or the same below $HOME/.cache.
  static CataloguePlaces of_this_process();
};

/// The bots of this machine, by name.
class Catalogue {
 public:
  using Describe = std::function<Result<Sheet>(const std::string& path)>;

  /// Finds the programs `intelmq-KIND-NAME`; of two with the same name the first directory's
  /// counts. A program is only asked again when its path, time or size has changed.
  static Catalogue read(const CataloguePlaces& places, const Describe& describe);
  explicit Catalogue(std::vector<CatalogueEntry> entries) : entries_{std::move(entries)} {}

  std::span<const CatalogueEntry> entries() const { return entries_; }
  /// One sentence for each program that was left out.
  std::span<const std::string> problems() const { return problems_; }

  /// A bot by its program, `expert/taxonomy`, `expert-taxonomy`, `taxonomy` or its module in
  /// IntelMQ. Error: unknown (with "did you mean"), or several bots have that name.
  Result<const CatalogueEntry*> find(std::string_view name) const;
  const CatalogueEntry* find_program(std::string_view program) const;

 private:
  Catalogue() = default;
  std::string closest(std::string_view name) const;

  std::vector<CatalogueEntry> entries_;
  std::vector<std::string> problems_;
};

/// The program that an IntelMQ module corresponds to: `intelmq.bots.parsers.abusech.parser_x`
/// is `intelmq-parser-abusech-x`. Empty when the text is no such module.
std::string program_of_module(std::string_view module);

}  // namespace intelmq
