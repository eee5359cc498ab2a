// The pixels of objects that are no images to look at, such as segmentations: their frames are
// coded, kept and served as those of images are.
#pragma once

#include "format/dicom/image_description.hpp"

namespace consilium {

// As describe_image, whatever the SOP class says of its use. Errors: those of describe_image.
[[nodiscard]] Result<ImageDescription> describe_pixels(const DicomFile& file);

}  // namespace consilium
