// One DICOM file into the catalog: identity to the vault, the file sealed, its ready frames found
// in it or derived, and the facts that identify nobody.
#pragma once

#include "service/intake/prepared.hpp"

namespace consilium::service {

// Errors: those of reading and describing the file; Conflict when its UID is there with other
// content. Cost: reading, sealing and, where frames are not stored ready, decoding them.
[[nodiscard]] Status prepare_image(const IntakeTools& tools, ByteView file,
                                   const std::string& content, const PreparedSink& sink);

}  // namespace consilium::service
