// What a site hands us as a terminology: one file or a folder of a release, told apart by names and
// first bytes, or named.
#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "format/fhir_terminology/fhir_terminology.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium::service {

struct ReleaseOptions {
  // "rf2", "icd10cm-order", "icd10cm-tabular", "loinc", "rxnorm", "obo", "fhir"; empty: found out.
  std::string format;
  std::string system;   // URI instead of the format's own; empty: that one
  std::string version;  // empty: what the files say; RF2, RxNorm, LOINC and order files need it
  std::string language_set;  // RF2: the language reference set whose synonyms are preferred
};

// Errors: Unsupported when the files are of none of the formats; InvalidInput when a version is
// needed and not given; those of the readers.
[[nodiscard]] Result<FhirTerminology> read_release(std::span<const TerminologyFile> files,
                                                   const ReleaseOptions& options);

}  // namespace consilium::service
