#include "format/dicom/series.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>
#include <random>

using namespace consilium;

namespace {

// A series of axial slices that a test changes before it is cut into volumes.
struct Series {
  std::deque<ImageDescription> images;  // keeps addresses
  std::vector<SeriesInstance> instances;

  void add(PatientPoint position, std::int64_t number,
           std::array<double, 6> orientation = {1, 0, 0, 0, 1, 0}) {
    ImageDescription image;
    image.ready = {.rows = 4, .columns = 6, .samples_per_pixel = 1};
    image.frame_of_reference_uid = "1.2";
    FrameFacts facts;
    facts.position = position;
    facts.orientation = orientation;
    facts.spacing_mm = std::array<double, 2>{0.5, 0.25};
    facts.slice_thickness_mm = 3;
    image.frames.push_back(facts);
    images.push_back(image);
    instances.push_back({.image = &images.back(),
                         .sop_instance_uid = "1.2." + std::to_string(number),
                         .instance_number = number});
  }
};

bool has_note(const Volume& volume, std::string_view words) {
  return std::ranges::any_of(volume.notes,
                             [&](const std::string& note) { return note.contains(words); });
}

}  // namespace

TEST_CASE("slices in any order make one volume, sorted along the normal") {
  Series series;
  for (const int k : {3, 0, 4, 1, 2}) {
    series.add({.x_mm = -10, .y_mm = 20, .z_mm = 100 + 2.5 * k}, 5 - k);
  }
  const auto volumes = make_volumes(series.instances);
  REQUIRE(volumes.size() == 1);
  const Volume& volume = volumes[0];
  CHECK(volume.grid.dims == std::array<std::uint32_t, 3>{6, 4, 5});
  CHECK(volume.slices[0].instance_index == 1);
  CHECK(volume.grid.affine.apply(1, 1, 1) ==
        PatientPoint{.x_mm = -9.75, .y_mm = 20.5, .z_mm = 102.5});
  CHECK(volume.notes.empty());
}

TEST_CASE("the order of the files changes nothing") {
  Series series;
  for (int k = 0; k < 9; ++k) series.add({.x_mm = 0, .y_mm = 0, .z_mm = 3.0 * k}, k);
  const auto first = make_volumes(series.instances);
  std::mt19937 random(3);
  for (int i = 0; i < 5; ++i) {
    std::ranges::shuffle(series.instances, random);
    const auto again = make_volumes(series.instances);
    REQUIRE(again.size() == first.size());
    CHECK(again[0].grid == first[0].grid);
  }
}

TEST_CASE("a missing slice cuts the series and is said") {
  Series series;
  for (const int k : {0, 1, 2, 4, 5}) series.add({.x_mm = 0, .y_mm = 0, .z_mm = 5.0 * k}, k);
  const auto volumes = make_volumes(series.instances);
  REQUIRE(volumes.size() == 2);
  CHECK(volumes[0].slices.size() == 3);
  CHECK(volumes[1].slices.size() == 2);
  CHECK(has_note(volumes[0], "step between slices changes"));
}

TEST_CASE("frames at the same places go into passes by their number") {
  Series series;
  for (int pass = 0; pass < 2; ++pass) {
    for (int k = 0; k < 3; ++k) series.add({.x_mm = 0, .y_mm = 0, .z_mm = 5.0 * k}, pass * 3 + k);
  }
  const auto volumes = make_volumes(series.instances);
  REQUIRE(volumes.size() == 2);
  CHECK(volumes[0].slices[2].instance_index == 2);
  CHECK(volumes[1].slices[2].instance_index == 5);
  CHECK(has_note(volumes[1], "pass 2 of 2"));
}

TEST_CASE("a tilted gantry gives a sheared affine") {
  Series series;
  const double tilt = 20 * std::numbers::pi / 180;
  for (int k = 0; k < 4; ++k) {
    // The table moves along z while the slices lean.
    series.add({.x_mm = 0, .y_mm = 0, .z_mm = 5.0 * k}, k,
               {1, 0, 0, 0, std::cos(tilt), -std::sin(tilt)});
  }
  const auto volumes = make_volumes(series.instances);
  REQUIRE(volumes.size() == 1);
  CHECK(volumes[0].grid.affine.axis_mm(2)[2] == doctest::Approx(5));
  CHECK(volumes[0].grid.affine.axis_mm(2)[1] == doctest::Approx(0));
  CHECK(has_note(volumes[0], "sheared by 20.0 degrees"));
}

TEST_CASE("other orientations and sizes make other volumes; one slice is a volume") {
  Series series;
  series.add({.x_mm = 0, .y_mm = 0, .z_mm = 0}, 1);
  series.add({.x_mm = 0, .y_mm = 0, .z_mm = 5}, 2);
  series.add({.x_mm = 0, .y_mm = 0, .z_mm = 0}, 3, {0, 1, 0, 0, 0, -1});
  const auto volumes = make_volumes(series.instances);
  REQUIRE(volumes.size() == 2);
  const auto single =
      std::ranges::find(volumes, 1U, [](const Volume& v) { return v.slices.size(); });
  REQUIRE(single != volumes.end());
  CHECK(single->grid.affine.axis_mm(2) == Vector3{-3, 0, 0});  // its thickness along the normal
}

TEST_CASE("an image without a place is a grid of its own, named by its instance") {
  Series series;
  series.add({}, 7);
  series.images[0].frames[0].position.reset();
  series.images[0].frame_count = 3;
  const auto volumes = make_volumes(series.instances);
  REQUIRE(volumes.size() == 1);
  CHECK_FALSE(volumes[0].has_patient_geometry);
  CHECK(volumes[0].grid.dims == std::array<std::uint32_t, 3>{6, 4, 3});
  CHECK(volumes[0].grid.frame_of_reference_uid == "1.2.7");
}
