// Drawings in the patient as measurement reports have them: places in a frame of reference
// (SCOORD3D) and what they measure.
#pragma once

#include <string>
#include <vector>

#include "domain/label/target.hpp"
#include "format/dicom_sr/measurement_report.hpp"

namespace consilium::service {

// Shapes on a plane become an image region, closed ones a polygon; a cuboid becomes the surface of
// its six sides. A length stands on its line: its place is among its measurements, and the group's
// is the whole study.
void put_space_place(SrGroup& group, const SpaceTarget& space,
                     const std::string& frame_of_reference_uid,
                     const std::string& source_series_uid);

// Lengths in mm, areas in mm2, angles in degrees, a cuboid's volume in mm3. A line with a length is
// given with its own place when the frame of reference is named.
[[nodiscard]] std::vector<SrMeasurement> space_measurements(
    const SpaceTarget& space, const std::string& frame_of_reference_uid);

}  // namespace consilium::service
