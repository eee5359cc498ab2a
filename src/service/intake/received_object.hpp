// A DICOM object of another tool that is no image, kept as it was received in the study that it is
// about: sealed with its patient's key, as images are.
#pragma once

#include "format/dicom/dicom_file.hpp"
#include "service/intake/prepared.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

// "SEG", "RTSTRUCT", "SR" or "PR", by its SOP class.
[[nodiscard]] std::string_view modality_of_labels(std::string_view sop_class_uid);

// The study that the object names, by the archive's UID or by the one that we give out, where the
// project has it. Cost: one query; for UIDs that are not the archive's all items are looked
// through.
[[nodiscard]] Result<std::optional<storage::StudyRow>> study_of_object(const IntakeTools& tools,
                                                                       const DicomFile& file);

// Gives the object to the sink, unless the project has it. Errors: Conflict when the project has
// its UID with other content; Corrupt without UIDs.
[[nodiscard]] Status keep_received_object(const IntakeTools& tools, const DicomFile& file,
                                          ByteView bytes, const storage::StudyRow& study,
                                          const PreparedSink& sink);

}  // namespace consilium::service
