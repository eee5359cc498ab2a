#include "format/hl7v2/hl7v2.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace consilium {
namespace {

struct Delimiters {
  char field = '|';
  char component = '^';
  char repetition = '~';
  char escape = '\\';
  char subcomponent = '&';
};

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

class Reader {
 public:
  Result<std::vector<LabelledText>> read(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find_first_of("\r\n");
      CSL_TRY(take(bytes.substr(0, end)));
      if (end == std::string_view::npos) break;
      bytes.remove_prefix(end + 1);
    }
    CSL_TRY(end_request());
    if (texts_.empty()) {
      return fail(ErrorCode::InvalidInput, "the message has no text", {},
                  "give a message with observations of type TX, FT or ST");
    }
    return std::move(texts_);
  }

 private:
  Status take(std::string_view segment) {
    if (segment.starts_with("MSH")) {
      CSL_TRY(end_request());
      return begin_message(segment);
    }
    if (segment.starts_with("FHS") || segment.starts_with("BHS") || segment.empty()) return {};
    if (!in_message_) {
      return fail(ErrorCode::InvalidInput, "the file does not begin with an HL7 message", "byte 0",
                  "give a file whose first segment is MSH");
    }
    const auto fields = parted(segment, delimiters_.field, 64);
    if (fields.front() == "PID") patient_ = patient_of(fields);
    if (fields.front() == "OBR") {
      CSL_TRY(end_request());
      take_request(fields);
    }
    if (fields.front() == "OBX") take_observation(fields);
    return {};
  }

  Status begin_message(std::string_view segment) {
    if (segment.size() < 8) {
      return fail(ErrorCode::Corrupt, "the message's header ends early", "MSH",
                  "export the message again");
    }
    delimiters_ = {segment[3], segment[4], segment[5], segment[6], segment[7]};
    const auto fields = parted(segment, delimiters_.field, 64);
    control_id_ = fields.size() > 9 ? fields[9] : std::string_view{};
    in_message_ = true;
    request_count_ = 0;
    patient_ = {};
    date_.clear();
    kind_code_.clear();
    return {};
  }

  static std::string_view field_of(const std::vector<std::string_view>& fields,
                                   std::size_t number) {
    return number < fields.size() ? fields[number] : std::string_view{};
  }
  // A component, which counts from 1; an absent one is empty.
  std::string_view component_of(std::string_view field, std::size_t number) const {
    const auto components = parted(field, delimiters_.component, 32);
    return number <= components.size() ? components[number - 1] : std::string_view{};
  }

  NotePatient patient_of(const std::vector<std::string_view>& fields) {
    NotePatient who;
    std::string_view identifier;
    for (const std::string_view one : parted(field_of(fields, 3), delimiters_.repetition, 64)) {
      const bool is_record_number = component_of(one, 5) == "MR";
      if (identifier.empty() || is_record_number) identifier = one;
      if (is_record_number) break;
    }
    who.identifier = plain(component_of(identifier, 1));
    const auto issuer = parted(component_of(identifier, 4), delimiters_.subcomponent, 4);
    const bool is_oid = issuer.size() > 2 && issuer[2] == "ISO";
    who.identifier_system = is_oid ? system_of_oid(plain(issuer[1])) : plain(issuer.front());
    const std::string_view name = parted(field_of(fields, 5), delimiters_.repetition, 64).front();
    who.family_name = plain(parted(component_of(name, 1), delimiters_.subcomponent, 8).front());
    who.given_name = plain(component_of(name, 2));
    if (const std::string_view middle = component_of(name, 3); !middle.empty()) {
      who.given_name += ' ' + plain(middle);
    }
    who.birth_date = date_of_hl7(component_of(field_of(fields, 7), 1));
    who.sex = sex_of_hl7(component_of(field_of(fields, 8), 1));
    return who;
  }

  void take_request(const std::vector<std::string_view>& fields) {
    date_ = date_of_hl7(component_of(field_of(fields, 7), 1));
    if (date_.empty()) date_ = date_of_hl7(component_of(field_of(fields, 22), 1));
    const std::string_view code = field_of(fields, 4);
    kind_code_ = component_of(code, 3) == "LN" ? plain(component_of(code, 1)) : std::string();
  }

  // With its escapes resolved; what is not known of them is left out of names without a word.
  std::string plain(std::string_view value) {
    const std::string utf8 = std::exchange(utf8_, {});
    const std::vector<TextProblem> problems = text_.problems;
    append(value);
    text_.problems = problems;
    return std::exchange(utf8_, utf8);
  }

  void take_observation(const std::vector<std::string_view>& fields) {
    const std::string_view type = fields.size() > 2 ? fields[2] : std::string_view{};
    if (fields.size() < 6 || (type != "TX" && type != "FT" && type != "ST")) {
      add_problem(text_, "an observation that is not text is left out");
      return;
    }
    for (const std::string_view line : parted(fields[5], delimiters_.repetition)) {
      if (!utf8_.empty()) utf8_ += '\n';
      append(line);
    }
  }

  void append(std::string_view line) {
    while (!line.empty()) {
      const std::size_t begin = line.find(delimiters_.escape);
      utf8_ += line.substr(0, begin);
      if (begin == std::string_view::npos) return;
      line.remove_prefix(begin + 1);
      const std::size_t end = line.find(delimiters_.escape);
      if (end == std::string_view::npos) {  // not an escape after all
        utf8_ += delimiters_.escape;
        continue;
      }
      resolve(line.substr(0, end));
      line.remove_prefix(end + 1);
    }
  }

  void resolve(std::string_view sequence) {
    if (sequence == "F") {
      utf8_ += delimiters_.field;
    } else if (sequence == "S") {
      utf8_ += delimiters_.component;
    } else if (sequence == "T") {
      utf8_ += delimiters_.subcomponent;
    } else if (sequence == "R") {
      utf8_ += delimiters_.repetition;
    } else if (sequence == "E") {
      utf8_ += delimiters_.escape;
    } else if (sequence.starts_with(".br") || sequence.starts_with(".sp")) {
      utf8_ += '\n';
    } else if (sequence == "H" || sequence == "N") {
      // highlighting begins and ends
    } else if (!resolve_bytes(sequence)) {
      add_problem(text_, "an escape sequence is not known and left out");
    }
  }

  // \X0D0A\; bytes beyond ASCII are of an encoding that the sequence does not say.
  bool resolve_bytes(std::string_view sequence) {
    if (!sequence.starts_with('X') || sequence.size() % 2 == 0) return false;
    std::string bytes;
    for (std::size_t i = 1; i < sequence.size(); i += 2) {
      const auto high = hex_digit(sequence[i]);
      const auto low = hex_digit(sequence[i + 1]);
      if (!high || !low || *high > 7) return false;
      bytes += static_cast<char>(*high * 16 + *low);
    }
    utf8_ += bytes;
    return true;
  }

  Status end_request() {
    LabelledText text = std::exchange(text_, {});
    std::string utf8 = std::exchange(utf8_, {});
    if (utf8.empty()) return {};
    ++request_count_;
    text.id = request_count_ == 1 ? std::string(control_id_)
                                  : fmt::format("{}.{}", control_id_, request_count_);
    text.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8)));
    text.origin = {.patient = Protected<NotePatient>(patient_),
                   .date = Protected<std::string>(date_),
                   .kind_code = kind_code_};
    texts_.push_back(std::move(text));
    return {};
  }

  Delimiters delimiters_;
  std::vector<LabelledText> texts_;
  LabelledText text_;
  std::string utf8_;
  std::string_view control_id_;
  NotePatient patient_;    // of the message
  std::string date_;       // of the request
  std::string kind_code_;  // of the request
  bool in_message_ = false;
  std::uint64_t request_count_ = 0;
};

}  // namespace

Result<std::vector<LabelledText>> read_hl7v2(std::string_view bytes) {
  CSL_TRY(check_utf8(bytes));
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return Reader().read(bytes);
}

}  // namespace consilium
