#include "format/labelled_text/assertion.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace consilium {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

template <std::size_t N>
bool is_one_of(std::string_view value, const std::array<std::string_view, N>& values) {
  return std::ranges::find(values, value) != values.end();
}

constexpr std::array<std::string_view, 8> negated{"negated", "negative", "absent", "denied",
                                                  "neg",     "-1",       "no",     "ruled_out"};
constexpr std::array<std::string_view, 8> possible{
    "possible", "probable", "uncertain", "suspected", "low", "unsure", "hedged", "conditional"};
constexpr std::array<std::string_view, 5> hypothetical{"hypothetical", "generic", "future",
                                                       "planned", "risk"};
constexpr std::array<std::string_view, 4> past{"historical", "past", "history", "before"};
constexpr std::array<std::string_view, 4> self{"patient", "self", "none", ""};
constexpr std::array<std::string_view, 4> set{"true", "yes", "1", "set"};

}  // namespace

MentionAssertion assertion_of(std::span<const TextAttribute> attributes) {
  MentionAssertion said;
  for (const TextAttribute& attribute : attributes) {
    const std::string name = lower(attribute.name);
    const std::string value = lower(attribute.value);
    const bool is_set = is_one_of(value, set);
    if (name == "assertion" || name == "negation" || name == "negated" || name == "polarity" ||
        name == "certainty" || name == "uncertain" || name == "uncertainty") {
      const bool is_certainty = name.contains("certain");
      if (is_one_of(value, negated) && !(is_certainty && value == "no")) said.is_negated = true;
      if (is_set && name.starts_with("negat")) said.is_negated = true;
      if (is_one_of(value, possible) || (is_set && name.starts_with("uncertain"))) {
        said.is_possible = true;
      }
    }
    if (name == "assertion" || name == "temporality" || name == "time" || name == "tense") {
      if (is_one_of(value, past)) said.time = MentionTime::Past;
      if (is_one_of(value, hypothetical)) {
        said.is_hypothetical = true;
        said.time = MentionTime::Future;
      }
      if (name == "assertion" && (value == "family" || value == "other")) {
        said.is_of_patient = false;
      }
    }
    if (name == "historical" && is_set) said.time = MentionTime::Past;
    if ((name == "hypothetical" || name == "conditional") && is_set) said.is_hypothetical = true;
    if (name == "family" && is_set) said.is_of_patient = false;
    if ((name == "experiencer" || name == "subject") && !is_one_of(value, self)) {
      said.is_of_patient = false;
    }
  }
  return said;
}

}  // namespace consilium
