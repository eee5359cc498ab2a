// Terminologies and value sets in FHIR JSON, R4 (4.0.1) and R5. Source: hl7.org/fhir/R4:
// codesystem, valueset.
#pragma once

#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"
#include "domain/terminology/value_set.hpp"

namespace consilium {

inline constexpr std::size_t fhir_terminology_bytes_max = std::size_t{256} << 20;

using FhirTerminology = std::variant<Terminology, ValueSet>;

// A CodeSystem of content "complete", "fragment" or "example": codes in their nesting and by the
// properties "parent" and "child", designations as synonyms, definitions, and inactive by the
// properties "status" (retired, inactive) and "inactive". The tag is
// the property "kind" or "semanticTag" where there is one.
// A ValueSet: its compose; else its expansion, as a list of codes.
// Errors: Corrupt when it is not UTF-8; InvalidInput (`where` a JSON pointer) when it is no JSON or
// misses what it must have or a code stands twice; Unsupported for other resources, supplements and
// systems without content; TooLarge over 256 MiB or 32 levels.
[[nodiscard]] Result<FhirTerminology> read_fhir_terminology(std::string_view json);

}  // namespace consilium
