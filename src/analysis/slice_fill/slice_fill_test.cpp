#include "analysis/slice_fill/slice_fill.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/slice_fill/tilting_phantom.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

using Labels = std::vector<std::uint16_t>;

SliceFillOptions with_caps() { return {.segments = {}, .cap_ends = true, .image = {}}; }

// The volume with axes x and `axis` exchanged.
Labels exchanged(const Labels& labels, const std::array<std::uint32_t, 3>& dims, std::size_t axis) {
  std::array<std::uint32_t, 3> to = dims;
  std::swap(to[2], to[axis]);
  Labels result(labels.size());
  std::size_t v = 0;
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x, ++v) {
        std::array<std::size_t, 3> at = {x, y, z};
        std::swap(at[2], at[axis]);
        result[(at[2] * to[1] + at[1]) * to[0] + at[0]] = labels[v];
      }
    }
  }
  return result;
}

// shared/reference gives for such a phantom (256 x 256 x 150, every tenth slice) Dice .969, .968
// and .961 of ITK's morphological contour interpolation and .977, .978, .975 of aligned signed
// distances.
TEST_CASE("three shifting ellipsoids come back from every tenth slice") {
  const Lattice lattice{.dims = {256, 256, 150}, .spacing_mm = {1, 1, 1}};
  const Labels truth = test::tilting_phantom(lattice.dims);
  Labels labels = test::every_slice(truth, lattice.dims, 10);
  const Labels drawn = labels;
  const auto summary = fill_between_slices(labels, lattice, with_caps());
  REQUIRE(summary.has_value());
  CHECK(test::dice(labels, truth, 1) > 0.985);
  CHECK(test::dice(labels, truth, 2) > 0.980);
  CHECK(test::dice(labels, truth, 3) > 0.980);
  std::uint64_t filled = 0;
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (v / (256 * 256) % 10 == 0) REQUIRE(labels[v] == drawn[v]);
    filled += labels[v] != drawn[v] ? 1 : 0;
  }
  CHECK(filled == summary->filled_voxels);
}

TEST_CASE("any axis gives what the turned volume gives, and threads change nothing") {
  const Lattice lattice{.dims = {60, 50, 40}, .spacing_mm = {0.8, 1.1, 2}};
  const Labels labels = test::every_slice(test::tilting_phantom(lattice.dims), lattice.dims, 7);
  Labels along_z = labels;
  REQUIRE(fill_between_slices(along_z, lattice, with_caps()));
  for (std::size_t axis = 0; axis < 2; ++axis) {
    Lattice turned = lattice;
    std::swap(turned.dims[2], turned.dims[axis]);
    std::swap(turned.spacing_mm[2], turned.spacing_mm[axis]);
    Labels filled = exchanged(labels, lattice.dims, axis);
    SliceFillOptions options = with_caps();
    options.axis = axis;
    options.threads = 3;
    REQUIRE(fill_between_slices(filled, turned, options));
    // Exchanging x and z leaves the slices' axes turned too: distances then add up in another
    // order and may differ in the last bit.
    const Labels back = exchanged(filled, turned.dims, axis);
    std::size_t other = 0;
    for (std::size_t v = 0; v < back.size(); ++v) other += back[v] != along_z[v] ? 1 : 0;
    CHECK(other <= 3);
  }
  Labels together = labels;
  SliceFillOptions options = with_caps();
  options.threads = 4;
  REQUIRE(fill_between_slices(together, lattice, options));
  CHECK(together == along_z);
}

struct Disc {
  std::uint32_t z;
  double x, y, radius;
  std::uint16_t label;
};

Labels drawn_discs(const std::array<std::uint32_t, 3>& dims, const std::vector<Disc>& discs) {
  Labels labels(static_cast<std::size_t>(dims[0]) * dims[1] * dims[2]);
  for (const Disc& disc : discs) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        if (std::hypot(x - disc.x, y - disc.y) <= disc.radius) {
          labels[(std::size_t{disc.z} * dims[1] + y) * dims[0] + x] = disc.label;
        }
      }
    }
  }
  return labels;
}

std::size_t count_on(const Labels& labels, const std::array<std::uint32_t, 3>& dims,
                     std::uint32_t z, std::uint16_t label) {
  const std::size_t slice = static_cast<std::size_t>(dims[0]) * dims[1];
  const auto first = labels.begin() + static_cast<std::ptrdiff_t>(z * slice);
  return static_cast<std::size_t>(
      std::count(first, first + static_cast<std::ptrdiff_t>(slice), label));
}

TEST_CASE("a disc that moves away from itself is followed, not faded out and in") {
  const std::array<std::uint32_t, 3> dims{80, 40, 11};
  Labels labels = drawn_discs(dims, {{0, 15, 20, 8, 5}, {10, 36, 20, 8, 5}});
  const std::size_t area = count_on(labels, dims, 0, 5);
  REQUIRE(fill_between_slices(labels, {.dims = dims, .spacing_mm = {1, 1, 1}},
                              {.segments = {}, .image = {}}));
  for (std::uint32_t z = 0; z <= 10; ++z) {
    CAPTURE(z);
    CHECK(std::abs(static_cast<double>(count_on(labels, dims, z, 5)) - static_cast<double>(area)) <
          0.1 * static_cast<double>(area));
    const auto centre = static_cast<std::size_t>(std::lround(15 + 2.1 * z));
    CHECK(labels[(std::size_t{z} * 40 + 20) * 80 + centre] == 5);
  }
}

TEST_CASE("a stem becomes two branches, and a part without a partner ends half way with caps") {
  const std::array<std::uint32_t, 3> dims{90, 40, 13};
  const Labels drawn = drawn_discs(
      dims, {{0, 40, 20, 12, 1}, {12, 30, 20, 7, 1}, {12, 51, 20, 7, 1}, {0, 80, 20, 6, 1}});
  const Lattice lattice{.dims = dims, .spacing_mm = {1, 1, 1}};
  Labels open = drawn;
  REQUIRE(fill_between_slices(open, lattice, {.segments = {}, .image = {}}));
  const auto at = [&](const Labels& labels, std::size_t x, std::size_t z) {
    return labels[(z * 40 + 20) * 90 + x];
  };
  CHECK(at(open, 40, 2) == 1);
  CHECK(at(open, 30, 10) == 1);
  CHECK(at(open, 51, 10) == 1);
  CHECK(at(open, 40, 11) == 0);
  CHECK(at(open, 80, 1) == 0);
  Labels capped = drawn;
  REQUIRE(fill_between_slices(capped, lattice, with_caps()));
  CHECK(at(capped, 80, 3) == 1);
  CHECK(at(capped, 80, 6) == 0);
}

TEST_CASE("labels fill their own gaps and take nothing from each other") {
  const std::array<std::uint32_t, 3> dims{60, 40, 21};
  const Labels drawn = drawn_discs(dims, {{0, 22, 20, 9, 3},
                                          {20, 22, 20, 9, 3},
                                          {3, 34, 20, 9, 8},
                                          {15, 34, 20, 9, 8},
                                          {9, 22, 20, 3, 40}});
  Labels labels = drawn;
  const Lattice lattice{.dims = dims, .spacing_mm = {1, 1, 1}};
  REQUIRE(fill_between_slices(labels, lattice, {.segments = {3, 8}, .image = {}}));
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (drawn[v] != 0) REQUIRE(labels[v] == drawn[v]);
  }
  // Both lie equally deep half way between the centres; the drawn island of 40 stays.
  CHECK(labels[(std::size_t{9} * 40 + 20) * 60 + 27] == 3);
  CHECK(labels[(std::size_t{9} * 40 + 20) * 60 + 29] == 8);
  CHECK(count_on(labels, dims, 9, 40) == count_on(drawn, dims, 9, 40));
  CHECK(count_on(labels, dims, 10, 40) == 0);
  CHECK(count_on(labels, dims, 18, 8) == 0);
  CHECK(count_on(labels, dims, 18, 3) == count_on(drawn, dims, 0, 3));
}

TEST_CASE("the image pulls borders to where its values change") {
  const Lattice lattice{.dims = {128, 128, 75}, .spacing_mm = {1, 1, 1}};
  const Labels truth = test::tilting_phantom(lattice.dims);
  SeededRandom random(3);
  std::vector<float> image;
  for (const std::uint16_t label : truth) {
    image.push_back(static_cast<float>((label == 0 ? 40 : 120) + 25 * random.normal()));
  }
  const Labels drawn = test::every_slice(truth, lattice.dims, 12);
  Labels plain = drawn;
  Labels aware = drawn;
  SliceFillOptions options = with_caps();
  REQUIRE(fill_between_slices(plain, lattice, options));
  options.image = image;
  options.snap_mm = 3;
  REQUIRE(fill_between_slices(aware, lattice, options));
  for (std::uint16_t label = 1; label <= 3; ++label) {
    CAPTURE(label);
    CHECK(test::dice(aware, truth, label) > test::dice(plain, truth, label));
  }
  // A constant image says nothing.
  std::ranges::fill(image, 7.0F);
  Labels blind = drawn;
  REQUIRE(fill_between_slices(blind, lattice, options));
  CHECK(blind == plain);
}

TEST_CASE("one slice, neighbouring slices and nothing at all are left alone") {
  const std::array<std::uint32_t, 3> dims{40, 40, 9};
  const Lattice lattice{.dims = dims, .spacing_mm = {1, 1, 1}};
  for (const auto& discs :
       {std::vector<Disc>{}, {{4, 20, 20, 8, 2}}, {{4, 20, 20, 8, 2}, {5, 21, 20, 8, 2}}}) {
    Labels labels = drawn_discs(dims, discs);
    const Labels before = labels;
    CHECK(fill_between_slices(labels, lattice, {.segments = {}, .image = {}}).value().gaps == 0);
    CHECK(labels == before);
  }
}

TEST_CASE("noise of thousands of parts and shapes at the volume's corners come through") {
  const std::array<std::uint32_t, 3> dims{70, 60, 15};
  const Lattice lattice{.dims = dims, .spacing_mm = {0.5, 1.5, 4}};
  SeededRandom random(9);
  Labels labels(lattice.voxel_count());
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (v / (70 * 60) % 7 == 0 && random.uniform() < 0.2) {
      labels[v] = static_cast<std::uint16_t>(1 + random.below(3));
    }
  }
  const Labels before = labels;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    SliceFillOptions options = with_caps();
    options.axis = axis;
    REQUIRE(fill_between_slices(labels, lattice, options));
  }
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (before[v] != 0) REQUIRE(labels[v] == before[v]);
  }
}

TEST_CASE("impossible options are refused") {
  const Lattice lattice{.dims = {4, 4, 3}, .spacing_mm = {1, 1, 1}};
  Labels labels(48);
  const std::vector<float> image(47);
  const auto code = [&](const SliceFillOptions& options) {
    return fill_between_slices(labels, lattice, options).error().code;
  };
  CHECK(code({.segments = {}, .axis = 3, .image = {}}) == ErrorCode::InvalidInput);
  CHECK(code({.segments = {}, .image = image}) == ErrorCode::InvalidInput);
  for (const double snap : {-1.0, 101.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(code({.segments = {}, .image = {}, .snap_mm = snap}) == ErrorCode::InvalidInput);
  }
  labels.pop_back();
  CHECK(code({.segments = {}, .image = {}}) == ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace consilium
