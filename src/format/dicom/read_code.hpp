// Codes in datasets (PS3.3 8.8).
#pragma once

#include <optional>

#include "domain/image/dicom_dataset.hpp"
#include "domain/label/coded_concept.hpp"

namespace consilium {

// What a code item says: short, long and URN code values. Older objects call SNOMED CT "SRT" and
// mean its earlier identifiers; they are left as written.
[[nodiscard]] CodedConcept read_code(const DicomDataset& item);
// Of the first item of a sequence; nothing when there is none, or it has no code.
[[nodiscard]] std::optional<CodedConcept> first_code(const DicomDataset& dataset,
                                                     DicomTag sequence);

}  // namespace consilium
