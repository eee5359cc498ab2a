// The split of a dataset into who the patient is and what the catalog may know.
//
// Safe by construction: catalog facts come from a list of attributes that hold codes and numbers of
// the acquisition. Whatever is not on it (descriptions, comments, names, private elements) is taken
// to identify, and stays in the sealed object.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/protected.hpp"
#include "domain/image/dicom_dataset.hpp"

namespace consilium {

// Who: for the vault. Text in UTF-8, dates as DICOM writes them (YYYYMMDD).
struct DicomIdentity {
  Protected<std::string> issuer;
  Protected<std::string> patient_id;
  Protected<std::string> name;
  Protected<std::string> birth_date;
  Protected<std::string> sex;
  Protected<std::vector<std::string>> other_patient_ids;
  Protected<std::string> accession_number;
  Protected<std::string> institution;
  Protected<std::string> referring_physician;
};

// What: for the catalog. Dates identify when joined with other knowledge, so the caller shifts them
// before they are kept in the clear; UIDs are mapped at release.
struct DicomCatalogFacts {
  std::string sop_class_uid;
  std::string study_instance_uid;
  std::string series_instance_uid;
  std::string sop_instance_uid;
  std::string modality;
  std::optional<std::int64_t> series_number;
  std::optional<std::int64_t> instance_number;
  std::optional<std::int64_t> acquisition_number;
  // The others of the safe list that the dataset has: (keyword, value).
  std::vector<std::pair<std::string, std::string>> acquisition;
};

// Dates and times of the object, to be shifted by the caller before they are kept.
struct DicomDates {
  Protected<std::string> study_date;
  Protected<std::string> study_time;
  Protected<std::string> series_date;
  Protected<std::string> acquisition_date;
};

struct DicomSplit {
  DicomIdentity identity;
  DicomCatalogFacts catalog;
  DicomDates dates;
};

[[nodiscard]] DicomSplit split_identity(const DicomDataset& dataset);

// Whether an attribute of the top level is on the safe list. Values of LO and SH among them (such
// as ConvolutionKernel) are kept only when they look like a code: at most 32 characters of
// [A-Za-z0-9 ._+/-].
[[nodiscard]] bool is_safe_for_catalog(DicomTag tag);

}  // namespace consilium
