#include "domain/image/geometry.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "base/sha256.hpp"
#include "domain/image/phase.hpp"

using namespace consilium;

namespace {
Grid oblique_grid() {
  return {.dims = {512, 256, 3},
          .affine = affine_from_axes({.x_mm = -125.5, .y_mm = 10, .z_mm = 0.25}, {0.5, 0, 0},
                                     {0, 0.25, 0.125}, {0, -1, 2}),
          .frame_of_reference_uid = "1.2.3"};
}
}  // namespace

TEST_CASE("a grid's name is the SHA-256 of its canonical JSON") {
  const std::string json =
      "{\"affine\":[0.5,0,0,-125.5,0,0.25,-1,10,0,0.125,2,0.25],\"dims\":[512,256,3],"
      "\"frame_of_reference\":\"1.2.3\"}";
  CHECK(grid_id(oblique_grid()).value() == to_hex(sha256(bytes_of(json))));
}

TEST_CASE("a later phase on the same lattice has a name of its own, the first the grid's") {
  const std::string json =
      "{\"affine\":[0.5,0,0,-125.5,0,0.25,-1,10,0,0.125,2,0.25],\"dims\":[512,256,3],"
      "\"frame_of_reference\":\"1.2.3\",\"phase\":4}";
  CHECK(phase_grid_id(oblique_grid(), 4).value() == to_hex(sha256(bytes_of(json))));
  CHECK(phase_grid_id(oblique_grid(), 0).value() == grid_id(oblique_grid()).value());
}

TEST_CASE("a grid's name tells minus zero not from zero, and refuses what is not finite") {
  Grid grid = oblique_grid();
  grid.affine.values[1] = -0.0;
  CHECK(grid_id(grid).value() == grid_id(oblique_grid()).value());
  grid.affine.values[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(grid_id(grid).has_value());
}

TEST_CASE("an affine undone by its inverse gives the voxel back") {
  const Affine affine = oblique_grid().affine;
  const PatientPoint place = affine.apply(3, 5, 7);
  const PatientPoint back = affine.inverse().value().apply(place.x_mm, place.y_mm, place.z_mm);
  CHECK(back.x_mm == doctest::Approx(3));
  CHECK(back.y_mm == doctest::Approx(5));
  CHECK(back.z_mm == doctest::Approx(7));
}

TEST_CASE("axes in one plane have no inverse") {
  CHECK_FALSE(affine_from_axes({}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}).inverse().has_value());
}
