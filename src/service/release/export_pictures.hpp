// Photographs beside their labels: what a training program opens.
#pragma once

#include <optional>
#include <string>

#include "service/release/export_case.hpp"

namespace consilium::service {

// The name that one frame of a series has in COCO and its kin: of a photograph, a picture that this
// call writes to images/; of a DICOM image, the name of the file that whoever has the images gives
// it (".dcm"). The picture is the one that was labelled, upright, as PNG of 8 bits or 16-bit grey:
// pixels alone, nothing of the file that was imported.
// Errors: those of the store. Pictures with signed, 32-bit or float samples are named, not written,
// and counted as excluded.
[[nodiscard]] Result<std::string> export_picture(ExportWork& work, const SeriesId& series,
                                                 const std::string& instance_uid,
                                                 std::uint32_t frame_index);

}  // namespace consilium::service
