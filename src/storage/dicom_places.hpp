// What DICOMweb asks the catalog: studies as a person sees them, metadata kept beside instances.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/catalog.hpp"

namespace consilium::storage {

// A study as an image item of a project.
struct DicomStudyRow {
  ItemId item;
  ProjectId project;
  PatientId patient;
  StudyId id;
  std::string study_uid;
  std::string pseudonym;
  std::string title;       // "CT CHEST, 300 images": nothing that a person wrote
  std::string date;        // shifted
  std::string modalities;  // "CT,PT"
  std::string deid_at;     // of the project
  std::int64_t series_count = 0;
  std::int64_t instance_count = 0;
  Bytes sealed_facts;
};
struct MetadataRow {
  InstanceId instance;
  std::string sop_uid;
  Bytes sealed;  // empty: not made yet
};
// Volumes of other formats lie in the catalog beside DICOM objects, without a SOP class; nothing
// here tells of them.
//
// Of a project, by the items' numbers: all of them that `rater` sees (everything with `sees_all`,
// else what is open and what was theirs, as in a work list), or the one with this id.
[[nodiscard]] Result<std::vector<DicomStudyRow>> dicom_studies(
    const Reader& reader, const ProjectId& project, const RaterId& rater, bool sees_all,
    const std::optional<StudyId>& study = std::nullopt);
// As series_of_study.
[[nodiscard]] Result<std::vector<SeriesRow>> dicom_series_of_study(const Reader& reader,
                                                                   const StudyId& study);
// In the order of their instance numbers.
[[nodiscard]] Result<std::vector<MetadataRow>> metadata_of_series(const Reader& reader,
                                                                  const SeriesId& series);

}  // namespace consilium::storage
