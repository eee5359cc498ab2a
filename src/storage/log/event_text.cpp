#include "storage/log/event_text.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/canonical_json.hpp"

namespace consilium::storage {
namespace {

namespace json = boost::json;

// Whether a JSON value would be taken for something else when read back.
bool needs_wrapping(const json::value& value) {
  if (!value.is_structured()) return true;
  if (!value.is_object()) return false;
  for (const auto& member : value.get_object()) {
    if (member.key().starts_with('$')) return true;
  }
  return false;
}

Result<json::value> field_json(const FieldValue& value, const EventDraft& draft,
                               const Sealer& sealer) {
  struct Visitor {
    const EventDraft& draft;
    const Sealer& sealer;
    Result<json::value> operator()(std::monostate) const { return json::value(nullptr); }
    Result<json::value> operator()(bool flag) const { return json::value(flag); }
    Result<json::value> operator()(std::int64_t whole) const { return json::value(whole); }
    Result<json::value> operator()(double number) const { return json::value(number); }
    Result<json::value> operator()(const std::string& text) const { return json::value(text); }
    Result<json::value> operator()(const Bytes& bytes) const {
      return json::value(json::object{{"$bytes", to_base64(bytes)}});
    }
    Result<json::value> operator()(const JsonText& text) const {
      json::value parsed = CSL_TRY(parse_json(text.text));
      if (!needs_wrapping(parsed)) return parsed;
      json::object wrapped;
      wrapped["$json"] = std::move(parsed);
      return json::value(std::move(wrapped));
    }
    Result<json::value> operator()(const PatientText& text) const {
      if (!draft.patient) {
        return fail(ErrorCode::InvalidInput, "a patient's text needs the event's patient");
      }
      const Bytes sealed = CSL_TRY(sealer(*draft.patient, text.plain));
      return json::value(json::object{{"$sealed", to_base64(sealed)}});
    }
  };
  return std::visit(Visitor{draft, sealer}, value);
}

std::unexpected<Error> broken(std::size_t at) {
  return fail(ErrorCode::Corrupt, "an event of the log is not as it was written",
              "byte " + std::to_string(at), "run consilium audit verify");
}

Result<Bytes> from_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static const std::array<std::uint8_t, 256> digit_of = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(64);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
      table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
  }();
  if (text.size() % 4 != 0) return broken(0);
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_padding = i >= text.size() - padding;
    const std::uint8_t digit =
        is_padding ? std::uint8_t{0} : digit_of[static_cast<unsigned char>(text[i])];
    if (digit > 63) return broken(i);
    group = (group << 6U) | digit;
    if (i % 4 == 3) {
      for (unsigned shift = 24; shift > 0;) {
        shift -= 8;
        bytes.push_back(static_cast<std::byte>((group >> shift) & 0xFFU));
      }
      group = 0;
    }
  }
  for (; padding > 0; --padding) bytes.pop_back();
  return bytes;
}

// Reads canonical JSON only, which has no white space and few escapes. A nested value is kept as
// its text: being canonical, it is what a table holds. Numbers are read exactly (std::from_chars).
class EventReader {
 public:
  explicit EventReader(std::string_view text) : text_(text) {}

  Result<LoggedEvent> event() {
    LoggedEvent event;
    CSL_TRY(object([&](const std::string& key) -> Status {
      if (key == "fields") {
        return object([&](const std::string& name) -> Status {
          event.fields.set(name, CSL_TRY(value()));
          return {};
        });
      }
      FieldValue found = CSL_TRY(value());
      if (key == "at") {
        const auto* text = std::get_if<std::string>(&found);
        if (text == nullptr) return broken(at_);
        found = CSL_TRY(parse_rfc3339(*text)).ms;
      } else if (key == "type") {
        const auto* text = std::get_if<std::string>(&found);
        if (text == nullptr) return broken(at_);
        event.type = *text;
      }
      event.envelope.set(envelope_name(key), std::move(found));
      return {};
    }));
    if (at_ != text_.size() || event.type.empty()) return broken(at_);
    for (const char* name : {"person", "sign_in", "origin"}) {
      if (event.envelope.find(name) == nullptr) event.envelope.set(name, std::string());
    }
    return event;
  }

 private:
  static std::string envelope_name(const std::string& key) {
    const bool is_id = key == "project" || key == "item" || key == "patient";
    return is_id ? key + "_id" : key;
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }

  template <class Member>
  Status object(Member&& member) {
    if (!take('{')) return broken(at_);
    if (take('}')) return {};
    do {
      const std::string key = CSL_TRY(text());
      if (!take(':')) return broken(at_);
      CSL_TRY(member(key));
    } while (take(','));
    if (!take('}')) return broken(at_);
    return {};
  }

  Result<std::string> text() {
    if (!take('"')) return broken(at_);
    std::string out;
    while (at_ < text_.size()) {
      const std::size_t end = text_.find_first_of("\"\\", at_);
      if (end == std::string_view::npos) break;
      out.append(text_.substr(at_, end - at_));
      at_ = end + 1;
      if (text_[end] == '"') return out;
      CSL_TRY(escape(out));
    }
    return broken(at_);
  }

  Status escape(std::string& out) {
    constexpr std::string_view marks = "\"\\bfnrt";
    constexpr std::string_view meant = "\"\\\b\f\n\r\t";
    const std::size_t which = marks.find(peek());
    if (which != std::string_view::npos) {
      ++at_;
      out.push_back(meant[which]);
      return {};
    }
    // Canonical text writes only the other control characters so: \u00XX.
    if (!take("u00") || at_ + 2 > text_.size()) return broken(at_);
    unsigned code = 0;
    const char* begin = text_.data() + at_;
    if (std::from_chars(begin, begin + 2, code, 16).ptr != begin + 2) return broken(at_);
    out.push_back(static_cast<char>(code));
    at_ += 2;
    return {};
  }

  // Steps over one object or array and returns its text.
  Result<std::string_view> nested() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    bool quoted = false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (quoted) {
        if (c == '\\') ++at_;
        if (c == '"') quoted = false;
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (--depth == 0) return text_.substr(begin, at_ - begin);
      }
    }
    return broken(begin);
  }

  Result<FieldValue> number() {
    const std::size_t end = text_.find_first_not_of("+-.0123456789eE", at_);
    const std::string_view digits = text_.substr(at_, end - at_);
    const char* const last = digits.data() + digits.size();
    if (digits.find_first_of(".eE") == std::string_view::npos) {
      std::int64_t whole = 0;
      const auto parsed = std::from_chars(digits.data(), last, whole);
      if (parsed.ec == std::errc{} && parsed.ptr == last) {
        at_ += digits.size();
        return FieldValue{whole};
      }
    }
    double value = 0;
    const auto parsed = std::from_chars(digits.data(), last, value);
    if (parsed.ec != std::errc{} || parsed.ptr != last) return broken(at_);
    at_ += digits.size();
    return FieldValue{value};
  }

  Result<FieldValue> value() {
    switch (peek()) {
      case '"':
        return FieldValue{CSL_TRY(text())};
      case 'n':
        return take("null") ? Result<FieldValue>(FieldValue{}) : broken(at_);
      case 't':
        return take("true") ? Result<FieldValue>(FieldValue{true}) : broken(at_);
      case 'f':
        return take("false") ? Result<FieldValue>(FieldValue{false}) : broken(at_);
      case '{':
      case '[':
        return wrapped_or_json();
      default:
        return number();
    }
  }

  Result<FieldValue> wrapped_or_json() {
    if (take("{\"$bytes\":") || take("{\"$sealed\":")) {
      const std::string digits = CSL_TRY(text());
      if (!take('}')) return broken(at_);
      return FieldValue{CSL_TRY(from_base64(digits))};
    }
    if (take("{\"$json\":")) {
      const std::size_t begin = at_;
      if (peek() == '{' || peek() == '[') {
        CSL_TRY(nested());
      } else {
        CSL_TRY(value());
      }
      const std::string_view inner = text_.substr(begin, at_ - begin);
      if (!take('}')) return broken(at_);
      return FieldValue{JsonText{std::string(inner)}};
    }
    return FieldValue{JsonText{std::string(CSL_TRY(nested()))}};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> write_event(const EventDraft& draft, const Actor& actor, Timestamp at,
                                std::int64_t sequence, const Sealer& sealer) {
  json::object event;
  event["at"] = to_rfc3339(at);
  json::object fields;
  for (const auto& [name, value] : draft.fields.members()) {
    fields[name] = CSL_TRY(field_json(value, draft, sealer));
  }
  event["fields"] = std::move(fields);
  if (draft.item) event["item"] = to_string(*draft.item);
  if (!actor.origin.empty()) event["origin"] = actor.origin;
  if (draft.patient) event["patient"] = to_string(*draft.patient);
  if (!actor.person.empty()) event["person"] = actor.person;
  if (draft.project) event["project"] = to_string(*draft.project);
  event["sequence"] = sequence;
  if (!actor.sign_in.empty()) event["sign_in"] = actor.sign_in;
  event["type"] = draft.type;
  return canonical_json(event);
}

Result<LoggedEvent> read_event(std::string_view body) { return EventReader(body).event(); }

}  // namespace consilium::storage
