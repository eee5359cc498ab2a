// The URI that FHIR names ICD-10-CM by.
#pragma once

#include <string_view>

namespace consilium {

inline constexpr std::string_view icd10cm_system = "http://hl7.org/fhir/sid/icd-10-cm";

}  // namespace consilium
