// Objects that were received and could not be taken in, each kept with the reason: sealed like any
// other, in no study. Labels that came before their images are read again when images come to
// their project; an image that its import refused although its sender was told that it is kept
// waits for a person's word (sqlite/schema_received.cpp).
//
// Event `object.waits`: import_id, file_number, sop_uid, sop_class_uid, modality, content, object,
// object_size, code, what, place, remedy, is_image, names (sealed, or null); its project and
// patient. The same file of the same import again renews why it waits. Events `object.taken_in` and
// `object.discarded` (a person's word): import_id, file_number, sop_uid; its project.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/objects.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct WaitingObjectRow {
  ProjectId project;
  PatientId patient;
  ImportId import;  // that brought it
  std::int64_t file_number = 0;
  std::string sop_uid;
  std::string sop_class_uid;
  std::string modality;  // of labels: "SEG" | "RTSTRUCT" | "SR" | "PR"
  std::string content;   // keyed hash of the file
  ObjectRef object;      // the file as received
  std::string code;      // why: name_of an ErrorCode
  std::string what;
  std::string place;
  std::string remedy;
  Timestamp received_at;
  bool is_image = false;
  Bytes names = {};  // what names in it mean here, as a map's lines; sealed with the patient's key
};

// In the order in which they came.
[[nodiscard]] Result<std::vector<WaitingObjectRow>> waiting_objects(const Reader& reader,
                                                                    const ProjectId& project);
[[nodiscard]] Result<std::vector<WaitingObjectRow>> waiting_objects_of_import(
    const Reader& reader, const ImportId& import);
// Errors: NotFound.
[[nodiscard]] Result<WaitingObjectRow> find_waiting_object(const Reader& reader,
                                                           const ProjectId& project,
                                                           const ImportId& import,
                                                           std::int64_t file_number);
// Of the project. Several when objects of other content came under one UID.
[[nodiscard]] Result<std::vector<WaitingObjectRow>> waiting_objects_of_uid(
    const Reader& reader, const ProjectId& project, std::string_view sop_uid);
[[nodiscard]] Result<std::optional<WaitingObjectRow>> waiting_object_of_content(
    const Reader& reader, const ProjectId& project, const std::string& content);
// Of any project, the first received.
[[nodiscard]] Result<std::optional<WaitingObjectRow>> any_waiting_object(const Reader& reader,
                                                                         std::string_view sop_uid);

}  // namespace consilium::storage
