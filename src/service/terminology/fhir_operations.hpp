// The terminology operations of FHIR R4 (4.0.1) over what is loaded here. Source: hl7.org/fhir/R4:
// terminology-service, codesystem-operation-lookup and -validate-code, valueset-operation-expand
// and -validate-code, terminologycapabilities.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/clock.hpp"
#include "service/terminology/fhir_parameters.hpp"
#include "service/terminology/terminologies.hpp"

namespace consilium::service {

inline constexpr std::size_t expansion_count_max = 10'000;  // without `count`: too costly beyond
inline constexpr std::size_t filtered_count_max = 1'000;

class FhirOperations {
 public:
  FhirOperations(const Terminologies& terminologies, const Clock& clock)
      : terminologies_(terminologies), clock_(clock) {}

  // Parameters: name, version, display, definition, designation, and the properties parent, child
  // and inactive. Errors: NotFound for an unknown system or code.
  [[nodiscard]] Result<boost::json::object> lookup(const FhirParameters& asked) const;
  // Parameters: result, and why not. A display is right when it is a term of the concept (letter
  // case does not count).
  [[nodiscard]] Result<boost::json::object> validate_in_code_system(
      const FhirParameters& asked) const;
  [[nodiscard]] Result<boost::json::object> validate_in_value_set(
      const FhirParameters& asked) const;
  // ValueSet with its expansion, flat. With `filter` ranked as a search (at most 1,000 up to
  // offset + count; `total` only where all were found), else by code with the total.
  // Errors: TooLarge when over 10,000 concepts are asked for without a count.
  [[nodiscard]] Result<boost::json::object> expand(const FhirParameters& asked) const;
  [[nodiscard]] boost::json::object capability_statement() const;
  [[nodiscard]] Result<boost::json::object> terminology_capabilities() const;

 private:
  const Terminologies& terminologies_;
  const Clock& clock_;
};

// OperationOutcome of one error.
[[nodiscard]] boost::json::object operation_outcome(const Error& error);

}  // namespace consilium::service
