// What an operation of FHIR is called with: the query of a GET, or a Parameters resource of a POST.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "domain/terminology/value_set.hpp"

namespace consilium::service {

struct FhirCoding {
  std::string system;
  std::string version;
  std::string code;
  std::string display;
};

struct FhirParameters {
  std::vector<std::pair<std::string, std::string>> values;  // simple ones as text
  std::vector<FhirCoding> codings;  // "coding", or those of "codeableConcept"
  std::optional<ValueSet> value_set;

  [[nodiscard]] std::string text(std::string_view name) const;  // "" when absent
  [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }
  // Errors: InvalidInput when it is no number from 0 to `most`.
  [[nodiscard]] Result<std::optional<std::size_t>> count(std::string_view name,
                                                         std::size_t most) const;
  // The coding asked about: system (or "url" of a CodeSystem operation), version, code, display, or
  // the coding. Errors: InvalidInput when there is no code.
  [[nodiscard]] Result<FhirCoding> coding(std::string_view system_name) const;
};

// Errors: InvalidInput when it is no Parameters resource, with a JSON pointer.
[[nodiscard]] Result<FhirParameters> read_fhir_parameters(std::string_view body);

}  // namespace consilium::service
