// A DICOM object that cannot be taken in, kept sealed under its patient with the reason: labels
// whose images are not here, which are read again when images come to the project, and whatever a
// sender was told to be kept. That is so never dropped: it waits until it is tried again and taken
// in, or a person discards it.
#pragma once

#include "format/dicom/dicom_file.hpp"
#include "service/intake/prepared.hpp"
#include "service/prelabel/label_names.hpp"
#include "storage/waiting_objects.hpp"

namespace consilium::service {

// Which file of which import brought it.
struct WaitingFrom {
  ImportId import;
  std::int64_t file_number = 0;
  LabelMap names = {};  // what the import says of names in it, remembered for when it is taken in
  bool was_acknowledged = false;
};

// Whether labels whose reading failed so wait though nobody was told that they are kept: where
// their images are not here.
[[nodiscard]] bool may_wait(const Error& why);
// The same error with what will become of the object.
[[nodiscard]] Error waiting_error(Error why, bool is_image);

// Gives the object to the sink. Nothing new is kept when it waits already; one that was
// acknowledged then waits with the new reason, as this import's. Errors: Conflict when an object
// with its UID waits, with other content (both are kept where acknowledged); Corrupt without UIDs.
[[nodiscard]] Status keep_waiting(const IntakeTools& tools, const DicomFile& file, ByteView bytes,
                                  const WaitingFrom& from, const Error& why,
                                  const PreparedSink& sink);

// Empty when the patient was erased.
[[nodiscard]] LabelMap names_of(const storage::Reader& reader,
                                const storage::WaitingObjectRow& row);
// The event that says why it waits, for the first time or anew.
[[nodiscard]] storage::EventDraft waits_event(const storage::WaitingObjectRow& row,
                                              const LabelMap& names);
// The events that end its waiting.
[[nodiscard]] storage::EventDraft taken_in_event(const storage::WaitingObjectRow& row);
[[nodiscard]] storage::EventDraft discarded_event(const storage::WaitingObjectRow& row);

}  // namespace consilium::service
