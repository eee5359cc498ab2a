// A set of concepts chosen from terminologies, as FHIR R4's ValueSet.compose defines one.
#pragma once

#include <string>
#include <vector>

namespace consilium {

struct ValueSetFilter {
  std::string property;  // "concept", "parent", "constraint", "tag"
  std::string op;        // "is-a", "descendent-of", "=", "in"
  std::string value;
  friend bool operator==(const ValueSetFilter&, const ValueSetFilter&) = default;
};

struct ListedConcept {
  std::string code;
  std::string display;  // the value set's own wording, or empty
  friend bool operator==(const ListedConcept&, const ListedConcept&) = default;
};

// Concepts that fulfil all that is given: of the system, among those listed (when any are), every
// filter, and in every value set named.
struct ValueSetPart {
  std::string system;
  std::string version;
  std::vector<ListedConcept> listed;
  std::vector<ValueSetFilter> filters;
  std::vector<std::string> value_sets;
  friend bool operator==(const ValueSetPart&, const ValueSetPart&) = default;
};

struct ValueSet {
  std::string url;
  std::string version;
  std::string title;
  std::vector<ValueSetPart> include;
  std::vector<ValueSetPart> exclude;
  bool with_inactive = true;  // compose.inactive; what is absent there leaves them in
  friend bool operator==(const ValueSet&, const ValueSet&) = default;
};

}  // namespace consilium
