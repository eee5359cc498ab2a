// The size of the piece of surface in one cell between neighbouring voxel centres.
//
// A cell has 8 voxel centres as corners (4 in a plane), each inside the mask or not: its code, bit
// dx + 2 dy + 4 dz. Marching cubes (W. Lorensen and H. Cline, SIGGRAPH 1987, 163-169) lays
// triangles through the middles of the cell's edges that join an inside corner to an outside one;
// the surface element ("surfel") of the cell is all of them, its size their area in mm^2 (in a
// plane the contour's length in mm). Which triangles is a convention: this is the one of
// google-deepmind/surface-distance, whose numbers it gives.
#pragma once

#include <array>

namespace consilium::mask_metrics {

// [code]; 0 for codes 0 and 255 alone, those of cells without a surface.
[[nodiscard]] std::array<double, 256> surfel_areas_mm2(const std::array<double, 3>& spacing_mm);

// [code] with bit dx + 2 dy; 0 for codes 0 and 15 alone.
[[nodiscard]] std::array<double, 16> contour_lengths_mm(const std::array<double, 3>& spacing_mm);

}  // namespace consilium::mask_metrics
