#include "analysis/bit_volume/bit_volume.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

namespace consilium {
namespace {

std::vector<std::uint8_t> random_mask(const VoxelDims& dims, double share, std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(dims[0]) * dims[1] * dims[2]);
  for (std::uint8_t& voxel : mask) voxel = random.uniform() < share ? 1 : 0;
  return mask;
}

TEST_CASE("a mask packed and unpacked is the mask, at every width") {
  for (std::uint32_t nx : {1U, 5U, 63U, 64U, 65U, 128U, 200U}) {
    for (const double share : {0.0, 0.02, 0.5, 0.98, 1.0}) {
      CAPTURE(nx);
      const VoxelDims dims{nx, 7, 3};
      const auto mask = random_mask(dims, share, nx);
      const BitVolume bits = bits_of_mask(mask, dims);
      CHECK(mask_of_bits(bits) == mask);
      std::uint64_t count = 0;
      for (const std::uint8_t voxel : mask) count += voxel;
      CHECK(count_of(bits) == count);
      CHECK(complement_of(complement_of(bits)) == bits);
      CHECK(count_of(complement_of(bits)) == mask.size() - count);
      CHECK(transposed(transposed(bits)) == bits);
      CHECK(transposed(bits).at(3, nx - 1, 2) == bits.at(nx - 1, 3, 2));
    }
  }
}

TEST_CASE("one label of many becomes bits") {
  const std::vector<std::uint16_t> labels = {0, 7, 300, 7, 0, 7};
  CHECK(mask_of_bits(bits_of_label(labels, {3, 2, 1}, 7)) ==
        std::vector<std::uint8_t>{0, 1, 0, 1, 0, 1});
}

TEST_CASE("a crop pasted back changes nothing, at every offset of a word") {
  const VoxelDims dims{150, 5, 4};
  const BitVolume bits = bits_of_mask(random_mask(dims, 0.4, 9), dims);
  for (std::uint32_t first = 0; first < 140; first += 3) {
    const VoxelRange box{.first = {first, 1, 1}, .end = {150 - first / 2, 4, 3}};
    if (box.end[0] <= first) continue;
    const BitVolume part = cropped(bits, box);
    CHECK(part.at(0, 1, 1) == bits.at(first, 2, 2));
    BitVolume same = bits;
    paste(same, part, box);
    CHECK(same == bits);
    BitVolume emptied = bits;
    paste(emptied, BitVolume(box.dims()), box);
    CHECK(count_of(emptied) + count_of(part) == count_of(bits));
  }
}

TEST_CASE("the box holds what is set and no more") {
  BitVolume bits({130, 40, 20});
  CHECK_FALSE(box_of(bits).has_value());
  bits.set(65, 3, 19);
  bits.set(129, 20, 7);
  CHECK(box_of(bits) == VoxelRange{.first = {65, 3, 7}, .end = {130, 21, 20}});
  CHECK(grown_box(*box_of(bits), {70, 1, 2}, bits.dims()) ==
        VoxelRange{.first = {0, 2, 5}, .end = {130, 22, 20}});
}

TEST_CASE("voxels join, leave and meet by words") {
  const VoxelDims dims{70, 3, 2};
  const auto a = random_mask(dims, 0.5, 1);
  const auto b = random_mask(dims, 0.5, 2);
  const BitVolume p = bits_of_mask(a, dims);
  const BitVolume q = bits_of_mask(b, dims);
  const auto both = mask_of_bits(intersection_of(p, q));
  const auto either = mask_of_bits(union_of(p, q));
  const auto rest = mask_of_bits(difference_of(p, q));
  for (std::size_t v = 0; v < a.size(); ++v) {
    CHECK(both[v] == (a[v] & b[v]));
    CHECK(either[v] == (a[v] | b[v]));
    CHECK(rest[v] == (a[v] & (1 - b[v])));
  }
}

}  // namespace
}  // namespace consilium
