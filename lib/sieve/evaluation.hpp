// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.hpp"
#include "sieve/rules.hpp"

namespace intelmq::sieve {

/// Memory that evaluations of the same program share, so that none of them allocates.
struct Workspace {
  std::span<std::optional<std::string_view>> variables;
  const std::vector<std::string>& names;  ///< Of the variables.
  std::vector<std::uint32_t>& keys;       ///< Numbers of the code's names, ...
  std::uint64_t& key_numbers;             ///< ... and what Event::key_numbers was for them.
  std::string& text;
  std::string& other;
  std::vector<std::string_view>& have;
  std::vector<std::string_view>& wanted;
  std::vector<std::string_view>* ran = nullptr;  ///< Receives the explanations of actions.
};

/// The rules at work on one event.
class Evaluation {
 public:
  Evaluation(Event& event, const Code& code, Workspace workspace)
      : event_{event}, code_{code}, work_{workspace} {}
  void run();
  /// Routes the event as the last `path` said.
  void finish();

 private:
  /// A raw value, or none. Passed in registers, which an optional is not.
  class Raw {
   public:
    Raw() = default;
    Raw(std::string_view text) : text_{text} {}
    Raw(const std::optional<std::string_view>& text) : text_{text.value_or(std::string_view{})} {}
    explicit operator bool() const { return text_.data() != nullptr; }
    std::string_view operator*() const { return text_; }
    const std::string_view* operator->() const { return &text_; }

   private:
    std::string_view text_;
  };

  // --- values: nothing and stopped() when the rule cannot go on ----------------------------------
  void know_keys() {
    if (work_.key_numbers != event_.key_numbers()) find_keys();
  }
  void find_keys();
  Raw value(const FieldRef& key);
  Raw variable(Variable number);
  const FieldName* named_by(Variable number);
  std::optional<std::string_view> text(const TextOperand& operand);
  std::optional<std::string_view> text_variable(Variable number);
  std::optional<Number> number(const NumberOperand& operand);
  Raw json(const ValueOperand& operand);

  // --- conditions --------------------------------------------------------------------------------
  template <class Part>
  const Part& part(const Step& step) const {
    return std::get<std::vector<Part>>(code_.parts)[step.number];
  }
  bool holds(const Step& step);
  bool test(const EqualTest& test);
  bool test(const ContainsTest& test);
  bool test(const RegexTest& test);
  bool test(const InTest& test);
  bool test(const NumberTest& test);
  bool test(const NumberInTest& test);
  bool test(const NetworkTest& test);
  bool test(const TimeTest& test);
  bool test(const PresenceTest& test);
  bool test(const ListTest& test);
  bool test(const BooleanTest& test);
  bool contains(std::string_view raw, std::string_view wanted);
  bool found(const Pattern& pattern, std::string_view text);
  std::optional<Timestamp> bound(const TimeTest& test);
  bool read_address(std::string_view raw);

  // --- actions -----------------------------------------------------------------------------------
  void run(const Action& action);
  void assign(const Action& action);
  bool changed_at_once(const Action& action);
  void change(const Action& action);
  void append(const Action& action);
  void store(const FieldName& name, std::string_view json);
  const FieldName* target(const Action& action);
  std::optional<std::int64_t> span_of(const Action& action);
  void shift(const Action& action, const FieldName& name);

  void refuse(std::string_view text);
  bool stopped() const { return stopped_; }

  Event& event_;
  const Code& code_;
  Workspace work_;
  std::uint32_t line_ = 0;
  bool stopped_ = false;
  const Action* route_ = nullptr;
  std::optional<FieldName> named_;
  std::string_view address_raw_;
  bool is_address_ = false;
  IpAddress address_;
};

[[gnu::always_inline]] inline Evaluation::Raw Evaluation::value(const FieldRef& key) {
  Raw raw;
  if (key.kind == FieldRef::Kind::field) {
    raw = event_.value_of_key(work_.keys[key.number]);
  } else if (key.kind == FieldRef::Kind::extra) {
    raw = event_.raw_value(field::extra);
  } else if (key.kind == FieldRef::Kind::variable) {
    if (const FieldName* name = named_by(key.number)) raw = event_.raw_value(*name);
  }
  if (!raw && event_.verdict() == Verdict::reject) stopped_ = true;
  return raw;
}

}  // namespace intelmq::sieve
