#include "storage/waiting_objects.hpp"

namespace consilium::storage {
namespace {

Result<WaitingObjectRow> waiting_of(const Row& row) {
  return WaitingObjectRow{
      .project = CSL_TRY(row.id<ProjectId>("project_id")),
      .patient = CSL_TRY(row.id<PatientId>("patient_id")),
      .import = CSL_TRY(row.id<ImportId>("import_id")),
      .file_number = row.integer("file_number"),
      .sop_uid = row.text("sop_uid"),
      .sop_class_uid = row.text("sop_class_uid"),
      .modality = row.text("modality"),
      .content = row.text("content"),
      .object = {.name = row.text("object"),
                 .size_bytes = static_cast<std::uint64_t>(row.integer("object_size"))},
      .code = row.text("code"),
      .what = row.text("what"),
      .place = row.text("place"),
      .remedy = row.text("remedy"),
      .received_at = {row.integer("received_at")},
      .is_image = row.integer("is_image") != 0,
      .names = row.bytes("names")};
}

Result<std::vector<WaitingObjectRow>> every(const Rows& rows) {
  std::vector<WaitingObjectRow> objects;
  for (const Row& row : rows) objects.push_back(CSL_TRY(waiting_of(row)));
  return objects;
}

Result<std::optional<WaitingObjectRow>> first_of(const Rows& rows) {
  if (rows.empty()) return std::optional<WaitingObjectRow>{};
  return std::optional(CSL_TRY(waiting_of(rows.front())));
}

}  // namespace

Result<std::vector<WaitingObjectRow>> waiting_objects(const Reader& reader,
                                                      const ProjectId& project) {
  return every(
      CSL_TRY(reader.query("received.waiting_of_project", Fields().set("project", project))));
}

Result<std::vector<WaitingObjectRow>> waiting_objects_of_import(const Reader& reader,
                                                                const ImportId& import) {
  return every(CSL_TRY(reader.query("received.waiting_of_import", Fields().set("import", import))));
}

Result<WaitingObjectRow> find_waiting_object(const Reader& reader, const ProjectId& project,
                                             const ImportId& import, std::int64_t file_number) {
  for (WaitingObjectRow& row : CSL_TRY(waiting_objects_of_import(reader, import))) {
    if (row.project == project && row.file_number == file_number) return std::move(row);
  }
  return fail(ErrorCode::NotFound, "no such object is kept waiting", "",
              "look at the imports again: it may have been taken in meanwhile");
}

Result<std::vector<WaitingObjectRow>> waiting_objects_of_uid(const Reader& reader,
                                                             const ProjectId& project,
                                                             std::string_view sop_uid) {
  return every(
      CSL_TRY(reader.query("received.waiting_of_uid",
                           Fields().set("uid", std::string(sop_uid)).set("project", project))));
}

Result<std::optional<WaitingObjectRow>> waiting_object_of_content(const Reader& reader,
                                                                  const ProjectId& project,
                                                                  const std::string& content) {
  return first_of(CSL_TRY(reader.query("received.waiting_of_content",
                                       Fields().set("content", content).set("project", project))));
}

Result<std::optional<WaitingObjectRow>> any_waiting_object(const Reader& reader,
                                                           std::string_view sop_uid) {
  return first_of(CSL_TRY(
      reader.query("received.any_waiting_of_uid", Fields().set("uid", std::string(sop_uid)))));
}

}  // namespace consilium::storage
