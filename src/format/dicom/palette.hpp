// Palette colour tables of a dataset (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9.2).
#pragma once

#include "base/result.hpp"
#include "format/dicom/image_description.hpp"

namespace consilium::detail {

[[nodiscard]] Result<Palette> read_palette(const DicomDataset& dataset, bool has_signed_pixels);
// One table: descriptor (count, first mapped, bits) and its 16-bit words.
[[nodiscard]] Result<LookupTable> read_table(const DicomDataset& dataset, DicomTag descriptor,
                                             DicomTag data, bool has_signed_pixels);

}  // namespace consilium::detail
