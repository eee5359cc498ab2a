#include "storage/catalog.hpp"

#include "storage/dicom_places.hpp"

namespace consilium::storage {
namespace {

ObjectRef object_of(const Row& row, std::string_view name, std::string_view size) {
  return {.name = row.text(name), .size_bytes = static_cast<std::uint64_t>(row.integer(size))};
}

Result<ProjectRow> project_of(const Row& row) {
  return ProjectRow{.id = CSL_TRY(row.id<ProjectId>("project_id")),
                    .name = row.text("name"),
                    .description = row.text("description"),
                    .deid_at = row.text("deid_at"),
                    .readers_per_item = row.integer("readers_per_item"),
                    .protocol_hash = row.text("protocol_hash"),
                    .protocol_id = row.text("protocol_id"),
                    .protocol_version = row.text("protocol_version"),
                    .protocol_title = row.text("protocol_title"),
                    .item_unit = row.text("item_unit"),
                    .revision = row.integer("revision"),
                    .created_at = {row.integer("created_at")}};
}

Result<StudyRow> study_of(const Row& row) {
  return StudyRow{.id = CSL_TRY(row.id<StudyId>("study_id")),
                  .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                  .study_uid = row.text("study_uid"),
                  .date = row.text("date"),
                  .sealed_facts = row.bytes("facts")};
}

Result<SeriesRow> series_of(const Row& row) {
  SeriesRow series{.id = CSL_TRY(row.id<SeriesId>("series_id")),
                   .study = CSL_TRY(row.id<StudyId>("study_id")),
                   .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                   .series_uid = row.text("series_uid"),
                   .number = std::nullopt,
                   .modality = row.text("modality"),
                   .body_part = row.text("body_part"),
                   .sealed_facts = row.bytes("facts"),
                   .instance_count = row.integer("instance_count"),
                   .volumes_json = row.text("volumes"),
                   .notes_json = row.text("notes")};
  if (!row.is_null("number")) series.number = row.integer("number");
  return series;
}

Result<InstanceRow> instance_of(const Row& row) {
  return InstanceRow{
      .id = CSL_TRY(row.id<InstanceId>("instance_id")),
      .series = CSL_TRY(row.id<SeriesId>("series_id")),
      .patient = CSL_TRY(row.id<PatientId>("patient_id")),
      .sop_uid = row.text("sop_uid"),
      .sop_class_uid = row.text("sop_class_uid"),
      .content = row.text("content"),
      .object = object_of(row, "object", "object_size"),
      .frames = object_of(row, "frames_object", "frames_object_size"),
      .first_frame_offset = static_cast<std::uint64_t>(row.integer("first_frame_offset")),
      .frame_count = static_cast<std::uint32_t>(row.integer("frame_count")),
      .description_json = row.text("description"),
      .sealed_metadata = row.bytes("metadata")};
}

Result<ImportRow> import_of(const Row& row) {
  ImportRow import{.id = CSL_TRY(row.id<ImportId>("import_id")),
                   .project = CSL_TRY(row.id<ProjectId>("project_id")),
                   .person = row.text("person"),
                   .state = row.text("state"),
                   .files_total = row.integer("files_total"),
                   .files_done = row.integer("files_done"),
                   .items_added = row.integer("items_added"),
                   .duplicates = row.integer("duplicates"),
                   .started_at = {row.integer("started_at")},
                   .finished_at = std::nullopt};
  if (!row.is_null("finished_at")) import.finished_at = Timestamp{row.integer("finished_at")};
  return import;
}

std::unexpected<Error> absent(std::string_view what) {
  return fail(ErrorCode::NotFound, "there is no such " + std::string(what));
}

// The one row of a look-up by id, read by `read`.
template <class Read>
auto only(const Rows& rows, std::string_view what, Read read) -> decltype(read(rows.front())) {
  if (rows.empty()) return absent(what);
  return read(rows.front());
}

template <class T, class Read>
Result<std::optional<T>> maybe(const Rows& rows, Read read) {
  if (rows.empty()) return std::optional<T>{};
  return std::optional<T>{CSL_TRY(read(rows.front()))};
}

template <class T, class Read>
Result<std::vector<T>> every(const Rows& rows, Read read) {
  std::vector<T> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(CSL_TRY(read(row)));
  return values;
}

Result<ItemRow> item_of(const Row& row) {
  return ItemRow{.id = CSL_TRY(row.id<ItemId>("item_id")),
                 .project = CSL_TRY(row.id<ProjectId>("project_id")),
                 .number = row.integer("number"),
                 .kind = row.text("kind"),
                 .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                 .pseudonym = row.text("pseudonym"),
                 .source_id = row.text("source_id"),
                 .title = row.text("title"),
                 .modality = row.text("modality"),
                 .date = row.text("date"),
                 .state = row.text("state"),
                 .readers_wanted = row.integer("readers_wanted"),
                 .readers_submitted = row.integer("readers_submitted"),
                 .revision = row.integer("revision"),
                 .updated_at = {row.integer("updated_at")},
                 .sealed_preview = row.bytes("preview")};
}

}  // namespace

Result<ProjectRow> find_project(const Reader& reader, const ProjectId& project) {
  const Rows rows = CSL_TRY(reader.query("catalog.project", Fields().set("project", project)));
  return only(rows, "project", project_of);
}

Result<std::vector<ProjectRow>> all_projects(const Reader& reader) {
  return every<ProjectRow>(CSL_TRY(reader.query("catalog.projects")), project_of);
}

Result<ItemRow> find_item(const Reader& reader, const ProjectId& project, const ItemId& item) {
  return only(
      CSL_TRY(reader.query("catalog.item", Fields().set("project", project).set("item", item))),
      "item", item_of);
}

Result<std::vector<ItemRow>> all_items(const Reader& reader, const ProjectId& project) {
  return every<ItemRow>(CSL_TRY(reader.query("catalog.items", Fields().set("project", project))),
                        item_of);
}

Result<std::vector<ItemId>> item_ids(const Reader& reader, const ProjectId& project) {
  return every<ItemId>(CSL_TRY(reader.query("catalog.item_ids", Fields().set("project", project))),
                       [](const Row& row) { return row.id<ItemId>("item_id"); });
}

Result<std::optional<ItemId>> item_of_source(const Reader& reader, const ProjectId& project,
                                             std::string_view source_id) {
  const Rows rows =
      CSL_TRY(reader.query("catalog.item_of_source",
                           Fields().set("project", project).set("source", std::string(source_id))));
  return maybe<ItemId>(rows, [](const Row& row) { return row.id<ItemId>("item_id"); });
}

Result<StudyRow> find_study(const Reader& reader, const StudyId& study) {
  return only(CSL_TRY(reader.query("catalog.study", Fields().set("study", study))), "study",
              study_of);
}

Result<std::optional<StudyRow>> study_of_uid(const Reader& reader, std::string_view study_uid) {
  return maybe<StudyRow>(
      CSL_TRY(reader.query("catalog.study_of_uid", {{"uid", std::string(study_uid)}})), study_of);
}

Result<SeriesRow> find_series(const Reader& reader, const SeriesId& series) {
  return only(CSL_TRY(reader.query("catalog.series", Fields().set("series", series))), "series",
              series_of);
}

Result<std::optional<SeriesRow>> series_of_uid(const Reader& reader, std::string_view series_uid) {
  return maybe<SeriesRow>(
      CSL_TRY(reader.query("catalog.series_of_uid", {{"uid", std::string(series_uid)}})),
      series_of);
}

Result<std::vector<SeriesRow>> series_of_study(const Reader& reader, const StudyId& study) {
  return every<SeriesRow>(
      CSL_TRY(reader.query("catalog.series_of_study", Fields().set("study", study))), series_of);
}

Result<std::vector<SeriesRow>> series_of_grid(const Reader& reader, const StudyId& study,
                                              std::string_view grid_id) {
  return every<SeriesRow>(
      CSL_TRY(reader.query("catalog.series_of_grid",
                           Fields().set("study", study).set("grid_id", std::string(grid_id)))),
      series_of);
}

Result<std::vector<InstanceRow>> instances_of_series(const Reader& reader, const SeriesId& series) {
  return every<InstanceRow>(
      CSL_TRY(reader.query("catalog.instances_of_series", Fields().set("series", series))),
      instance_of);
}

Result<std::vector<DicomStudyRow>> dicom_studies(const Reader& reader, const ProjectId& project,
                                                 const RaterId& rater, bool sees_all,
                                                 const std::optional<StudyId>& study) {
  Fields fields = Fields().set("project", project).set("rater", rater).set("all", sees_all);
  if (study) fields.set("study", *study);
  return every<DicomStudyRow>(CSL_TRY(reader.query("catalog.dicom_studies", fields)),
                              [](const Row& row) -> Result<DicomStudyRow> {
                                return DicomStudyRow{
                                    .item = CSL_TRY(row.id<ItemId>("item_id")),
                                    .project = CSL_TRY(row.id<ProjectId>("project_id")),
                                    .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                                    .id = CSL_TRY(row.id<StudyId>("study_id")),
                                    .study_uid = row.text("study_uid"),
                                    .pseudonym = row.text("pseudonym"),
                                    .title = row.text("title"),
                                    .date = row.text("date"),
                                    .modalities = row.text("modalities"),
                                    .deid_at = row.text("deid_at"),
                                    .series_count = row.integer("series_count"),
                                    .instance_count = row.integer("instance_count"),
                                    .sealed_facts = row.bytes("facts")};
                              });
}

Result<std::vector<SeriesRow>> dicom_series_of_study(const Reader& reader, const StudyId& study) {
  return every<SeriesRow>(
      CSL_TRY(reader.query("catalog.dicom_series_of_study", Fields().set("study", study))),
      series_of);
}

Result<std::vector<MetadataRow>> metadata_of_series(const Reader& reader, const SeriesId& series) {
  return every<MetadataRow>(
      CSL_TRY(reader.query("catalog.metadata_of_series", Fields().set("series", series))),
      [](const Row& row) -> Result<MetadataRow> {
        return MetadataRow{.instance = CSL_TRY(row.id<InstanceId>("instance_id")),
                           .sop_uid = row.text("sop_uid"),
                           .sealed = row.bytes("metadata")};
      });
}

Result<std::optional<InstanceRow>> instance_of_uid(const Reader& reader, std::string_view sop_uid) {
  return maybe<InstanceRow>(
      CSL_TRY(reader.query("catalog.whole_instance_of_uid", {{"uid", std::string(sop_uid)}})),
      instance_of);
}

Result<std::vector<FramePlace>> frame_places(const Reader& reader, const SeriesId& series) {
  return every<FramePlace>(
      CSL_TRY(reader.query("catalog.frame_places", Fields().set("series", series))),
      [](const Row& row) -> Result<FramePlace> {
        return FramePlace{
            .sop_uid = row.text("sop_uid"),
            .frames = object_of(row, "frames_object", "frames_object_size"),
            .first_frame_offset = static_cast<std::uint64_t>(row.integer("first_frame_offset")),
            .frame_count = static_cast<std::uint32_t>(row.integer("frame_count"))};
      });
}

Result<NoteRow> find_note(const Reader& reader, const NoteId& note) {
  return only(CSL_TRY(reader.query("catalog.note", Fields().set("note", note))), "note",
              [](const Row& row) -> Result<NoteRow> {
                return NoteRow{.id = CSL_TRY(row.id<NoteId>("note_id")),
                               .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                               .content = row.text("content"),
                               .date = row.text("date"),
                               .length = static_cast<std::uint64_t>(row.integer("length")),
                               .object = object_of(row, "object", "object_size"),
                               .sealed_facts = row.bytes("facts")};
              });
}

Result<RecordingRow> find_recording(const Reader& reader, const RecordingId& recording) {
  return only(CSL_TRY(reader.query("catalog.recording", Fields().set("recording", recording))),
              "recording", [](const Row& row) -> Result<RecordingRow> {
                return RecordingRow{
                    .id = CSL_TRY(row.id<RecordingId>("recording_id")),
                    .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                    .content = row.text("content"),
                    .format = row.text("format"),
                    .date = row.text("date"),
                    .header_json = row.text("header"),
                    .sealed_file_names = row.bytes("file_names"),
                    .pyramid = object_of(row, "pyramid_object", "pyramid_object_size")};
              });
}

Result<std::vector<ObjectRef>> recording_files(const Reader& reader, const RecordingId& recording) {
  return every<ObjectRef>(
      CSL_TRY(reader.query("catalog.recording_files", Fields().set("recording", recording))),
      [](const Row& row) -> Result<ObjectRef> { return object_of(row, "object", "object_size"); });
}

Result<ImportRow> find_import(const Reader& reader, const ImportId& import) {
  return only(CSL_TRY(reader.query("catalog.import", Fields().set("import", import))), "import",
              import_of);
}

Result<std::vector<ImportRow>> imports_of(const Reader& reader, const ProjectId& project) {
  return every<ImportRow>(
      CSL_TRY(reader.query("catalog.imports", Fields().set("project", project))), import_of);
}

Result<std::vector<ImportRow>> imports_receiving(const Reader& reader, const std::string& person) {
  return every<ImportRow>(CSL_TRY(reader.query("catalog.imports_receiving", {{"person", person}})),
                          import_of);
}

Result<std::vector<ImportRow>> imports_unfinished(const Reader& reader) {
  return every<ImportRow>(CSL_TRY(reader.query("catalog.imports_unfinished")), import_of);
}

Result<std::vector<ImportRefusalRow>> import_refusals(const Reader& reader,
                                                      const ImportId& import) {
  return every<ImportRefusalRow>(
      CSL_TRY(reader.query("catalog.import_refusals", Fields().set("import", import))),
      [](const Row& row) -> Result<ImportRefusalRow> {
        return ImportRefusalRow{.file_number = row.integer("file_number"),
                                .code = row.text("code"),
                                .what = row.text("what"),
                                .place = row.text("place"),
                                .remedy = row.text("remedy")};
      });
}

Result<std::optional<ContentOwner>> owner_of_content(const Reader& reader,
                                                     std::string_view content) {
  return maybe<ContentOwner>(
      CSL_TRY(reader.query("catalog.content", {{"content", std::string(content)}})),
      [](const Row& row) -> Result<ContentOwner> {
        return ContentOwner{.kind = row.text("kind"), .source_id = row.text("source_id")};
      });
}

Result<std::string> opened(const Reader& reader, const PatientId& patient, const Bytes& sealed) {
  if (sealed.empty()) return std::string();
  return reader.open_sealed(patient, sealed);
}

}  // namespace consilium::storage
