// Regions in the patient of measurement reports (SCOORD3D) in the forms that we have for them. Used
// inside this module.
#pragma once

#include <utility>
#include <vector>

#include "domain/label/target.hpp"
#include "format/dicom_sr/measurement_report.hpp"

namespace consilium::service {

using SpaceForm = std::pair<PlaceKind, std::vector<PatientPoint>>;

// The most telling form first; none when it is no shape of ours: a cloud of points, a ring that is
// not flat, a surface that is no parallelepiped. The group's own place, else the lines that its
// measurements were taken on, of which a long and a short axis are one drawing. `frame` is set to
// the frame of reference of what was found.
[[nodiscard]] std::vector<SpaceForm> space_forms(const SrGroup& group, std::string& frame);

}  // namespace consilium::service
