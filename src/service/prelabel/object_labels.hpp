// DICOM Segmentations, RT Structure Sets and Measurement Reports as labels on a project's images.
#pragma once

#include "base/result.hpp"
#include "format/dicom/dicom_file.hpp"
#include "service/prelabel/image_finder.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium {
class CodecPool;
}

namespace consilium::service {

// By its SOP class: whether the object holds labels instead of an image.
[[nodiscard]] bool is_label_object(const DicomFile& file);
[[nodiscard]] bool is_report(const DicomFile& file);

// How images are to be shown and what is drawn over them (presentation states): kept with them, but
// no labels are read from it.
[[nodiscard]] bool is_only_shown(const DicomFile& file);

// "QIICR dcmqi 1.2.4, nnU-Net"; "A DICOM object" for one that says nothing of what made it.
[[nodiscard]] std::string tool_name(const std::string& manufacturer, const std::string& model,
                                    const std::string& version, const std::string& algorithm);

// Errors: those of the readers; NotFound when none of the images that it refers to is in the
// project, or some are not and that is refused; InvalidInput when it lies in another frame of
// reference, is of another size, or off the slices. `codec` may be null: compressed frames are then
// refused.
[[nodiscard]] Result<ReadLabels> read_object_labels(const DicomFile& file, ImageFinder& images,
                                                    CodecPool* codec,
                                                    MissingImages missing = MissingImages::Noted);

}  // namespace consilium::service
