// What is known of each frame, from the top level or from shared and per-frame functional groups
// (PS3.3 C.7.6.16).
#pragma once

#include <vector>

#include "base/result.hpp"
#include "format/dicom/image_description.hpp"

namespace consilium::detail {

// One entry for each frame, or one for all when frames do not differ.
// Errors: Corrupt when a modality LUT is damaged. Cost: O(frames).
[[nodiscard]] Result<std::vector<FrameFacts>> read_frame_facts(const DicomDataset& dataset,
                                                               const ImageDescription& image);

}  // namespace consilium::detail
