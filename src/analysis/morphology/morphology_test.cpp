#include "analysis/morphology/morphology.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "analysis/bit_volume/made_blobs.hpp"
#include "analysis/morphology/ball.hpp"

namespace consilium {
namespace {

// Voxels that scipy 1.17 leaves set, by distance_transform_edt with sampling and, for the median,
// by a box mean above one half in mode "nearest".
struct Counts {
  double mm;
  std::uint64_t grown, shrunk, inside, centre, opened, closed, median;
};
struct Case {
  test::Blobs blobs;
  std::array<double, 3> spacing_mm;
  std::vector<Counts> counts;
};

const Case cases[] = {
    {.blobs = {{90, 70, 40}, {9, 8, 5}, 70},
     .spacing_mm = {0.7, 0.7, 2.1},
     .counts = {{0.7, 93565, 52760, 19960, 0, 71125, 73430, 72720},
                {2.1, 147325, 16146, 56574, 42170, 54579, 80130, 71835},
                {5, 225826, 399, 72321, 136481, 11541, 117797, 63406},
                {9, 250385, 0, 72720, 216309, 0, 218551, 44282}}},
    {.blobs = {{131, 67, 33}, {15, 11, 6}, 60},
     .spacing_mm = {1, 0.5, 1.5},
     .counts = {{1, 91986, 44535, 22698, 19344, 64236, 68220, 67233},
                {3.3, 175016, 6383, 60850, 87980, 30759, 80842, 62812},
                {7, 258458, 0, 67233, 177892, 0, 143480, 51477}}},
    {.blobs = {{64, 50, 30}, {7, 9, 8}, 90},
     .spacing_mm = {1, 1, 1},
     .counts = {{1, 44058, 19292, 12000, 0, 29098, 32341, 31292},
                {2, 55798, 10725, 20567, 24766, 26309, 34019, 30557},
                {3, 67280, 4574, 26718, 26198, 24000, 35320, 30557}}},
    {.blobs = {{200, 150, 1}, {13, 12, 1}, 80},
     .spacing_mm = {0.5, 0.6, 3},
     .counts = {{0.6, 12017, 8065, 1955, 0, 9919, 10079, 10020},
                {2, 16827, 4011, 6009, 5688, 9515, 10315, 9978},
                {6, 25807, 23, 9997, 18962, 1127, 18244, 9474}}},
};

TEST_CASE("margins, shells, opening, closing and the median are those of scipy") {
  for (const Case& one : cases) {
    const BitVolume bits = test::made_blob_bits(one.blobs);
    const Lattice lattice{.dims = one.blobs.dims, .spacing_mm = one.spacing_mm};
    for (const Counts& counts : one.counts) {
      CAPTURE(one.blobs.dims[0]);
      CAPTURE(counts.mm);
      CHECK(count_of(grown(bits, lattice, counts.mm).value()) == counts.grown);
      CHECK(count_of(shrunk(bits, lattice, counts.mm).value()) == counts.shrunk);
      CHECK(count_of(hollow(bits, lattice, counts.mm, ShellSide::Inside).value()) == counts.inside);
      CHECK(count_of(hollow(bits, lattice, counts.mm, ShellSide::Outside).value()) ==
            counts.grown - count_of(bits));
      CHECK(count_of(hollow(bits, lattice, counts.mm, ShellSide::Centre).value()) == counts.centre);
      CHECK(count_of(opened(bits, lattice, counts.mm).value()) == counts.opened);
      CHECK(count_of(closed(bits, lattice, counts.mm).value()) == counts.closed);
      CHECK(count_of(median_smoothed(bits, lattice, counts.mm).value()) == counts.median);
    }
  }
}

TEST_CASE("a ball by rows is the ball by distances, at every radius") {
  for (const Case& one : cases) {
    BitVolume bits =
        test::made_blob_bits({.dims = one.blobs.dims, .block = {2, 2, 1}, .threshold = 2});
    bits.set(0, 3, 0);  // at the volume's ends, where widened rows are cut off
    bits.set(one.blobs.dims[0] - 1, 9, 0);
    const Lattice lattice{.dims = one.blobs.dims, .spacing_mm = one.spacing_mm};
    for (const double mm : {0.0, 0.5, 1.0, 1.49, 2.1, 4.2, 7.7, 13.0, 40.0, 90.0}) {
      CAPTURE(mm);
      CHECK(morphology::dilated_by_rows(bits, lattice, mm, 1) ==
            morphology::dilated_by_distance(bits, lattice, mm, 1));
    }
  }
}

TEST_CASE("threads change no voxel, and a mask far from the volume's ends is moved with it") {
  const test::Blobs blobs{{40, 30, 20}, {5, 4, 3}, 100};
  const BitVolume small = test::made_blob_bits(blobs);
  BitVolume bits({150, 90, 60});
  const VoxelRange box{.first = {61, 33, 21}, .end = {101, 63, 41}};
  paste(bits, small, box);
  BitVolume moved({150, 90, 60});
  const VoxelRange there{.first = {31, 29, 19}, .end = {71, 59, 39}};
  paste(moved, small, there);
  const Lattice lattice{.dims = bits.dims(), .spacing_mm = {0.8, 0.9, 1.7}};
  using Operation = Result<BitVolume> (*)(const BitVolume&, const Lattice&, double, unsigned);
  for (const Operation operation : {Operation{grown}, Operation{shrunk}, Operation{opened},
                                    Operation{closed}, Operation{median_smoothed}}) {
    const BitVolume alone = operation(bits, lattice, 3.4, 1).value();
    CHECK(operation(bits, lattice, 3.4, 3).value() == alone);
    const BitVolume elsewhere = operation(moved, lattice, 3.4, 1).value();
    const VoxelRange around = grown_box(box, {10, 10, 10}, bits.dims());
    const VoxelRange around_there = grown_box(there, {10, 10, 10}, bits.dims());
    CHECK(cropped(alone, around) == cropped(elsewhere, around_there));
  }
}

TEST_CASE("a segment that the image cuts off is not eaten away at the cut") {
  BitVolume bits({20, 10, 10});
  for (std::uint32_t z = 0; z < 10; ++z) {
    for (std::uint32_t y = 0; y < 10; ++y) set_run(bits.row(y, z), 0, 12);
  }
  const Lattice lattice{.dims = bits.dims(), .spacing_mm = {1, 1, 1}};
  const BitVolume less = shrunk(bits, lattice, 2).value();
  CHECK(count_of(less) == 10 * 100);
  CHECK(opened(bits, lattice, 4).value() == bits);
  CHECK(closed(bits, lattice, 4).value() == bits);
}

TEST_CASE("the median's box is the odd number of voxels that comes nearest") {
  CHECK(median_edge(0, 1) == 1);
  CHECK(median_edge(1.9, 1) == 1);
  CHECK(median_edge(3, 1) == 3);
  CHECK(median_edge(3.9, 1) == 3);
  CHECK(median_edge(4.1, 1) == 5);
  CHECK(median_edge(5, 2.5) == 3);
}

TEST_CASE("absurd lengths and other dimensions are refused; nothing set stays nothing") {
  const BitVolume none({20, 10, 5});
  const Lattice lattice{.dims = {20, 10, 5}, .spacing_mm = {1, 1, 1}};
  CHECK(grown(none, lattice, 5).value() == none);
  CHECK(closed(none, lattice, 5).value() == none);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double mm : {-1.0, nan, 1e9, std::numeric_limits<double>::infinity()}) {
    CHECK(grown(none, lattice, mm).error().code == ErrorCode::InvalidInput);
    CHECK(shrunk(none, lattice, mm).error().code == ErrorCode::InvalidInput);
    CHECK(median_smoothed(none, lattice, mm).error().code == ErrorCode::InvalidInput);
  }
  CHECK(median_smoothed(none, lattice, 100).error().code == ErrorCode::TooLarge);
  const Lattice other{.dims = {20, 10, 6}, .spacing_mm = {1, 1, 1}};
  CHECK(grown(none, other, 1).error().code == ErrorCode::InvalidInput);
  CHECK(hollow(none, other, 1, ShellSide::Centre).error().code == ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace consilium
