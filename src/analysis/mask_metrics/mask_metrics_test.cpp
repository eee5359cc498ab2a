#include "analysis/mask_metrics/mask_metrics.hpp"

#include <doctest/doctest.h>

namespace consilium {
namespace {
TEST_CASE("V10: two half cubes one voxel apart") {
  // Python's array is [x0][x1][x2], its spacing (2, 1, 1): x2 is our x.
  const Lattice lattice{.dims = {100, 100, 100}, .spacing_mm = {1, 1, 2}};
  std::vector<std::uint8_t> a(1'000'000);
  std::vector<std::uint8_t> b(1'000'000);
  std::fill_n(a.begin(), 50 * 10'000, std::uint8_t{1});
  std::fill_n(b.begin(), 51 * 10'000, std::uint8_t{1});
  const auto metrics = compare_masks(a, b, lattice);
  REQUIRE(metrics.has_value());
  CHECK(*metrics->surface.reference_to_other.average_mm == doctest::Approx(.322447));
}
}  // namespace
}  // namespace consilium
