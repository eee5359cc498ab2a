// Measurement reports (TID 1500) as labels: regions and measured lines become drawings in the forms
// that we have for them. Used inside this module.
#pragma once

#include "base/result.hpp"
#include "format/dicom_sr/measurement_report.hpp"
#include "service/prelabel/image_finder.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

// Whether it is a rectangle along rows and columns, as two corners; the ring may be closed or not.
[[nodiscard]] std::optional<std::pair<ImagePoint, ImagePoint>> as_box(
    const std::vector<ImagePoint>& ring);

// A group about a segment brings nothing of its own: the voxels come with the segmentation. Groups
// about whole images, and answers, are told in the notes.
// Errors: NotFound when none of the images of its regions is in the project.
[[nodiscard]] Result<ReadLabels> labels_of_report(const ReadMeasurementReport& report,
                                                  ImageFinder& images);

}  // namespace consilium::service
