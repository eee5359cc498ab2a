#include "analysis/components/components.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "analysis/bit_volume/made_blobs.hpp"

namespace consilium {
namespace {

// What scipy 1.17 (ndimage.label, ndimage.binary_fill_holes) says of the same blobs.
struct Counts {
  std::size_t components;
  std::uint64_t largest;
  std::uint64_t in_50_or_more;
};
struct Case {
  test::Blobs blobs;
  std::uint64_t voxels;
  Counts faces, edges, corners;
  std::size_t slice_components;
  std::uint64_t filled;
  std::array<std::uint64_t, 3> slices_filled;  // across x, y, z
};

const Case cases[] = {
    {.blobs = {{90, 70, 40}, {3, 3, 2}, 70},
     .voxels = 68250,
     .faces = {1109, 1548, 51036},
     .edges = {35, 67230, 67560},
     .corners = {6, 68142, 68142},
     .slice_components = 3896,
     .filled = 68268,
     .slices_filled = {69798, 69138, 69636}},
    {.blobs = {{131, 67, 33}, {1, 1, 1}, 40},
     .voxels = 45440,
     .faces = {24946, 36, 0},
     .edges = {4389, 30995, 32820},
     .corners = {1180, 43233, 43233},
     .slice_components = 31461,
     .filled = 45443,
     .slices_filled = {45577, 45578, 45615}},
    {.blobs = {{64, 50, 30}, {2, 3, 2}, 150},
     .voxels = 56508,
     .faces = {33, 56104, 56104},
     .edges = {1, 56508, 56508},
     .corners = {1, 56508, 56508},
     .slice_components = 732,
     .filled = 58320,
     .slices_filled = {74352, 78276, 78420}},
    {.blobs = {{200, 150, 1}, {3, 2, 1}, 110},
     .voxels = 13018,
     .faces = {496, 534, 7744},
     .edges = {67, 10852, 12366},
     .corners = {67, 10852, 12366},
     .slice_components = 496,
     .filled = 19792,
     .slices_filled = {13018, 13018, 19792}},
};

TEST_CASE("components are those that scipy finds") {
  for (const Case& one : cases) {
    CAPTURE(one.voxels);
    const BitVolume bits = test::made_blob_bits(one.blobs);
    REQUIRE(count_of(bits) == one.voxels);
    const struct {
      Connectivity connectivity;
      Counts counts;
    } ways[] = {{Connectivity::Faces, one.faces},
                {Connectivity::Edges, one.edges},
                {Connectivity::Corners, one.corners}};
    for (const auto& way : ways) {
      const Components parts = components_of(bits, way.connectivity);
      CHECK(parts.list.size() == way.counts.components);
      CHECK(count_of(largest_component(bits, way.connectivity)) == way.counts.largest);
      CHECK(count_of(without_small(bits, 50, way.connectivity)) == way.counts.in_50_or_more);
      const auto order = by_size(parts);
      CHECK(parts.list[order.front()].voxel_count == way.counts.largest);
    }
    CHECK(components_of(bits, Connectivity::Faces, Reach::Slice).list.size() ==
          one.slice_components);
  }
}

TEST_CASE("holes are filled as scipy fills them, in the volume and in slices across each axis") {
  for (const Case& one : cases) {
    CAPTURE(one.voxels);
    const BitVolume bits = test::made_blob_bits(one.blobs);
    CHECK(count_of(with_holes_filled(bits)) == one.filled);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const BitVolume filled = with_slice_holes_filled(bits, axis);
      CHECK(count_of(filled) == one.slices_filled[axis]);
      CHECK(count_of(difference_of(bits, filled)) == 0);
    }
  }
}

TEST_CASE("a component's box and number follow its first voxel") {
  BitVolume bits({70, 10, 4});
  bits.set(66, 1, 0);
  bits.set(67, 1, 0);
  bits.set(67, 1, 1);
  bits.set(3, 5, 2);
  const Components parts = components_of(bits);
  REQUIRE(parts.list.size() == 2);
  CHECK(parts.list[0].voxel_count == 3);
  CHECK(parts.list[0].box == VoxelRange{.first = {66, 1, 0}, .end = {68, 2, 2}});
  CHECK(parts.list[1].box == VoxelRange{.first = {3, 5, 2}, .end = {4, 6, 3}});
}

TEST_CASE("nothing set gives nothing") {
  const BitVolume none({5, 4, 3});
  CHECK(components_of(none).list.empty());
  CHECK(largest_component(none) == none);
  CHECK(without_small(none, 3) == none);
  CHECK(with_holes_filled(none) == none);
  CHECK(with_slice_holes_filled(none, 0) == none);
}

}  // namespace
}  // namespace consilium
