// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "bot/emit.hpp"
#include "bot/exit_code.hpp"
#include "event/event.hpp"
#include "spec/spec.hpp"

namespace intelmq {

/// Events that are handed to a bot together; each gets its own verdict.
using Batch = std::span<Event* const>;

/// What the runner lends a bot while it starts: `Bot(const Params&, const Context&)`.
struct Context {
  const EventRules& rules;
  Log& log;
  std::vector<std::string> paths;  ///< Named paths that lead somewhere, without `_default`.
  bool checking = false;           ///< Only to see whether it would start: leave no traces.
  bool in_botnet = false;          ///< Configured by IntelMQ's runtime.yaml.
  bool has_path(std::string_view name) const;
};

/// A running bot with its type erased; the runner's side of the shapes below.
class Instance {
 public:
  virtual ~Instance() = default;
  virtual void process(Event&, Emit&) {}
  /// Whether it takes events in batches.
  virtual bool batched() const { return false; }
  virtual void process_batch(Batch) {}
  virtual void parse(Report&, Emit&) {}
  virtual void collect(Emit&) {}
  virtual Result<void> write(Batch) { return {}; }
  virtual void finish(Emit&) {}
  virtual Result<void> commit() { return {}; }
  virtual Result<void> test_connection() { return {}; }
  /// Writes what the bot remembers, as it was committed last, into files in a directory; gives
  /// their names.
  virtual Result<std::vector<std::string>> dump(int /*directory*/) {
    return std::vector<std::string>{};
  }
};

/// Which member a bot's class has; it decides how the runner drives it.
enum class Shape : std::uint8_t { expert, splitter, batch, parser, collector, output };

/// A bot as the program's main sees it.
class Bot {
 public:
  Description description;
  Shape shape = Shape::expert;
  std::function<std::shared_ptr<void>()> make_params;
  std::function<std::unique_ptr<Instance>(const void* params, const Context&)> make;
};

/// The one symbol that a bot's source defines.
const Bot& this_bot();

namespace detail {

template <class T>
concept IsSplitter = requires(T t, Event& e, Emit& m) {
  t.process(e, m);
};
template <class T>
concept IsBatch = requires(T t, Batch b) {
  t.process(b);
};
template <class T>
concept IsExpert = requires(T t, Event& e) {
  t.process(e);
}
&&!IsBatch<T>;
template <class T>
concept IsParser = requires(T t, Report& r, Emit& m) {
  t.parse(r, m);
};
template <class T>
concept IsCollector = requires(T t, Emit& m) {
  t.collect(m);
};
template <class T>
concept IsOutput = requires(T t, Batch b) {
  t.write(b);
};

template <class T>
class Runs final : public Instance {
 public:
  template <class P>
  Runs(const P& params, const Context& context) : bot_{make(params, context)} {}

  void process(Event& event, Emit& emit) override {
    if constexpr (IsSplitter<T>)
      bot_.process(event, emit);
    else if constexpr (IsExpert<T>)
      bot_.process(event);
  }
  /// An expert may take either, as its parameters make it faster.
  bool batched() const override {
    if constexpr (requires { bot_.batched(); })
      return bot_.batched();
    else
      return IsBatch<T> || IsOutput<T>;
  }
  void process_batch(Batch batch) override {
    if constexpr (IsBatch<T>)
      bot_.process(batch);
    else if constexpr (requires { bot_.process_batch(batch); })
      bot_.process_batch(batch);
  }
  void parse(Report& report, Emit& emit) override {
    if constexpr (IsParser<T>) bot_.parse(report, emit);
  }
  void collect(Emit& emit) override {
    if constexpr (IsCollector<T>) bot_.collect(emit);
  }
  Result<void> write(Batch batch) override {
    if constexpr (IsOutput<T>) return bot_.write(batch);
    return {};
  }
  void finish(Emit& emit) override {
    if constexpr (requires { bot_.finish(emit); }) bot_.finish(emit);
  }
  Result<void> commit() override {
    if constexpr (requires { bot_.commit(); }) return bot_.commit();
    return {};
  }
  Result<void> test_connection() override {
    if constexpr (requires { bot_.test_connection(); }) return bot_.test_connection();
    return {};
  }
  Result<std::vector<std::string>> dump(int directory) override {
    if constexpr (requires { bot_.dump(directory); }) return bot_.dump(directory);
    return std::vector<std::string>{};
  }

 private:
  template <class P>
  static T make(const P& params, const Context& context) {
    if constexpr (std::constructible_from<T, const P&, const Context&>)
      return T(params, context);
    else if constexpr (std::constructible_from<T, const P&>)
      return T(params);
    else
      return T();
  }
  T bot_;
};

template <class T>
constexpr Shape shape_of() {
  if constexpr (IsParser<T>)
    return Shape::parser;
  else if constexpr (IsCollector<T>)
    return Shape::collector;
  else if constexpr (IsOutput<T>)
    return Shape::output;
  else if constexpr (IsBatch<T>)
    return Shape::batch;
  else if constexpr (IsSplitter<T>)
    return Shape::splitter;
  else {
    static_assert(IsExpert<T>, "a bot has one of: process, parse, collect, write");
    return Shape::expert;
  }
}

/// The part of `define` that does not depend on the types.
void complete(Description& out, Shape shape);

}  // namespace detail

/// Joins a data sheet and a class into a bot.
template <class T, class P>
const Bot& define(const Spec<P>& spec) {
  static const Bot bot = [&] {
    Bot out;
    Description& d = out.description;
    d.name = spec.name;
    d.summary = spec.summary;
    d.details = spec.details;
    d.params = spec.params;
    d.fields = {spec.needs, spec.needs_any, spec.reads, spec.sets, spec.removes, spec.any_field};
    if (auto* fields = spec.fields)
      d.fields_of = [fields](const void* params) { return fields(*static_cast<const P*>(params)); };
    d.paths = spec.paths;
    d.examples = spec.examples;
    d.maintainers = spec.maintainers;
    d.data = spec.data;
    d.resources = spec.resources;
    d.scaling = spec.scaling;
    d.state = spec.state;
    d.state_parameter = spec.state_parameter;
    d.output_format = spec.output_format;
    d.module = spec.module;
    d.min_out = spec.drops ? 0 : 1;
    out.shape = detail::shape_of<T>();
    detail::complete(d, out.shape);
    out.make_params = [] { return std::static_pointer_cast<void>(std::make_shared<P>()); };
    out.make = [](const void* params, const Context& context) -> std::unique_ptr<Instance> {
      return std::make_unique<detail::Runs<T>>(*static_cast<const P*>(params), context);
    };
    return out;
  }();
  return bot;
}

}  // namespace intelmq
