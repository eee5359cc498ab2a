#include "domain/label/coded_concept.hpp"

#include <algorithm>

namespace consilium {
namespace {

struct CodeSystem {
  std::string_view designator;
  std::string_view uri;
};

// HL7 Terminology, as PS3.16 table 8-1 repeats it.
constexpr CodeSystem code_systems[] = {
    {"DCM", "http://dicom.nema.org/resources/ontology/DCM"},
    {"I10", "http://hl7.org/fhir/sid/icd-10"},
    {"I10C", "http://hl7.org/fhir/sid/icd-10-cm"},
    {"LN", "http://loinc.org"},
    {"MDC", "urn:iso:std:iso:11073:10101"},
    {"RADLEX", "http://radlex.org"},
    {"RXNORM", "http://www.nlm.nih.gov/research/umls/rxnorm"},
    {"SCPECG", "urn:oid:1.2.840.10008.2.16.3"},
    {"SCT", "http://snomed.info/sct"},
    {"UCUM", "http://unitsofmeasure.org"},
};

}  // namespace

std::string_view fhir_system_uri(std::string_view designator) {
  const auto* found = std::ranges::find(code_systems, designator, &CodeSystem::designator);
  return found == std::end(code_systems) ? std::string_view{} : found->uri;
}

std::string_view system_name(std::string_view uri) {
  const auto* found = std::ranges::find(code_systems, uri, &CodeSystem::uri);
  return found == std::end(code_systems) ? uri : found->designator;
}

std::string_view system_uri(std::string_view name) {
  const std::string_view uri = fhir_system_uri(name);
  return uri.empty() ? name : uri;
}

}  // namespace consilium
