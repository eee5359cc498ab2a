#include "analysis/synthetic/mr_phantom.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace consilium;
using namespace consilium::synthetic;

TEST_CASE("the series is oblique, its axes at right angles, its spacings as asked") {
  const MrPhantom phantom(MrPhantomOptions{.seed = 2});
  const Affine& affine = phantom.grid().affine;
  CHECK(length(affine.axis_mm(0)) == doctest::Approx(0.95));
  CHECK(length(affine.axis_mm(2)) == doctest::Approx(4.2));
  for (int a = 0; a < 3; ++a) {
    CHECK(std::abs(dot(affine.axis_mm(a), affine.axis_mm((a + 1) % 3))) < 1e-9);
    for (const double part : affine.axis_mm(a)) CHECK(std::abs(part) < length(affine.axis_mm(a)));
  }
}

TEST_CASE("fluid is dark in T1 and bright in T2, and a slice is the same each time") {
  MrPhantomOptions options{.seed = 2, .noise = 3};
  const auto fluid_signal = [&] {
    const MrPhantom phantom(options);
    const PatientPoint ventricle = phantom.grid().affine.inverse().value().apply(-11, -10, 14.5);
    const auto slice = static_cast<std::uint32_t>(std::lround(ventricle.z_mm));
    std::vector<std::int16_t> image(256 * 256);
    std::vector<std::int16_t> again(256 * 256);
    phantom.render_slice(slice, image);
    phantom.render_slice(slice, again);
    CHECK(image == again);
    return image[static_cast<std::size_t>(std::lround(ventricle.y_mm) * 256 +
                                          std::lround(ventricle.x_mm))];
  };
  CHECK(fluid_signal() < 300);
  options.weighting = MrWeighting::T2;
  CHECK(fluid_signal() > 700);
}
