// What the catalog knows, as typed rows. SQL stands in sqlite/schema_catalog.cpp alone; writers
// make the events of the same file and name their fields as its parameters.
#pragma once

#include <cstdint>
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

struct ProjectRow {
  ProjectId id;
  std::string name;
  std::string description;
  std::string deid_at;
  std::int64_t readers_per_item = 1;
  std::string protocol_hash;  // empty: none set
  std::string protocol_id;
  std::string protocol_version;
  std::string protocol_title;
  std::string item_unit;
  std::int64_t revision = 0;
  Timestamp created_at;
};
struct ItemRow {
  ItemId id;
  ProjectId project;
  std::int64_t number = 0;
  std::string kind;  // "image" | "text" | "signal"
  PatientId patient;
  std::string pseudonym;
  std::string source_id;  // of a study, note or recording
  std::string title;
  std::string modality;
  std::string date;  // shifted; empty when not known
  std::string state;
  std::int64_t readers_wanted = 1;
  std::int64_t readers_submitted = 0;
  std::int64_t revision = 0;
  Timestamp updated_at;
  Bytes sealed_preview;
};
struct StudyRow {
  StudyId id;
  PatientId patient;
  std::string study_uid;
  std::string date;
  Bytes sealed_facts;  // {"description": "..."}: free text of the study
};
struct SeriesRow {
  SeriesId id;
  StudyId study;
  PatientId patient;
  std::string series_uid;
  std::optional<std::int64_t> number;
  std::string modality;
  std::string body_part;
  Bytes sealed_facts;  // {"description": "..."}
  std::int64_t instance_count = 0;
  std::string
      volumes_json;  // array of arranged volumes (service/intake/arrangement); empty: none yet
  std::string notes_json;  // array of texts
};
struct InstanceRow {
  InstanceId id;
  SeriesId series;
  PatientId patient;
  std::string sop_uid;
  std::string sop_class_uid;
  std::string content;  // keyed hash of the file
  ObjectRef object;     // the file as received
  ObjectRef frames;     // where its ready frames lie, one after the other
  std::uint64_t first_frame_offset = 0;
  std::uint32_t frame_count = 0;
  std::string description_json;  // what arranging the series needs; identifies nobody
  Bytes sealed_metadata;         // as DICOMweb serves it (service/dicom_metadata); may be empty
};
// Where the ready frames of one instance lie.
struct FramePlace {
  std::string sop_uid;
  ObjectRef frames;
  std::uint64_t first_frame_offset = 0;
  std::uint32_t frame_count = 0;
};
struct NoteRow {
  NoteId id;
  PatientId patient;
  std::string content;
  std::string date;
  std::uint64_t length = 0;  // code points
  ObjectRef object;          // the canonical text
  Bytes sealed_facts;        // {"title": "...", "sha256": "...", "source_id": "...", "remarks": []}
};
struct RecordingRow {
  RecordingId id;
  PatientId patient;
  std::string content;
  std::string format;  // "wfdb" | "edf"
  std::string date;
  std::string header_json;  // what the API's recording shows; identifies nobody
  Bytes sealed_file_names;  // JSON array, in the order of the files
  ObjectRef pyramid;
};
struct ImportRow {
  ImportId id;
  ProjectId project;
  std::string person;
  std::string state;  // "receiving" | "running" | "done" | "failed"
  std::int64_t files_total = 0;
  std::int64_t files_done = 0;
  std::int64_t items_added = 0;
  std::int64_t duplicates = 0;
  Timestamp started_at;
  std::optional<Timestamp> finished_at;
};
struct ImportRefusalRow {
  std::int64_t file_number = 0;
  std::string code;
  std::string what;
  std::string place;
  std::string remedy;
};

// Look-ups of one thing: NotFound when it is not there.
[[nodiscard]] Result<ProjectRow> find_project(const Reader& reader, const ProjectId& project);
[[nodiscard]] Result<std::vector<ProjectRow>> all_projects(const Reader& reader);
[[nodiscard]] Result<ItemRow> find_item(const Reader& reader, const ProjectId& project,
                                        const ItemId& item);
// By number.
[[nodiscard]] Result<std::vector<ItemRow>> all_items(const Reader& reader,
                                                     const ProjectId& project);
[[nodiscard]] Result<std::vector<ItemId>> item_ids(const Reader& reader, const ProjectId& project);
[[nodiscard]] Result<std::optional<ItemId>> item_of_source(const Reader& reader,
                                                           const ProjectId& project,
                                                           std::string_view source_id);
[[nodiscard]] Result<StudyRow> find_study(const Reader& reader, const StudyId& study);
[[nodiscard]] Result<std::optional<StudyRow>> study_of_uid(const Reader& reader,
                                                           std::string_view study_uid);
[[nodiscard]] Result<SeriesRow> find_series(const Reader& reader, const SeriesId& series);
[[nodiscard]] Result<std::optional<SeriesRow>> series_of_uid(const Reader& reader,
                                                             std::string_view series_uid);
[[nodiscard]] Result<std::vector<SeriesRow>> series_of_study(const Reader& reader,
                                                             const StudyId& study);
[[nodiscard]] Result<std::vector<SeriesRow>> series_of_grid(const Reader& reader,
                                                            const StudyId& study,
                                                            std::string_view grid_id);
[[nodiscard]] Result<std::vector<InstanceRow>> instances_of_series(const Reader& reader,
                                                                   const SeriesId& series);
[[nodiscard]] Result<std::optional<InstanceRow>> instance_of_uid(const Reader& reader,
                                                                 std::string_view sop_uid);
[[nodiscard]] Result<std::vector<FramePlace>> frame_places(const Reader& reader,
                                                           const SeriesId& series);
[[nodiscard]] Result<NoteRow> find_note(const Reader& reader, const NoteId& note);
[[nodiscard]] Result<RecordingRow> find_recording(const Reader& reader,
                                                  const RecordingId& recording);
[[nodiscard]] Result<std::vector<ObjectRef>> recording_files(const Reader& reader,
                                                             const RecordingId& recording);
[[nodiscard]] Result<ImportRow> find_import(const Reader& reader, const ImportId& import);
[[nodiscard]] Result<std::vector<ImportRow>> imports_of(const Reader& reader,
                                                        const ProjectId& project);
[[nodiscard]] Result<std::vector<ImportRow>> imports_unfinished(const Reader& reader);
// Those that still take files, begun by `person`.
[[nodiscard]] Result<std::vector<ImportRow>> imports_receiving(const Reader& reader,
                                                               const std::string& person);
[[nodiscard]] Result<std::vector<ImportRefusalRow>> import_refusals(const Reader& reader,
                                                                    const ImportId& import);

// The source that this content was imported as: {"instance" | "notes" | "recording", id}.
struct ContentOwner {
  std::string kind;
  std::string source_id;
};
[[nodiscard]] Result<std::optional<ContentOwner>> owner_of_content(const Reader& reader,
                                                                   std::string_view content);

// The text behind a sealed column, "" for none.
[[nodiscard]] Result<std::string> opened(const Reader& reader, const PatientId& patient,
                                         const Bytes& sealed);

}  // namespace consilium::storage
