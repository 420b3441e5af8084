// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "event/arena.hpp"
#include "event/event_keys.hpp"
#include "event/field.hpp"
#include "event/flat_list.hpp"
#include "event/harmonization.hpp"
#include "event/out_buffer.hpp"
#include "event/slot.hpp"
#include "type/clock.hpp"

namespace intelmq {

class LineSurvey;

/// What a C++ program reads a field's value as.
template <FieldType T>
using ValueOf = std::conditional_t<
    T == FieldType::Boolean, bool,
    std::conditional_t<T == FieldType::Integer || T == FieldType::ASN, std::int64_t,
                       std::conditional_t<T == FieldType::Float || T == FieldType::Accuracy, double,
                                          std::string_view>>>;

/// Values that a field of type T takes: text for textual types, numbers for numbers.
template <class V, FieldType T>
concept ValueFor =
    (std::same_as<ValueOf<T>, bool> && std::same_as<V, bool>) ||
    (std::same_as<ValueOf<T>, std::int64_t> && std::integral<V> && !std::same_as<V, bool>) ||
    (std::same_as<ValueOf<T>, double> && std::is_arithmetic_v<V> && !std::same_as<V, bool>) ||
    (std::same_as<ValueOf<T>, std::string_view> && std::convertible_to<V, std::string_view>);

/// What became of an attempt to add a value, in the order in which IntelMQ's `add` decides.
enum class Added : std::uint8_t {
  stored,
  exists,   ///< The key is there and `Existing::refuse` was asked for.
  kept,     ///< The key is there and stays as it is.
  ignored,  ///< An ignored value (null, "", "-", "N/A"); with Existing::replace the key is gone.
  bad_key,  ///< No such field.
  invalid   ///< The value cannot become one of the field's type; `complaint()` says why.
};

/// What to do about a key that is there already.
enum class Existing : std::uint8_t { refuse, keep, replace };

/// Whether values are made to fit the field (`add` in IntelMQ) or only checked.
enum class Cleaning : std::uint8_t { sanitise, only_check };

enum class Verdict : std::uint8_t { keep, drop, reject };

/// What every event of a program shares.
struct EventRules {
  Harmonization harmonization;
  Clock now = system_now;
  /// Called with the name of a field that the bot sets without having declared it (test builds).
  void (*undeclared)(std::string_view name) = nullptr;
};

/// Why a line is no event, and where.
struct LineError {
  std::string reason;
  std::size_t offset = 0;
  bool usage = false;
};

/// One event (or report): a line kept as it came, an index of its keys, and what was changed.
///
/// A value is checked when somebody asks for it: what DHO 1 accepts stays verbatim, what it can
/// make fit is sanitised, anything else rejects the event. Fields nobody asks for leave byte for
/// byte as they came. Views stay good until the event is changed or the next line is read.
class Event {
 public:
  explicit Event(const EventRules& rules);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // --- reading and writing lines ---------------------------------------------------------------

  /// Takes the line (64 readable bytes must follow it; it must outlive the event's use).
  /// The text of `error` is set when this returns false.
  bool read(const char* line, std::size_t size, LineError& error);
  /// Becomes a new, empty message that was read from nowhere.
  void clear(MessageKind kind = MessageKind::event);
  /// What the event holds now, read from nowhere and of kind `event`, is what `restart` goes back
  /// to, for as long as neither `clear` nor `read` is called.
  void mark();
  /// Becomes what it was when marked; false, and to be cleared, if there is no mark any more.
  bool restart();
  /// Appends the line, without a line feed.
  void write(OutBuffer& out) const;
  /// Makes this a copy of another message's fields named in `names`, in that order.
  void copy_fields(const Event& from, const std::vector<FieldName>& names);

  MessageKind kind() const { return kind_; }
  void set_kind(MessageKind kind);  ///< Also writes `__type`.
  bool has_type() const { return has_type_; }
  std::uint32_t duplicate_keys() const { return duplicates_; }
  bool changed() const { return line_changed_ || members_.size() != from_line_; }

  // --- fields ------------------------------------------------------------------------------------

  /// Whether the field has a value; ignored values count as absent. `field::extra`: any extra.*.
  bool has(FieldId id) const {
    if (id == field::extra.id) return has_extra();
    const Slot* slot = find(id);
    return slot && !slot->is(Slot::ignored);
  }
  bool has(const FieldName& name) const;
  template <FieldType T>
  bool has(Field<T> field) const {
    return has(field.id);
  }

  /// The value, checked and sanitised; nothing if it is absent or was invalid (then the event is
  /// rejected). Integers beyond 64 bits are clamped.
  template <FieldType T>
  std::optional<ValueOf<T>> operator[](Field<T> field) {
    const std::optional<std::string_view> raw = raw_value(field.id);
    if (!raw) return std::nullopt;
    if constexpr (std::same_as<ValueOf<T>, std::string_view>)
      return text_of(*raw);
    else if constexpr (std::same_as<ValueOf<T>, bool>)
      return *raw == "true";
    else if constexpr (std::same_as<ValueOf<T>, double>)
      return real_of(*raw);
    else
      return integer_of(*raw);
  }

  /// The checked value as raw JSON text. Of `extra`: the hierarchical object as JSON text.
  std::optional<std::string_view> raw_value(FieldId id);
  std::optional<std::string_view> raw_value(const FieldName& name);
  template <FieldType T>
  std::optional<std::string_view> raw_value(Field<T> field) {
    return raw_value(field.id);
  }
  /// The checked value as Python's str() of it.
  std::optional<std::string_view> text_value(const FieldName& name);

  /// Sets or replaces a field; an invalid value rejects the event, an ignored one removes it.
  template <FieldType T, ValueFor<T> V>
  void set(Field<T> field, const V& value) {
    put(field.id, value, Existing::replace);
  }
  /// Sets a field that has no value yet; false if it has one. Invalid values reject the event.
  template <FieldType T, ValueFor<T> V>
  bool add(Field<T> field, const V& value) {
    return put(field.id, value, Existing::keep);
  }
  /// As IntelMQ's add(): `json` is raw JSON text. The event's verdict is not touched.
  Added add_json(const FieldName& name, std::string_view json, Existing existing = Existing::refuse,
                 Cleaning cleaning = Cleaning::sanitise);
  /// As add_json with a JSON string made of UTF-8 text.
  Added add_text(const FieldName& name, std::string_view text,
                 Existing existing = Existing::refuse);
  /// As add_text with Existing::refuse of a text that is known to be plain (see clean.hpp).
  Added add_plain(const FieldName& name, std::string_view text) {
    return add_clean(name, text) ? Added::stored : add_unclean(name, text, Existing::refuse);
  }
  /// The quick way to add a plain text: does nothing and returns false unless the field is new and
  /// the text is valid as it stands.
  bool add_clean(FieldId id, std::string_view plain);
  /// Sets raw JSON text that is known to be valid for the field: constants, rendered tables.
  void set_verbatim(FieldId id, std::string_view json);
  /// The same for who writes the `size` bytes there himself; up to Arena::padding more may be
  /// written.
  char* set_verbatim(FieldId id, std::size_t size);
  /// Removes a field; `extra` removes all extra.*. False if it was not there.
  bool remove(const FieldName& name);

  // --- fields by number: for who asks many events for the same ones ------------------------------

  /// The number of a field's key, as long as `key_numbers` stays the same. 0: no event has had it.
  /// `extra` as a whole has none.
  std::uint32_t key_number(const FieldName& name) const {
    const auto id = name.id();
    return id ? keys_.find(*id) : keys_.find(name.text());
  }
  std::uint64_t key_numbers() const { return keys_.version(); }
  bool has_key(std::uint32_t key) const {
    const Slot* slot = slot_of(key);
    return slot && !slot->is(Slot::ignored);
  }
  /// As raw_value, but what has no value has no data: an optional would pass through memory.
  std::string_view value_of_key(std::uint32_t key) {
    Slot* slot = const_cast<Slot*>(slot_of(key));
    if (slot && (slot->key_and_flags & (Slot::ignored | Slot::checked)) == Slot::checked)
      return slot->text();
    return slot ? value_of_slot(*slot) : std::string_view{};
  }
  /// As set_verbatim, but the text is not copied: it must outlive the event's use.
  void set_constant(const FieldName& name, std::uint32_t key, std::string_view json);
  bool remove_key(const FieldName& name, std::uint32_t key);

  /// Removes the fields whose names `keep(name)` does not want; `__type` stays.
  template <class Keep>
  void keep_only(Keep&& keep) {
    for (Slot& slot : members_)
      if (!slot.is(Slot::removed) && !is_type(slot) && !keep(name_of_slot(slot))) {
        declared(name_of_slot(slot));
        erase(slot);
      }
  }

  /// Checks and sanitises every field as IntelMQ does on reception and removes ignored ones.
  /// False, and a complaint, when something cannot be made valid.
  bool validate();
  /// Checks and sanitises the fields of DHO 1 alone; rejects the event when one is invalid.
  void validate_fields();

  /// Why the last add_json or validate failed: names the field, the value and the reason.
  const std::string& complaint() const { return complaint_; }

  /// One field with a value.
  struct Member {
    std::string_view name;  ///< Decoded.
    std::string_view raw;   ///< Raw JSON text.
  };
  /// Calls `visit(Member)` for every field with a value, in order, `__type` left out.
  template <class Visit>
  void each(Visit&& visit) const {
    for (const Slot& slot : members_)
      if (slot.has_value() && !is_type(slot)) visit(Member{name_of_slot(slot), slot.text()});
  }
  bool empty() const;

  // --- verdict -----------------------------------------------------------------------------------

  void drop(std::string_view reason) { judge(Verdict::drop, reason); }
  /// The event cannot be processed: it goes to the dead letters with this reason.
  void reject(std::string_view reason) { judge(Verdict::reject, reason); }
  /// Sends the event to a named path (`_default` too) instead of `_default` alone.
  void send_to(std::string_view path) { paths_.emplace_back(path); }
  void forget_paths() { paths_.clear(); }
  Verdict verdict() const { return verdict_; }
  std::string_view reason() const { return reason_; }
  const std::vector<std::string>& paths() const { return paths_; }

  /// Fields the bot may set, by index; `extra` covers extra.*. Only looked at in test builds.
  void permit(const std::bitset<field_count>* fields, const std::vector<FieldName>* others);

  const EventRules& rules() const { return *rules_; }
  /// Bytes that live as long as the event's other values.
  std::string_view keep(std::string_view text) { return arena_.keep(text); }

 private:
  const Lead* unexpected_key(const char* p, std::size_t size, const char* value, std::size_t member,
                             std::uint32_t& key);
  std::uint32_t key_in_line(const char* name, std::size_t size, std::size_t member);
  void begin_line(const char* line, std::size_t size);
  bool read_surveyed();
  void read_on(LineSurvey& survey);
  bool read_exactly(LineError& error);
  unsigned learn_gap() const;
  void expect_this_order();
  void forget_line();
  void drop_earlier(std::uint32_t key);
  void spread_extra();
  bool take_type(LineError& error);
  const Slot* find(FieldId id) const { return slot_of(keys_.find(id)); }
  const Slot* slot_of(std::uint32_t key) const {
    return keys_.has(key) ? &members_[keys_.member(key)] : nullptr;
  }
  Slot* find(FieldId id) { return const_cast<Slot*>(std::as_const(*this).find(id)); }
  Slot* find(const FieldName& name) { return const_cast<Slot*>(std::as_const(*this).find(name)); }
  const Slot* find(const FieldName& name) const;
  std::string_view value_of_slot(Slot& slot);
  std::optional<std::string_view> checked_value(Slot* slot);
  const FieldRule* rule_of(const Slot& slot) const;
  bool check(Slot& slot);
  bool mend(Slot& slot, const FieldRule& rule);
  Timestamp now_for(FieldType type) const;
  std::uint16_t id_of(const Slot& slot) const { return keys_[slot.key()].id; }
  bool is_extra(const Slot& slot) const;
  bool is_type(const Slot& slot) const { return slot.key() == keys_.find_type(); }
  std::string_view name_of_slot(const Slot& slot) const { return keys_[slot.key()].text(); }
  void replace_value(Slot& slot, std::string_view json);
  void put_value(Slot& slot, std::string_view kept);
  std::uint32_t key_of(const FieldName& name);
  std::uint32_t key_of(std::string_view name);
  Slot& append(std::uint32_t key, std::string_view json) {
    return append_kept(key, arena_.keep(json));
  }
  Slot& append_kept(std::uint32_t key, std::string_view value);
  bool add_clean(const FieldName& name, std::string_view plain);
  bool add_clean_extra(const FieldName& name, std::string_view plain);
  Added add_unclean(const FieldName& name, std::string_view text, Existing existing);
  void erase(Slot& slot);
  Added store(const FieldName& name, const FieldRule* rule, std::string_view json, Slot* there,
              Cleaning cleaning);
  Added add_extra(std::string_view json, Existing existing, Cleaning cleaning);
  bool has_extra() const;
  std::optional<std::string_view> extra_text();
  std::string_view text_of(std::string_view raw);
  static double real_of(std::string_view raw);
  static std::int64_t integer_of(std::string_view raw);
  bool put(FieldId id, std::string_view text, Existing existing);
  bool put(FieldId id, bool value, Existing existing);
  bool put(FieldId id, std::int64_t value, Existing existing);
  bool put(FieldId id, double value, Existing existing);
  template <class V>
  requires std::integral<V> &&
      (!std::same_as<V, bool>)&&(!std::same_as<V, std::int64_t>)bool put(FieldId id, V value,
                                                                         Existing existing) {
    if (row_of(id).type == FieldType::Float || row_of(id).type == FieldType::Accuracy)
      return put(id, static_cast<double>(value), existing);
    return put(id, static_cast<std::int64_t>(value), existing);
  }
  template <class V>
  requires std::convertible_to<V, std::string_view>
  bool put(FieldId id, const V& value, Existing existing) {
    return put(id, std::string_view{value}, existing);
  }
  bool settle(FieldId id, Added added);
  void complain(std::string_view name, std::string_view json, std::string_view why);
  void judge(Verdict verdict, std::string_view reason);
  void declared(FieldId id) const;
  void declared(std::string_view name) const;
  const char* start_in_line(const Slot& slot) const;
  void write_member(OutBuffer& out, const Slot& slot, bool comma) const;
  void write_changed(OutBuffer& out) const;

  const EventRules* rules_;
  MessageKind kind_ = MessageKind::event;
  const char* line_ = nullptr;
  const char* line_end_ = nullptr;
  const char* tail_ = nullptr;
  FlatList<Slot> members_;
  std::size_t from_line_ = 0;
  EventKeys keys_;
  Arena arena_;
  FlatList<Slot> marked_;         // the members at the mark, ...
  std::size_t marked_bytes_ = 0;  // ... and what they took of the arena
  unsigned gap_ = 2;              // between members, as lines have it
  std::uint32_t duplicates_ = 0;
  std::vector<std::size_t> respelt_;  // members whose keys stand in the line with escapes
  bool spaced_ = true, has_type_ = false, line_changed_ = false;
  Verdict verdict_ = Verdict::keep;
  std::string reason_, complaint_, scratch_;
  std::vector<std::string> paths_;
  const std::bitset<field_count>* permitted_ = nullptr;
  const std::vector<FieldName>* permitted_others_ = nullptr;
};

}  // namespace intelmq
