#include "analysis/mask_metrics/mask_metrics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"

namespace consilium {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Mask = std::vector<std::uint8_t>;

Mask box(const Lattice& lattice, std::array<std::uint32_t, 3> low,
         std::array<std::uint32_t, 3> high) {
  Mask mask(lattice.voxel_count());
  for (std::uint32_t z = low[2]; z < high[2]; ++z) {
    for (std::uint32_t y = low[1]; y < high[1]; ++y) {
      for (std::uint32_t x = low[0]; x < high[0]; ++x) {
        mask[(static_cast<std::size_t>(z) * lattice.dims[1] + y) * lattice.dims[0] + x] = 1;
      }
    }
  }
  return mask;
}

// Two lumps, the second with holes and crumbs; the oracle's numbers below are of the same.
struct Pair {
  Lattice lattice;
  Mask first{};
  Mask second{};
};

Pair lumps(std::uint32_t slices) {
  Pair pair{.lattice = {.dims = {21, 14, slices}, .spacing_mm = {0.7, 1.1, 2.5}}};
  for (std::uint32_t k = 0; k < slices; ++k) {
    const int z = slices == 1 ? 4 : static_cast<int>(k);
    for (int y = 0; y < 14; ++y) {
      for (int x = 0; x < 21; ++x) {
        const int rest = (z - 4) * (z - 4);
        pair.first.push_back((x - 10) * (x - 10) * 4 + (y - 6) * (y - 6) * 9 + rest * 16 < 300);
        const bool in = (x - 11) * (x - 11) * 4 + (y - 7) * (y - 7) * 9 + rest * 20 < 330;
        pair.second.push_back(in != ((x * 5 + y * 3 + z * 7) % 11 == 0));
      }
    }
  }
  return pair;
}

void check_close(const std::optional<double>& value, double expected) {
  REQUIRE(value.has_value());
  CHECK(*value == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("V10: two pixels two apart, in a plane") {
  // google-deepmind/surface-distance's own test: 128 x 128, spacing (2, 1), in Python's order.
  const Lattice lattice{.dims = {128, 128, 1}, .spacing_mm = {1, 2, 1}};
  const auto metrics = compare_masks(box(lattice, {70, 50, 0}, {71, 51, 1}),
                                     box(lattice, {72, 50, 0}, {73, 51, 1}), lattice);
  REQUIRE(metrics.has_value());
  const SurfaceMetrics& surface = metrics->surface;
  CHECK(surface.planar);
  CHECK(surface.definition == SurfaceDefinition::MarchingCubes);
  check_close(surface.reference_to_other.average_mm, 1.5);
  check_close(surface.other_to_reference.average_mm, 1.5);
  CHECK(surface.hausdorff_mm == 2.0);
  CHECK(surface.hausdorff_percentile_mm == 2.0);
  check_close(surface.reference_to_other.overlap, .5);
  check_close(surface.other_to_reference.overlap, .5);
  check_close(surface.surface_dice, .5);
  CHECK(metrics->overlap.dice == 0.0);
}

TEST_CASE("V10: two half cubes, one a voxel thicker") {
  const Lattice lattice{.dims = {100, 100, 100}, .spacing_mm = {1, 1, 2}};
  const auto metrics = compare_masks(box(lattice, {0, 0, 0}, {100, 100, 50}),
                                     box(lattice, {0, 0, 0}, {100, 100, 51}), lattice);
  REQUIRE(metrics.has_value());
  const SurfaceMetrics& surface = metrics->surface;
  // surface-distance 0.1 to all digits; V10 prints the first six.
  check_close(surface.reference_to_other.average_mm, 0.32244707267666795);
  check_close(surface.other_to_reference.average_mm, 0.3393962930605405);
  CHECK(surface.hausdorff_mm == 2.0);
  CHECK(surface.hausdorff_percentile_mm == 2.0);
  check_close(surface.reference_to_other.overlap, 0.8420663973547753);
  check_close(surface.other_to_reference.overlap, 0.8303018534697297);
  check_close(surface.surface_dice, 0.8361450084979621);
  check_close(metrics->overlap.dice, 100.0 / 101);
  CHECK(metrics->overlap.reference_ml == 1000.0);
}

TEST_CASE("surfels give what surface-distance gives (surface-distance-based-measures 0.1)") {
  for (const bool planar : {false, true}) {
    CAPTURE(planar);
    const Pair pair = lumps(planar ? 1 : 9);
    const auto metrics = compare_masks(pair.first, pair.second, pair.lattice);
    REQUIRE(metrics.has_value());
    const SurfaceMetrics& surface = metrics->surface;
    const DirectedSurfaceMetrics& there = surface.reference_to_other;
    const DirectedSurfaceMetrics& back = surface.other_to_reference;
    CHECK(there.size == doctest::Approx(planar ? 41.05376673456742 : 847.596163318503));
    CHECK(back.size == doctest::Approx(planar ? 103.661152710756 : 1615.6361354787414));
    check_close(there.average_mm, planar ? 0.33106151092777336 : 0.11082719186751817);
    check_close(back.average_mm, planar ? 1.3414125354027944 : 0.9467701873687626);
    check_close(surface.hausdorff_mm, planar ? 5.215361924162119 : 6.153048025166064);
    check_close(surface.hausdorff_percentile_mm, planar ? 3.9115214431215892 : 3.4452866353904428);
    check_close(there.overlap, planar ? 0.9353101814327641 : 0.9900000962129882);
    check_close(back.overlap, planar ? 0.39498009345640406 : 0.5977342421635772);
    check_close(surface.surface_dice, planar ? 0.5482648098938884 : 0.7327125927866519);
    CHECK_FALSE(surface.pooled_percentile_mm.has_value());
  }
}

TEST_CASE("border voxels give what MedPy gives (MedPy 0.5.2, percentiles of numpy 2.4.6)") {
  for (const bool planar : {false, true}) {
    CAPTURE(planar);
    const Pair pair = lumps(planar ? 1 : 9);
    const auto metrics = compare_masks(pair.first, pair.second, pair.lattice,
                                       {.surface = SurfaceDefinition::VoxelBorder});
    REQUIRE(metrics.has_value());
    const SurfaceMetrics& surface = metrics->surface;
    CHECK(surface.definition == SurfaceDefinition::VoxelBorder);
    CHECK(surface.reference_to_other.size == (planar ? 40 : 370));
    CHECK(surface.other_to_reference.size == (planar ? 96 : 786));
    check_close(surface.reference_to_other.average_mm,
                planar ? 0.44519202405202646 : 0.4414947846160154);
    check_close(surface.other_to_reference.average_mm,
                planar ? 1.4990318993643494 : 1.4125165674388314);
    check_close(surface.hausdorff_mm, planar ? 5.5 : 6.153048025166064);
    check_close(surface.hausdorff_percentile_mm, planar ? 4.015595332760312 : 3.9115214431215892);
    check_close(surface.pooled_percentile_mm, planar ? 3.365224690738243 : 3.560898762952971);
    check_close(surface.pooled_assd_mm, planar ? 1.189078994860725 : 1.1017223981962345);
    check_close(surface.surface_dice, planar ? 0.47794117647058826 : 0.5363321799307958);
    const OverlapMetrics& overlap = metrics->overlap;
    check_close(overlap.dice, planar ? 0.8145896656534954 : 0.7497393117831074);
    check_close(overlap.jaccard, planar ? 0.6871794871794872 : 0.5996663886572143);
    check_close(overlap.sensitivity, planar ? 134.0 / 159 : 719.0 / 919);
    check_close(overlap.precision, planar ? 134.0 / 170 : 719.0 / 999);
    check_close(overlap.relative_volume_difference, planar ? 11.0 / 159 : 80.0 / 919);
    CHECK(overlap.volume_difference_ml ==
          doctest::Approx((planar ? 11 : 80) * 0.7 * 1.1 * 2.5 / 1000));
  }
}

TEST_CASE("two empty masks have undefined agreement; one empty is infinitely far (I3, I4)") {
  const Lattice lattice{.dims = {8, 7, 6}};
  const Mask none(lattice.voxel_count());
  const Mask some = box(lattice, {1, 1, 1}, {4, 4, 4});
  for (const SurfaceDefinition definition :
       {SurfaceDefinition::MarchingCubes, SurfaceDefinition::VoxelBorder}) {
    const MaskMetricsSettings settings{.surface = definition};
    const auto both = compare_masks(none, none, lattice, settings);
    REQUIRE(both.has_value());
    CHECK_FALSE(both->overlap.dice.has_value());
    CHECK_FALSE(both->overlap.jaccard.has_value());
    CHECK_FALSE(both->overlap.sensitivity.has_value());
    CHECK_FALSE(both->surface.hausdorff_mm.has_value());
    CHECK_FALSE(both->surface.assd_mm.has_value());
    CHECK_FALSE(both->surface.surface_dice.has_value());
    const auto one = compare_masks(some, none, lattice, settings);
    REQUIRE(one.has_value());
    CHECK(one->overlap.dice == 0.0);
    CHECK(one->overlap.sensitivity == 0.0);
    CHECK_FALSE(one->overlap.precision.has_value());
    CHECK(one->overlap.relative_volume_difference == -1.0);
    CHECK(one->surface.hausdorff_mm == infinity);
    CHECK(one->surface.hausdorff_percentile_mm == infinity);
    CHECK(one->surface.assd_mm == infinity);
    CHECK(one->surface.surface_dice == 0.0);
    CHECK(one->surface.reference_to_other.overlap == 0.0);
    CHECK(one->surface.reference_to_other.average_mm == infinity);
    CHECK_FALSE(one->surface.other_to_reference.average_mm.has_value());
  }
}

TEST_CASE("equal masks agree fully, also when they fill the volume") {
  const Lattice lattice{.dims = {70, 5, 4}, .spacing_mm = {0.3, 0.9, 4}};
  for (const Mask& mask : {box(lattice, {0, 0, 0}, {70, 5, 4}), box(lattice, {3, 1, 1}, {69, 4, 2}),
                           box(lattice, {63, 2, 3}, {65, 3, 4})}) {
    for (const SurfaceDefinition definition :
         {SurfaceDefinition::MarchingCubes, SurfaceDefinition::VoxelBorder}) {
      const auto metrics = compare_masks(mask, mask, lattice, {.surface = definition});
      REQUIRE(metrics.has_value());
      CHECK(metrics->overlap.dice == 1.0);
      CHECK(metrics->surface.hausdorff_mm == 0.0);
      CHECK(metrics->surface.assd_mm == 0.0);
      CHECK(metrics->surface.surface_dice == 1.0);
    }
  }
}

Mask noise(const Lattice& lattice, double share, std::uint64_t seed) {
  SeededRandom random(seed);
  Mask mask(lattice.voxel_count());
  for (std::uint8_t& voxel : mask) voxel = random.uniform() < share ? 1 : 0;
  return mask;
}

// The distances by definition: every border voxel against every other.
double hausdorff_by_definition(const Mask& a, const Mask& b, const Lattice& lattice) {
  const auto border_of = [&](const Mask& mask) {
    const auto [nx, ny, nz] = lattice.dims;
    const auto in = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
      return x >= 0 && y >= 0 && z >= 0 && x < nx && y < ny && z < nz &&
             mask[static_cast<std::size_t>((z * ny + y) * nx + x)] != 0;
    };
    std::vector<std::array<double, 3>> border;
    for (std::int64_t z = 0; z < nz; ++z) {
      for (std::int64_t y = 0; y < ny; ++y) {
        for (std::int64_t x = 0; x < nx; ++x) {
          if (!in(x, y, z)) continue;
          if (in(x - 1, y, z) && in(x + 1, y, z) && in(x, y - 1, z) && in(x, y + 1, z) &&
              in(x, y, z - 1) && in(x, y, z + 1)) {
            continue;
          }
          border.push_back({static_cast<double>(x) * lattice.spacing_mm[0],
                            static_cast<double>(y) * lattice.spacing_mm[1],
                            static_cast<double>(z) * lattice.spacing_mm[2]});
        }
      }
    }
    return border;
  };
  const auto of_a = border_of(a);
  const auto of_b = border_of(b);
  const auto directed = [](const auto& from, const auto& to) {
    double greatest = 0;
    for (const auto& p : from) {
      double least = infinity;
      for (const auto& q : to) {
        least = std::min(least, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
      }
      greatest = std::max(greatest, least);
    }
    return greatest;
  };
  return std::max(directed(of_a, of_b), directed(of_b, of_a));
}

TEST_CASE("far, near, sparse and dense: distances are the least of all (I2)") {
  const struct {
    const char* name;
    Lattice lattice;
    double first, second;
  } cases[] = {
      {"sparse", {.dims = {40, 30, 20}, .spacing_mm = {1, 1, 1}}, 0.001, 0.001},
      {"one dense", {.dims = {30, 20, 10}, .spacing_mm = {0.5, 0.7, 3}}, 0.3, 0.002},
      {"long rows", {.dims = {300, 5, 6}, .spacing_mm = {0.2, 2, 1}}, 0.002, 0.002},
      {"thin slices", {.dims = {20, 60, 30}, .spacing_mm = {2, 1, 0.02}}, 0.002, 0.001},
      {"thick slices", {.dims = {9, 130, 9}, .spacing_mm = {1, 0.1, 8}}, 0.002, 0.002},
      // The transform pays here, in floats where these give the same numbers.
      {"filled, floats", {.dims = {20, 18, 16}, .spacing_mm = {0.75, 1.25, 2.5}}, 0.5, 0.0005},
      {"filled, doubles", {.dims = {20, 18, 16}, .spacing_mm = {0.7, 1.3, 2.5}}, 0.5, 0.0005},
  };
  for (const auto& each : cases) {
    CAPTURE(each.name);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Mask a = noise(each.lattice, each.first, seed);
      const Mask b = noise(each.lattice, each.second, seed + 100);
      const auto metrics =
          compare_masks(a, b, each.lattice, {.surface = SurfaceDefinition::VoxelBorder});
      REQUIRE(metrics.has_value());
      check_close(metrics->surface.hausdorff_mm, hausdorff_by_definition(a, b, each.lattice));
    }
  }
}

TEST_CASE("exchanging the masks exchanges the directions; threads change no bit (I5, I6)") {
  const Lattice lattice{.dims = {45, 40, 35}, .spacing_mm = {0.8, 1.2, 2}};
  for (const double share : {0.0005, 0.4}) {
    const Mask a = noise(lattice, share, 3);
    const Mask b = noise(lattice, share, 4);
    const auto there = compare_masks(a, b, lattice);
    const auto back = compare_masks(b, a, lattice);
    REQUIRE(there.has_value());
    REQUIRE(back.has_value());
    CHECK(there->surface.reference_to_other == back->surface.other_to_reference);
    CHECK(there->surface.other_to_reference == back->surface.reference_to_other);
    CHECK(there->surface.surface_dice == back->surface.surface_dice);
    CHECK(there->surface.assd_mm == back->surface.assd_mm);
    CHECK(there->surface.hausdorff_percentile_mm == back->surface.hausdorff_percentile_mm);
    CHECK(there->overlap.sensitivity == back->overlap.precision);
    for (const unsigned threads : {2U, 8U}) {
      CHECK(*compare_masks(a, b, lattice, {.threads = threads}) == *there);
    }
  }
}

TEST_CASE("each label of two volumes is its own pair of masks (I7)") {
  const Lattice lattice{.dims = {70, 20, 9}, .spacing_mm = {1, 0.6, 2}};
  SeededRandom random(9);
  std::vector<std::uint16_t> a(lattice.voxel_count());
  std::vector<std::uint16_t> b(lattice.voxel_count());
  for (std::size_t v = 0; v < a.size(); ++v) {
    a[v] = random.uniform() < 0.9 ? 0 : static_cast<std::uint16_t>(1 + random.below(3));
    b[v] = random.uniform() < 0.2 ? static_cast<std::uint16_t>(random.below(3)) : a[v];
  }
  a[17] = 40'000;
  b[800] = 65'535;
  const auto labels = compare_labels(a, b, lattice);
  REQUIRE(labels.has_value());
  std::vector<std::uint16_t> names;
  for (const LabelMetrics& each : *labels) {
    names.push_back(each.label);
    Mask of_a(a.size());
    Mask of_b(b.size());
    for (std::size_t v = 0; v < a.size(); ++v) {
      of_a[v] = a[v] == each.label ? 1 : 0;
      of_b[v] = b[v] == each.label ? 1 : 0;
    }
    CHECK(*compare_masks(of_a, of_b, lattice) == each.metrics);
  }
  CHECK(names == std::vector<std::uint16_t>{1, 2, 3, 40'000, 65'535});
  CHECK(labels->back().metrics.surface.hausdorff_mm == infinity);
  std::ranges::fill(a, std::uint16_t{0});
  CHECK(compare_labels(a, a, lattice)->empty());
}

TEST_CASE("wrong sizes, spacings and settings are refused") {
  const Mask mask(60);
  const Lattice lattice{.dims = {5, 4, 3}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [](const auto& result) {
    return !result.has_value() && result.error().code == ErrorCode::InvalidInput;
  };
  CHECK(refused(compare_masks(mask, Mask(59), lattice)));
  CHECK(refused(compare_masks(Mask(59), mask, lattice)));
  CHECK(refused(compare_masks(mask, mask, {.dims = {5, 4, 4}})));
  for (const double spacing : {0.0, -1.0, nan, infinity}) {
    CHECK(refused(compare_masks(mask, mask, {.dims = {5, 4, 3}, .spacing_mm = {1, 1, spacing}})));
  }
  for (const double tolerance : {-0.1, nan, infinity}) {
    CHECK(refused(compare_masks(mask, mask, lattice, {.tolerance_mm = tolerance})));
  }
  for (const double percentile : {-1.0, 100.5, nan}) {
    CHECK(refused(compare_masks(mask, mask, lattice, {.percentile = percentile})));
  }
  const std::vector<std::uint16_t> labels(60);
  CHECK(refused(compare_labels(labels, std::vector<std::uint16_t>(61), lattice)));
}

}  // namespace
}  // namespace consilium
