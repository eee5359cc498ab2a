#include "analysis/mask_metrics/surfel_size.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>

namespace consilium::mask_metrics {
namespace {

TEST_CASE("inside and outside exchanged, the surface is the same; only two cells have none") {
  const auto areas = surfel_areas_mm2({0.7, 1.1, 2.3});
  const auto lengths = contour_lengths_mm({0.7, 1.1, 2.3});
  for (unsigned code = 0; code < 256; ++code) {
    CAPTURE(code);
    CHECK(areas[code] == areas[255 - code]);
    CHECK((areas[code] > 0) == (code != 0 && code != 255));
  }
  for (unsigned code = 0; code < 16; ++code) CHECK(lengths[code] == lengths[15 - code]);
}

TEST_CASE("a cell that is turned or mirrored keeps its area when the spacing turns with it") {
  const std::array<double, 3> spacing{0.7, 1.1, 2.3};
  const auto areas = surfel_areas_mm2(spacing);
  const std::array<int, 3> orders[] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const auto& order : orders) {
    std::array<double, 3> turned_spacing{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      turned_spacing[axis] = spacing[static_cast<std::size_t>(order[axis])];
    }
    const auto turned_areas = surfel_areas_mm2(turned_spacing);
    for (unsigned mirrored = 0; mirrored < 8; ++mirrored) {
      for (unsigned code = 0; code < 256; ++code) {
        unsigned turned = 0;
        for (unsigned corner = 0; corner < 8; ++corner) {
          unsigned place = 0;
          for (unsigned axis = 0; axis < 3; ++axis) {
            place |= (corner >> static_cast<unsigned>(order[axis]) & 1U) << axis;
          }
          turned |= (code >> corner & 1U) << (place ^ mirrored);
        }
        CHECK(turned_areas[turned] == doctest::Approx(areas[code]).epsilon(1e-14));
      }
    }
  }
}

TEST_CASE("the areas are those of surface-distance's table (0.1, spacing 2.1, 1.3, 0.7)") {
  // One code of each kind of cell; all 256 agreed to 5e-16 when compared by hand.
  const auto areas = surfel_areas_mm2({0.7, 1.3, 2.1});
  const struct {
    unsigned code;
    double area;
  } expected[] = {{1, 0.40392411106543274},  {3, 0.8644362324659928},  {6, 0.8078482221308655},
                  {7, 1.666772333196298},    {15, 0.9099999999999999}, {22, 1.2117723331962982},
                  {23, 2.4235446663925964},  {24, 0.8078482221308655}, {25, 1.95423053238994},
                  {27, 3.110267822612291},   {30, 2.070696444261731},  {60, 1.7288724649319855},
                  {61, 1.2683603435314255},  {105, 1.615696444261731}, {107, 1.2117723331962982},
                  {129, 0.8078482221308655}, {63, 0.8644362324659928}};
  for (const auto& each : expected) {
    CAPTURE(each.code);
    CHECK(areas[each.code] == doctest::Approx(each.area).epsilon(1e-14));
  }
}

}  // namespace
}  // namespace consilium::mask_metrics
