// Drawings in the patient as voxels of the volume that they were drawn on, and lines and points of
// any drawing in millimetres. Used inside this module.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/matching/unit.hpp"
#include "domain/image/geometry.hpp"
#include "domain/label/target.hpp"

namespace consilium::service {

// A volume whose slices are planes of an item, one behind the other.
struct VolumeLattice {
  Grid grid;
  Affine inverse;  // of the grid's, patient millimetres to voxels
  std::int64_t first_plane = 0;
};

// Points in millimetres of a frame of reference.
struct PatientPlace {
  std::string frame_of_reference_uid;
  std::vector<PatientPoint> points;
};

// The voxels whose centres lie in the drawing, as pixels on the item's axis (region_places.hpp): in
// a cuboid, or over an area within `reach_mm` of its plane, and at least half a voxel's extent
// along the plane's normal, so that a plane of any orientation is a sheet without holes. The
// nearest voxel where there is none; none at all outside of the volume.
// Cost: of a cuboid its rows, of an area the voxels of its sheet times its corners.
[[nodiscard]] std::vector<Part> voxel_runs(const SpaceTarget& space, const VolumeLattice& volume,
                                           double reach_mm);

// Of two points, or the greater one of the two ends of lines, whichever way round they were drawn.
// Infinite between frames of reference.
[[nodiscard]] double distance_mm(const PatientPlace& first, const PatientPlace& second);

}  // namespace consilium::service
