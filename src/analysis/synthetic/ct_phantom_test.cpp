#include "analysis/synthetic/ct_phantom.hpp"

#include <doctest/doctest.h>

using namespace consilium;
using namespace consilium::synthetic;

namespace {

CtPhantomOptions small_options() {
  CtPhantomOptions options;
  options.seed = 7;
  options.columns = 192;
  options.rows = 160;
  options.slices = 60;
  options.slice_spacing_mm = 5;
  options.nodules = place_nodules(7, 5);
  return options;
}

double mean_around(const std::vector<std::int16_t>& hu, const Grid& grid, std::uint32_t slice,
                   double x_mm, double y_mm, int reach) {
  const Affine inverse = grid.affine.inverse().value();
  const PatientPoint at = inverse.apply(x_mm, y_mm, grid.affine.apply(0, 0, slice).z_mm);
  double sum = 0;
  int count = 0;
  for (int dj = -reach; dj <= reach; ++dj) {
    for (int di = -reach; di <= reach; ++di) {
      const long i = std::lround(at.x_mm) + di;
      const long j = std::lround(at.y_mm) + dj;
      sum += hu[static_cast<std::size_t>(j * grid.dims[0] + i)];
      ++count;
    }
  }
  return sum / count;
}

}  // namespace

TEST_CASE("the same seed gives the same slice, another seed another") {
  const CtPhantom first(small_options());
  const CtPhantom again(small_options());
  CtPhantomOptions changed = small_options();
  changed.seed = 8;
  const CtPhantom other(changed);
  std::vector<std::int16_t> a(192 * 160);
  std::vector<std::int16_t> b(192 * 160);
  std::vector<std::int16_t> c(192 * 160);
  first.render_slice(30, a);
  again.render_slice(30, b);
  other.render_slice(30, c);
  CHECK(a == b);
  CHECK(a != c);
}

TEST_CASE("tissues have the values that a radiologist expects") {
  CtPhantomOptions options = small_options();
  options.columns = 256;
  options.rows = 256;
  options.nodules.clear();
  const CtPhantom phantom(options);
  std::vector<std::int16_t> hu(256 * 256);
  const std::uint32_t slice = 20;  // z = -47.5 mm: the ventricles
  phantom.render_slice(slice, hu);
  CHECK(mean_around(hu, phantom.grid(), slice, 24, -34, 3) == doctest::Approx(42).epsilon(0.5));
  const double lung = mean_around(hu, phantom.grid(), slice, -100, 0, 3);
  CHECK(lung < -700);
  CHECK(lung > -930);
  const double vertebra = mean_around(hu, phantom.grid(), slice, 0, 58, 1);
  CHECK(vertebra > 60);
  CHECK(hu.front() == ct_padding_hu);
}

TEST_CASE("the truth of a nodule has its volume and lies where the nodule is") {
  CtPhantomOptions options = small_options();
  options.columns = 512;
  options.rows = 512;
  options.slices = 300;
  options.slice_spacing_mm = 1;
  const CtPhantom phantom(options);
  const MaskLayer truth = phantom.truth();
  const std::vector<std::uint16_t> dense = to_dense(truth);
  std::vector<double> volume(options.nodules.size() + 1);
  const double pixel = options.field_of_view_mm / options.columns;
  for (const std::uint16_t label : dense) {
    volume.at(label) += pixel * pixel * options.slice_spacing_mm;
  }
  for (std::size_t n = 0; n < options.nodules.size(); ++n) {
    const double radius = options.nodules[n].radius_mm;
    const double sphere = 4.0 / 3.0 * 3.14159265 * radius * radius * radius;
    CAPTURE(n);
    CHECK(volume[n + 1] > 0.7 * sphere);
    CHECK(volume[n + 1] < 1.5 * sphere);
  }
}

TEST_CASE("nodules lie inside the lungs and apart from each other") {
  const std::vector<Nodule> nodules = place_nodules(3, 8);
  REQUIRE(nodules.size() == 8);
  for (const Nodule& nodule : nodules) {
    CHECK(lung_distance(nodule.centre) < -nodule.radius_mm);
  }
}
