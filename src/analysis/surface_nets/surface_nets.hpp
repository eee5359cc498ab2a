// The surfaces of all labels of a volume in one pass, for showing and for printing.
//
// Surface nets: every cell of 2 x 2 x 2 voxels that holds more than one label gets a vertex, every
// pair of neighbouring voxels with different labels a square of the vertices of the four cells
// around it. The vertices then move towards the mean of their neighbours, again and again, but
// never out of their cell, so the smooth surface stays within half a voxel's diagonal of the
// labels'. Two labels that touch share the vertices between them: no gaps, no overlaps. Sources: S.
// Gibson, MICCAI 1998, 888-898; S. Frisken, J. Comput. Graph. Tech. 11 (2022) 34-54 (several
// labels).
//
// Beyond the volume lies label 0, so surfaces are closed there too. Vertices where surfaces only
// touch at an edge or corner are shared, which a strict reader may call not manifold.
//
// Cost: O(voxels) to find the cells, then O(vertices x iterations). The same bits for any number of
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"

namespace consilium {

struct SurfaceOptions {
  unsigned iterations = 16;  // of smoothing; 0 leaves the vertices in the middle of their cells
  float relaxation = 0.5F;   // the share of the way to the neighbours' mean that each step takes
  float reach = 0.5F;        // how far from the middle of its cell a vertex may go, in voxels
};

struct SurfaceMesh {
  std::vector<std::array<float, 3>> vertices;  // patient millimetres (LPS), by the affine
  std::vector<std::array<std::uint32_t, 3>> triangles;
  // Of each triangle: counter-clockwise, its normal points from voxels of the first label to those
  // of the second. 0 is the background.
  std::vector<std::array<std::uint16_t, 2>> labels;
};

// One label's closed surface.
struct LabelMesh {
  std::vector<std::array<float, 3>> vertices;
  std::vector<std::array<float, 3>> normals;            // outward, of length 1
  std::vector<std::array<std::uint32_t, 3>> triangles;  // counter-clockwise from outside
};

// `labels` is x fastest; `dims` and `affine` are those of the volume or of a cut out box.
// Errors: InvalidInput when a length is wrong, an option is out of range or the affine has no
// inverse; TooLarge when there are more than 2^31 vertices.
[[nodiscard]] Result<SurfaceMesh> surfaces_of(std::span<const std::uint16_t> labels,
                                              const std::array<std::uint32_t, 3>& dims,
                                              const Affine& affine, const SurfaceOptions& options,
                                              unsigned threads = 1);
// The part that bounds `label`, turned outward. Cost: O(mesh).
[[nodiscard]] LabelMesh mesh_of(const SurfaceMesh& mesh, std::uint16_t label);

}  // namespace consilium
