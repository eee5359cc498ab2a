// Which label of a protocol a foreign name means. Nothing is guessed: a name either is one of the
// protocol's, or the lead says what it means, or it is told as unmatched.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

// What the lead said: foreign name, however its letters are cased, to label id. An empty id leaves
// the name out without complaint.
using LabelMap = std::map<std::string, std::string>;

// A name as names are compared: small letters, "_" and "-" as blanks, each run of these as one.
[[nodiscard]] std::string plain_name(std::string_view name);
// With its names as match_name compares them.
[[nodiscard]] LabelMap plain_names(const LabelMap& map);
// "Liver=liver", one each. Errors: InvalidInput.
[[nodiscard]] Result<LabelMap> read_label_map(const std::vector<std::string>& pairs);
// A pair on each line; empty ones and those that begin with "#" are passed over.
[[nodiscard]] Result<LabelMap> read_label_map_text(std::string_view text);
// The same map as such lines.
[[nodiscard]] std::string label_map_text(const LabelMap& map);
// Errors: InvalidInput when an id is none of the protocol's.
[[nodiscard]] Status check_label_map(const Protocol& protocol, const LabelMap& map);

enum class NameMatch { Found, LeftOut, Unknown, Ambiguous };
struct MatchedName {
  NameMatch how = NameMatch::Unknown;
  const LabelSpec* label = nullptr;        // when found
  std::vector<std::string> could_be = {};  // when ambiguous
};
// `map` has plain names. In this order: the lead's word; a code (of the label, or its export
// mapping); the label's id, name, a synonym or its name in brat, letters' case, blanks, "_" and "-"
// being no matter; the same without a number at its end ("nodule 2"). Where several labels share
// the code the name decides between them.
[[nodiscard]] MatchedName match_name(const Protocol& protocol, const LabelMap& map,
                                     const SaidLabel& said);

}  // namespace consilium::service
