// A DICOM object of labels that cannot be read yet, for its images are not here: kept sealed under
// its patient, and read again when images come to the project. What a sender was told to be kept
// is so never dropped.
#pragma once

#include "format/dicom/dicom_file.hpp"
#include "service/intake/prepared.hpp"
#include "storage/waiting_objects.hpp"

namespace consilium::service {

// Which file of which import brought it.
struct WaitingFrom {
  ImportId import;
  std::int64_t file_number = 0;
};

// Whether an object whose reading failed so waits: always where its images are not here. Where the
// sender holds it to be kept (`was_acknowledged`), also when it does not fit what is here.
[[nodiscard]] bool may_wait(const Error& why, bool was_acknowledged);
// The same error with what will become of the object.
[[nodiscard]] Error waiting_error(Error why);

// Gives the object to the sink. Nothing new is kept when it waits already. Errors: Conflict when
// an object with its UID waits, with other content; Corrupt without UIDs.
[[nodiscard]] Status keep_waiting(const IntakeTools& tools, const DicomFile& file, ByteView bytes,
                                  const WaitingFrom& from, const Error& why,
                                  const PreparedSink& sink);

// The event that says why it waits, for the first time or anew.
[[nodiscard]] storage::EventDraft waits_event(const storage::WaitingObjectRow& row);
// The event that ends its waiting.
[[nodiscard]] storage::EventDraft taken_in_event(const storage::WaitingObjectRow& row);

}  // namespace consilium::service
