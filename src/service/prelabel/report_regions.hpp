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

// A closed ring (the last point joins the first) in the forms that we have for it: a rectangle is a
// box and a polygon, the most telling form first.
using RegionForm = std::pair<GeometryKind, std::vector<ImagePoint>>;
[[nodiscard]] std::vector<RegionForm> ring_forms(std::vector<ImagePoint> ring);

// A group about a segment adds to the label that the segmentation itself brought: import that first
// (service/intake does). Groups without a drawing are findings of the whole, or answers about
// images; evaluations stay codes and text until the protocol is known (coded_answers.hpp).
// Errors: NotFound when none of the images of its regions is in the project, or some are not and
// that is refused.
[[nodiscard]] Result<ReadLabels> labels_of_report(const ReadMeasurementReport& report,
                                                  ImageFinder& images, MissingImages missing);

}  // namespace consilium::service
