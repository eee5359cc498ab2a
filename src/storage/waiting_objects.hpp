// Objects of other tools' labels that came before their images: sealed like any other, in no study
// yet. They are read again when images come to their project (sqlite/schema_received.cpp).
//
// Event `object.waits`: import_id, file_number, sop_uid, sop_class_uid, modality, content, object,
// object_size, code, what, place, remedy; its project and patient. The same project and UID again
// renews why it waits. Event `object.taken_in`: import_id, file_number, sop_uid; its project.
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

struct WaitingObjectRow {
  ProjectId project;
  PatientId patient;
  ImportId import;  // that brought it
  std::int64_t file_number = 0;
  std::string sop_uid;
  std::string sop_class_uid;
  std::string modality;  // "SEG" | "RTSTRUCT" | "SR" | "PR"
  std::string content;   // keyed hash of the file
  ObjectRef object;      // the file as received
  std::string code;      // why: name_of an ErrorCode
  std::string what;
  std::string place;
  std::string remedy;
  Timestamp received_at;
};

// In the order in which they came.
[[nodiscard]] Result<std::vector<WaitingObjectRow>> waiting_objects(const Reader& reader,
                                                                    const ProjectId& project);
[[nodiscard]] Result<std::vector<WaitingObjectRow>> waiting_objects_of_import(
    const Reader& reader, const ImportId& import);
// Nothing when none of that UID waits in the project.
[[nodiscard]] Result<std::optional<WaitingObjectRow>> find_waiting_object(const Reader& reader,
                                                                          const ProjectId& project,
                                                                          std::string_view sop_uid);
// Of any project, the first received.
[[nodiscard]] Result<std::optional<WaitingObjectRow>> any_waiting_object(const Reader& reader,
                                                                         std::string_view sop_uid);

}  // namespace consilium::storage
