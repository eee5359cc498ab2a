// Objects of other tools that lie in a study and are no images (segmentations, structure sets,
// reports, presentation states), kept as they were received. They are of the project that they came
// to, as the labels that were read from them (sqlite/schema_received.cpp).
//
// Event `object.received`: study_id, series_uid, series_number (or null), modality, sop_uid,
// sop_class_uid, content, object, object_size, speaks_served; its project and patient.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/objects.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct ReceivedObjectRow {
  ProjectId project;
  StudyId study;
  PatientId patient;
  std::string series_uid;
  std::optional<std::int64_t> series_number;
  std::string modality;  // "SEG" | "RTSTRUCT" | "SR" | "PR"
  std::string sop_uid;
  std::string sop_class_uid;
  std::string content;  // keyed hash of the file
  ObjectRef object;     // the file as received
  // It was made on what we gave out: its UIDs are those that go out, not the archive's.
  bool speaks_served = false;
  Timestamp received_at;
};

// Series by series.
[[nodiscard]] Result<std::vector<ReceivedObjectRow>> received_objects(const Reader& reader,
                                                                      const ProjectId& project,
                                                                      const StudyId& study);
// Nothing when the project has no object with this UID.
[[nodiscard]] Result<std::optional<ReceivedObjectRow>> find_received_object(
    const Reader& reader, const ProjectId& project, std::string_view sop_uid);
// Of any project, the first received.
[[nodiscard]] Result<std::optional<ReceivedObjectRow>> any_received_object(
    const Reader& reader, std::string_view sop_uid);

}  // namespace consilium::storage
