#include "analysis/mask_metrics/surfel_size.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>

namespace consilium::mask_metrics {
namespace {
TEST_CASE("inside and outside exchanged, the surface is the same; only two cells have none") {
  const auto areas = surfel_areas_mm2({0.7, 1.1, 2.3});
  for (unsigned code = 0; code < 256; ++code) {
    CAPTURE(code);
    CHECK(areas[code] == areas[255 - code]);
    CHECK((areas[code] > 0) == (code != 0 && code != 255));
  }
}
}  // namespace
}  // namespace consilium::mask_metrics
