#include "storage/received_objects.hpp"

namespace consilium::storage {
namespace {

Result<ReceivedObjectRow> received_of(const Row& row) {
  ReceivedObjectRow object;
  object.project = CSL_TRY(row.id<ProjectId>("project_id"));
  object.study = CSL_TRY(row.id<StudyId>("study_id"));
  object.patient = CSL_TRY(row.id<PatientId>("patient_id"));
  object.series_uid = row.text("series_uid");
  if (!row.is_null("series_number")) object.series_number = row.integer("series_number");
  object.modality = row.text("modality");
  object.sop_uid = row.text("sop_uid");
  object.sop_class_uid = row.text("sop_class_uid");
  object.content = row.text("content");
  object.object = {.name = row.text("object"),
                   .size_bytes = static_cast<std::uint64_t>(row.integer("object_size"))};
  object.speaks_served = row.flag("speaks_served");
  object.received_at = {row.integer("received_at")};
  return object;
}

Result<std::optional<ReceivedObjectRow>> first_of(const Rows& rows) {
  if (rows.empty()) return std::optional<ReceivedObjectRow>{};
  return std::optional(CSL_TRY(received_of(rows.front())));
}

}  // namespace

Result<std::vector<ReceivedObjectRow>> received_objects(const Reader& reader,
                                                        const ProjectId& project,
                                                        const StudyId& study) {
  std::vector<ReceivedObjectRow> objects;
  for (const Row& row : CSL_TRY(reader.query(
           "received.of_study", Fields().set("study", study).set("project", project)))) {
    objects.push_back(CSL_TRY(received_of(row)));
  }
  return objects;
}

Result<std::optional<ReceivedObjectRow>> find_received_object(const Reader& reader,
                                                              const ProjectId& project,
                                                              std::string_view sop_uid) {
  return first_of(CSL_TRY(reader.query(
      "received.of_uid", Fields().set("uid", std::string(sop_uid)).set("project", project))));
}

Result<std::optional<ReceivedObjectRow>> any_received_object(const Reader& reader,
                                                             std::string_view sop_uid) {
  return first_of(
      CSL_TRY(reader.query("received.any_of_uid", Fields().set("uid", std::string(sop_uid)))));
}

}  // namespace consilium::storage
