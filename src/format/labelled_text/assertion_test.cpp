#include "format/labelled_text/assertion.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace consilium;

TEST_CASE("attributes of protocols and tools say whether, when and of whom") {
  const struct {
    std::vector<TextAttribute> attributes;
    MentionAssertion said;
  } cases[] = {
      {{}, {}},
      {{{"assertion", "present"}, {"time", "current"}, {"subject", "patient"}}, {}},
      {{{"assertion", "negated"}}, {.is_negated = true}},
      {{{"Negation", "true"}}, {.is_negated = true}},
      {{{"negated", "false"}}, {}},
      {{{"certainty", "low"}}, {.is_possible = true}},
      {{{"certainty", "no"}}, {}},
      {{{"temporality", "historical"}}, {.time = MentionTime::Past}},
      {{{"temporality", "hypothetical"}}, {.is_hypothetical = true, .time = MentionTime::Future}},
      {{{"subject", "family"}}, {.is_of_patient = false}},
      {{{"experiencer", "other"}}, {.is_of_patient = false}},
      {{{"severity", "absent"}}, {}},
  };
  for (const auto& one : cases) {
    CAPTURE((one.attributes.empty() ? "none" : one.attributes[0].name + one.attributes[0].value));
    CHECK(assertion_of(one.attributes) == one.said);
  }
}
