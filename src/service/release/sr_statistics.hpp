// What the image holds under a place, as an annotation keeps it among its measurements, in the
// coded form of TID 1419 (PS3.16): the quantity (attenuation, SUV, or a pixel value of ours) with
// the derivation that says which statistic of it.
#pragma once

#include <vector>

#include "domain/label/annotation.hpp"
#include "format/dicom_sr/measurement_report.hpp"

namespace consilium::service {

// Mean, standard deviation, minimum, maximum and median, also of SUV ("suv_mean"), and the number
// of voxels they are of. Measurements of other names are left to those who know them.
[[nodiscard]] std::vector<SrMeasurement> sr_statistics(const Annotation& annotation);

}  // namespace consilium::service
