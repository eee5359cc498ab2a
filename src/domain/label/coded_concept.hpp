// What a label means, in a terminology that others know too.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace consilium {

// A code as DICOM writes one (PS3.3, 8.8). `system` is the coding scheme designator of PS3.16,
// table 8-1: "SCT" SNOMED CT, "DCM" DICOM, "LN" LOINC, "I10C" ICD-10-CM, "MDC" ISO/IEEE 11073,
// "SCPECG", "UCUM", "RXNORM", "RADLEX"; or a "99..." designator of a site's own scheme.
struct CodedConcept {
  std::string system;
  std::string code;
  std::string version;  // of the code system; empty where it has none
  std::string display;
  friend auto operator<=>(const CodedConcept&, const CodedConcept&) = default;
};

// The URI that FHIR names the code system by; empty when there is none that we know.
[[nodiscard]] std::string_view fhir_system_uri(std::string_view designator);
// How an answer names a code system that is known by its URI: by the designator where there is one,
// else by the URI itself.
[[nodiscard]] std::string_view system_name(std::string_view uri);
// The other way: the URI of a designator, and a URI as it is.
[[nodiscard]] std::string_view system_uri(std::string_view name);

}  // namespace consilium
