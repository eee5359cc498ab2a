#include "analysis/morphology/sheared.hpp"

#include <doctest/doctest.h>

#include "analysis/bit_volume/made_blobs.hpp"

namespace consilium {
namespace {

const ShearedLattice askew{.dims = {24, 20, 9},
                           .steps_mm = {{{0.7, 0.1, 0}, {-0.1, 0.8, 0.05}, {0.3, 0.6, 2.4}}}};

double distance_mm(const std::array<double, 3>& steps) {
  Vector3 way{};
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t n = 0; n < 3; ++n) way[n] += steps[a] * askew.steps_mm[a][n];
  }
  return length(way);
}

// Every voxel within mm of a set one, looked for one by one.
BitVolume grown_one_by_one(const BitVolume& bits, double mm) {
  BitVolume result(bits.dims());
  const auto [nx, ny, nz] = bits.dims();
  const auto for_each_voxel = [&](const auto& use) {
    for (std::uint32_t z = 0; z < nz; ++z) {
      for (std::uint32_t y = 0; y < ny; ++y) {
        for (std::uint32_t x = 0; x < nx; ++x) use(x, y, z);
      }
    }
  };
  for_each_voxel([&](auto x, auto y, auto z) {
    if (!bits.at(x, y, z)) return;
    for_each_voxel([&](auto i, auto j, auto k) {
      if (distance_mm({double(i) - x, double(j) - y, double(k) - z}) <= mm) result.set(i, j, k);
    });
  });
  return result;
}

TEST_CASE("on a sheared grid margins are those of the patient, voxel by voxel") {
  const BitVolume bits = test::made_blob_bits({askew.dims, {4, 3, 2}, 30});
  for (const double mm : {0.0, 0.75, 1.9, 3.3, 7.0}) {
    CAPTURE(mm);
    const BitVolume wide = grown(bits, askew, mm).value();
    CHECK(wide == grown_one_by_one(bits, mm));
    CHECK(shrunk(bits, askew, mm).value() ==
          complement_of(grown_one_by_one(complement_of(bits), mm)));
    CHECK(grown(bits, askew, mm, 3).value() == wide);
    CHECK(hollow(bits, askew, mm, ShellSide::Outside).value() == difference_of(wide, bits));
    CHECK(difference_of(opened(bits, askew, mm).value(), bits) == BitVolume(bits.dims()));
    CHECK(difference_of(bits, closed(bits, askew, mm).value()) == BitVolume(bits.dims()));
  }
}

TEST_CASE("a grid is sheared where its axes are not perpendicular, and keeps its voxels' volume") {
  Grid grid{.dims = {4, 4, 4},
            .affine = affine_from_axes({}, {0.7, 0, 0}, {0, 0.7, 0}, {0, 0.434, 2.462}),
            .frame_of_reference_uid = {}};
  const auto sheared = sheared_lattice_of(grid);
  REQUIRE(sheared);
  const Lattice upright = upright_lattice(*sheared).value();
  CHECK(upright.voxel_volume_ml() == doctest::Approx(0.7 * 0.7 * 2.462 / 1000));
  CHECK(upright.spacing_mm[2] == doctest::Approx(2.462));
  grid.affine = affine_from_axes({}, {0.7, 0, 0}, {0, 0.7, 0}, {0, 0, 2.5});
  CHECK_FALSE(sheared_lattice_of(grid));
}

TEST_CASE("what cannot be worked on is refused") {
  const BitVolume bits({24, 20, 9});
  CHECK_FALSE(grown(BitVolume({3, 3, 3}), askew, 1));
  CHECK_FALSE(grown(bits, askew, -1));
  CHECK_FALSE(shrunk(bits, {.dims = {24, 20, 9}, .steps_mm = {}}, 1));
}

}  // namespace
}  // namespace consilium
