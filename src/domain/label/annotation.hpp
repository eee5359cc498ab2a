// An annotation: what one rater says of one place on one item, under one version of a protocol.
// This is the body that clients send and the store keeps (sealed); what the server adds stands in
// stored_annotation.hpp. Whether the protocol allows it is asked in domain/protocol.
//
// JSON, members in any order, unknown ones refused (those that the server adds are skipped, so that
// what was read may be sent back):
//   {"id": uuid, "item_id": uuid, "protocol": {"id": "chest-ct-nodule", "version": "1.0.0"},
//    "label": "nodule" | null, "target": {...}, "question": "malignancy" | null,
//    "value": null | text | number | true | [text] | {"number": 12.1, "unit": "mm"} |
//      {"system": "SCT", "code": "22298006", "display": "Myocardial infarction", "version": "..."},
//    "attributes": {"assertion": "negated"}, "comment": "...", "number": 2,
//    "measurements": {"long_axis": {"number": 12.1, "unit": "mm"}}}
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/label/coded_concept.hpp"
#include "domain/label/target.hpp"

namespace consilium {

// A number with its UCUM unit.
struct Quantity {
  double number = 0;
  std::string unit;
  friend bool operator==(const Quantity&, const Quantity&) = default;
};

// Text is a choice's id or free text: the protocol says which. A coded concept is one picked from a
// terminology: its system is a DICOM designator where there is one, else the system's URI.
using AnswerValue = std::variant<std::monostate, std::string, double, bool,
                                 std::vector<std::string>, Quantity, CodedConcept>;

// Reserved answers, kept apart because they mean different things: the rater cannot decide; nobody
// could decide on this material; looked for and not there.
inline constexpr std::string_view value_unsure = "unsure";
inline constexpr std::string_view value_not_evaluable = "not_evaluable";
inline constexpr std::string_view value_absent = "absent";
[[nodiscard]] bool is_reserved_value(std::string_view value);

struct ProtocolRef {
  std::string id;
  std::string version;
  friend auto operator<=>(const ProtocolRef&, const ProtocolRef&) = default;
};

struct Annotation {
  AnnotationId id;
  ItemId item_id;
  ProtocolRef protocol;
  std::optional<std::string> label;  // stable id in the protocol; none for an answer to a question
  Target target;
  std::optional<std::string> question;
  AnswerValue value;
  std::map<std::string, AnswerValue> attributes;  // attribute id -> value, never null
  std::optional<std::string> comment;
  // The finding's number among the patient's, from 1: the same lesion keeps it over time points.
  std::optional<std::uint16_t> number;
  // What the place measured when it was drawn: name ("long_axis", "area", "mean") -> UCUM quantity.
  std::map<std::string, Quantity> measurements;
  friend bool operator==(const Annotation&, const Annotation&) = default;
};

// Errors: InvalidInput when the shape is wrong or a limit is passed (100,000 points, 10,000
// ranges, 256 attributes, 32 measurements, 1,024 channels, 10,000 characters of comment, 4,096 of
// other text), `where` being the JSON pointer. Cost: O(size).
[[nodiscard]] Result<Annotation> read_annotation(const boost::json::value& value);
// Parses the text first.
[[nodiscard]] Result<Annotation> parse_annotation(std::string_view json_text);

[[nodiscard]] boost::json::object annotation_json(const Annotation& annotation);
// RFC 8785 text: equal annotations give equal bytes. Errors: InvalidInput on numbers and text that
// JSON cannot hold, which a read annotation never has.
[[nodiscard]] Result<std::string> canonical_annotation(const Annotation& annotation);

[[nodiscard]] boost::json::value answer_json(const AnswerValue& value);
[[nodiscard]] Result<AnswerValue> read_answer(const boost::json::value& value,
                                              std::string_view where);

}  // namespace consilium
