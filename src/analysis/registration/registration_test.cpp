#include "analysis/registration/registration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "analysis/registration/affine_math.hpp"
#include "analysis/registration/made_body.hpp"

namespace consilium {
namespace {

using registration::chained;
using registration::rigid_affine;
using registration::rotation_by;

constexpr double radians = std::numbers::pi / 180;

double distance_mm(const PatientPoint& a, const PatientPoint& b) {
  return std::hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm, a.z_mm - b.z_mm);
}

PatientPoint moved(const Affine& affine, const PatientPoint& point) {
  return affine.apply(point.x_mm, point.y_mm, point.z_mm);
}

// Over the organs' centres and ends.
template <class Map, class Truth>
double target_error_mm(const Map& map, const Truth& truth, bool is_mean = false) {
  double most = 0;
  double sum = 0;
  int count = 0;
  for (const test::Ellipsoid& organ : test::made_organs()) {
    for (int end = -3; end <= 3; ++end) {
      std::array<double, 3> at = organ.centre_mm;
      if (end != 0) {
        const auto axis = static_cast<std::size_t>(std::abs(end) - 1);
        at[axis] += (end > 0 ? 1 : -1) * organ.radius_mm[axis];
      }
      const PatientPoint point{at[0], at[1], at[2]};
      const double error = distance_mm(map(point), truth(point));
      most = std::max(most, error);
      sum += error;
      ++count;
    }
  }
  return is_mean ? sum / count : most;
}

constexpr VoxelDims fixed_dims = {80, 72, 60};
const Affine fixed_affine = test::made_affine(fixed_dims, {2, 2, 3}, 0, 0);

test::MadeVolume made_fixed() {
  return test::made_volume(
      fixed_dims, fixed_affine, [](const PatientPoint& at) { return at; }, 15, 1);
}

struct RigidCase {
  const char* name;
  Vector3 turn_deg;  // about one axis, by its length
  Vector3 shift_mm;
  VoxelDims dims;
  std::array<double, 3> spacing_mm;
  double grid_turn_z, grid_turn_x;  // radians
};

const RigidCase rigid_cases[] = {
    {"nothing", {}, {}, {80, 72, 60}, {2, 2, 3}, 0, 0},
    {"a shift", {}, {7.3, -4.1, 11.9}, {80, 72, 60}, {2, 2, 3}, 0, 0},
    {"a turn", {5, -9, 8}, {}, {80, 72, 60}, {2, 2, 3}, 0, 0},
    {"thick slices", {0, 4, 6}, {-9, 3, 6}, {96, 90, 26}, {1.7, 1.7, 7}, 0, 0},
    {"an oblique grid", {-8, 2, 12}, {12, 8, -7}, {84, 80, 52}, {2.1, 1.9, 3.4}, 0.4, -0.3},
    {"far away", {0, 0, 10}, {400, -250, 900}, {80, 72, 60}, {2, 2, 3}, 0, 0},
};

// Places in moving = shift + turn (place in fixed); around the origin.
Affine truth_of(const RigidCase& c) {
  const Vector3 turn = {c.turn_deg[0] * radians, c.turn_deg[1] * radians, c.turn_deg[2] * radians};
  return rigid_affine(rotation_by(turn), {0, 0, 0}, c.shift_mm);
}

test::MadeVolume made_moving(const RigidCase& c, const std::function<double(double)>& look = {}) {
  Affine grid = test::made_affine(c.dims, c.spacing_mm, c.grid_turn_z, c.grid_turn_x);
  // The scanner's table stands near the body, wherever that is.
  for (std::size_t a = 0; a < 3; ++a) {
    if (std::abs(c.shift_mm[a]) > 100) grid.values[a * 4 + 3] += c.shift_mm[a] - 6;
  }
  const auto back = truth_of(c).inverse();
  REQUIRE(back);
  return test::made_volume(
      c.dims, grid, [&](const PatientPoint& at) { return moved(*back, at); }, 15, 2, look);
}

TEST_CASE("a rigid motion is found, in millimetres and on any grid") {
  const test::MadeVolume fixed = made_fixed();
  for (const RigidCase& c : rigid_cases) {
    CAPTURE(std::string(c.name));
    const test::MadeVolume moving = made_moving(c);
    const auto found = register_rigid(fixed.placed(), moving.placed(), {.threads = 2});
    REQUIRE(found);
    const Affine truth = truth_of(c);
    const double error =
        target_error_mm([&](const PatientPoint& p) { return moved(found->to_moving, p); },
                        [&](const PatientPoint& p) { return moved(truth, p); });
    CHECK(error < 0.35);
    CHECK(found->quality == RegistrationQuality::Good);
    CHECK(found->similarity > 0.97);
    CHECK(found->settled);
  }
}

TEST_CASE("angles and shift are told as they were") {
  const test::MadeVolume fixed = made_fixed();
  const RigidCase about_z{"", {0, 0, 8}, {5, 0, -4}, {80, 72, 60}, {2, 2, 3}, 0, 0};
  const auto found = register_rigid(fixed.placed(), made_moving(about_z).placed(), {});
  REQUIRE(found);
  CHECK(found->turn_deg[0] == doctest::Approx(0).epsilon(0.1));
  CHECK(std::abs(found->turn_deg[2] - 8) < 0.1);
  CHECK(std::abs(found->shift_mm[0] - 5) < 0.1);
  CHECK(std::abs(found->shift_mm[2] + 4) < 0.1);
  REQUIRE(found->similarity_before);
  CHECK(*found->similarity_before < found->similarity);
}

TEST_CASE("a motion is found between modalities by mutual information") {
  const test::MadeVolume fixed = made_fixed();
  // Bright becomes dark, and two tissues look alike.
  const auto look = [](double value) {
    return value < 60 ? 20 : 900 - 0.6 * value + 250 * std::sin(value / 90);
  };
  for (const RigidCase& c : rigid_cases) {
    CAPTURE(std::string(c.name));
    const test::MadeVolume moving = made_moving(c, look);
    const auto found = register_rigid(fixed.placed(), moving.placed(),
                                      {.similarity = Similarity::MutualInformation, .threads = 2});
    REQUIRE(found);
    const Affine truth = truth_of(c);
    const double error =
        target_error_mm([&](const PatientPoint& p) { return moved(found->to_moving, p); },
                        [&](const PatientPoint& p) { return moved(truth, p); });
    CHECK(error < 1);
    CHECK(found->quality == RegistrationQuality::Good);
  }
}

// A bend of some millimetres that folds nowhere; from places of fixed to places of the body.
PatientPoint bent(const PatientPoint& at) {
  const auto bump = [&](double cx, double cy, double cz, double width) {
    const double r = std::hypot(at.x_mm - cx, at.y_mm - cy, at.z_mm - cz) / width;
    return std::exp(-r * r);
  };
  return {at.x_mm + 6 * bump(-25, 0, 10, 30), at.y_mm - 5 * bump(20, 10, -15, 28),
          at.z_mm + 4 * std::sin(at.x_mm / 28) * bump(0, 0, 0, 60)};
}

TEST_CASE("a smooth bend is followed, folds nowhere, and carries labels") {
  const test::MadeVolume fixed = test::made_volume(fixed_dims, fixed_affine, bent, 15, 1);
  const RigidCase oblique = rigid_cases[4];
  const test::MadeVolume moving = made_moving(oblique);
  const Affine truth = truth_of(oblique);
  const auto rigid = register_rigid(fixed.placed(), moving.placed(), {.threads = 2});
  REQUIRE(rigid);
  const auto found =
      register_deformable(fixed.placed(), moving.placed(), rigid->to_moving, {.threads = 2});
  REQUIRE(found);
  const auto true_place = [&](const PatientPoint& p) { return moved(truth, bent(p)); };
  const auto by_rigid = [&](const PatientPoint& p) { return moved(rigid->to_moving, p); };
  const auto by_bend = [&](const PatientPoint& p) { return found->deformation.apply(p); };
  CHECK(target_error_mm(by_rigid, true_place, true) > 1.5);
  CHECK(target_error_mm(by_bend, true_place, true) < 1);
  CHECK(found->jacobian_min > 0);
  CHECK(found->jacobian_max < 4);
  CHECK(found->similarity > found->similarity_before);
  CHECK(found->displacement_mm_max > 3);
  CHECK(found->quality == RegistrationQuality::Good);

  const auto carried =
      propagate_labels(moving.placed_labels(), found->deformation, fixed.dims, fixed.affine, 2);
  REQUIRE(carried);
  std::vector<std::uint16_t> whole(fixed.labels.size());
  const VoxelDims size = carried->box.dims();
  for (std::size_t v = 0; v < carried->labels.size(); ++v) {
    const std::size_t x = carried->box.first[0] + v % size[0];
    const std::size_t y = carried->box.first[1] + v / size[0] % size[1];
    const std::size_t z = carried->box.first[2] + v / size[0] / size[1];
    whole[(z * fixed.dims[1] + y) * fixed.dims[0] + x] = carried->labels[v];
  }
  for (std::uint16_t label = 1; label <= 5; ++label) {
    CAPTURE(label);
    CHECK(test::dice(whole, fixed.labels, label) > 0.93);
  }
}

TEST_CASE("slices stacked askew, as of a tilted gantry, are registered in the patient too") {
  Affine askew = fixed_affine;
  for (std::size_t row = 0; row < 3; ++row) {
    askew.values[row * 4 + 2] += 0.25 * askew.values[row * 4 + 1];  // some 10 degrees
    askew.values[row * 4 + 3] -= 0.25 * askew.values[row * 4 + 1] * (fixed_dims[2] - 1) / 2;
  }
  const test::MadeVolume fixed = test::made_volume(fixed_dims, askew, bent, 15, 1);
  const RigidCase oblique = rigid_cases[4];
  const test::MadeVolume moving = made_moving(oblique);
  const Affine truth = truth_of(oblique);
  const auto rigid = register_rigid(fixed.placed(), moving.placed(), {.threads = 2});
  REQUIRE(rigid);
  const auto found =
      register_deformable(fixed.placed(), moving.placed(), rigid->to_moving, {.threads = 2});
  REQUIRE(found);
  const auto true_place = [&](const PatientPoint& p) { return moved(truth, bent(p)); };
  CHECK(target_error_mm([&](const PatientPoint& p) { return found->deformation.apply(p); },
                        true_place, true) < 1);
  CHECK(found->quality == RegistrationQuality::Good);
}

TEST_CASE("results do not depend on the number of threads") {
  const test::MadeVolume fixed = test::made_volume(fixed_dims, fixed_affine, bent, 15, 1);
  const test::MadeVolume moving = made_moving(rigid_cases[3]);
  for (const Similarity similarity : {Similarity::Correlation, Similarity::MutualInformation}) {
    const auto one = register_rigid(fixed.placed(), moving.placed(), {.similarity = similarity});
    REQUIRE(one);
    const auto bend = register_deformable(fixed.placed(), moving.placed(), one->to_moving,
                                          {.similarity = similarity, .working_voxels_max = 60'000});
    REQUIRE(bend);
    for (const unsigned threads : {2U, 8U}) {
      const auto again = register_rigid(fixed.placed(), moving.placed(),
                                        {.similarity = similarity, .threads = threads});
      REQUIRE(again);
      CHECK(again->to_moving == one->to_moving);
      CHECK(again->similarity == one->similarity);
      const auto bend_again = register_deformable(
          fixed.placed(), moving.placed(), one->to_moving,
          {.similarity = similarity, .working_voxels_max = 60'000, .threads = threads});
      REQUIRE(bend_again);
      CHECK(bend_again->deformation.steps == bend->deformation.steps);
      CHECK(bend_again->jacobian_min == bend->jacobian_min);
    }
  }
}

TEST_CASE("part of a volume is registered by itself") {
  const test::MadeVolume fixed = test::made_volume(fixed_dims, fixed_affine, bent, 15, 1);
  const test::MadeVolume moving = made_moving(rigid_cases[0]);
  DeformableOptions options{.focus = VoxelRange{{15, 15, 20}, {45, 55, 55}}, .threads = 2};
  const auto found = register_deformable(fixed.placed(), moving.placed(), {}, options);
  REQUIRE(found);
  CHECK(found->deformation.dims[0] <= 30);
  // At ends of the organ where the bend crosses its border.
  for (const PatientPoint& edge : {PatientPoint{-3, -10, 20}, PatientPoint{-25, -10, 50}}) {
    CHECK(distance_mm(found->deformation.apply(edge), bent(edge)) < 1.5);
  }
  options.focus = VoxelRange{{15, 15, 20}, {45, 55, 61}};
  CHECK(register_deformable(fixed.placed(), moving.placed(), {}, options).error().code ==
        ErrorCode::InvalidInput);
}

TEST_CASE("one slice is registered in its plane") {
  const VoxelDims dims = {120, 110, 1};
  const Affine grid = test::made_affine(dims, {1.3, 1.3, 5}, 0, 0);
  const auto still = [](const PatientPoint& at) { return PatientPoint{at.x_mm, at.y_mm, 15}; };
  const auto shifted = [](const PatientPoint& at) {
    return PatientPoint{at.x_mm - 6, at.y_mm + 4, 15};
  };
  const test::MadeVolume fixed = test::made_volume(dims, grid, still, 15, 1);
  const test::MadeVolume moving = test::made_volume(dims, grid, shifted, 15, 2);
  const auto found = register_rigid(fixed.placed(), moving.placed(), {});
  REQUIRE(found);
  CHECK(distance_mm(moved(found->to_moving, {10, 5, 0}), {16, 1, 0}) < 0.3);
  const auto bend = register_deformable(fixed.placed(), moving.placed(), found->to_moving, {});
  REQUIRE(bend);
  CHECK(bend->jacobian_min > 0.3);
}

TEST_CASE("what cannot be registered is refused") {
  const test::MadeVolume fixed = made_fixed();
  test::MadeVolume moving = made_moving(rigid_cases[5]);
  const auto code = [](const auto& result) { return result.error().code; };
  // A metre away, and the coordinates are to be trusted.
  const auto apart = register_rigid(fixed.placed(), moving.placed(), {.recentre = false});
  REQUIRE_FALSE(apart);
  CHECK(code(apart) == ErrorCode::InvalidInput);
  CHECK(apart.error().what == "the two volumes have no part of the patient in common");
  PlacedVolume odd = fixed.placed();
  odd.dims[0] = 81;
  CHECK(code(register_rigid(odd, moving.placed(), {})) == ErrorCode::InvalidInput);
  odd.dims[0] = 0;
  CHECK(code(register_deformable(odd, moving.placed(), {}, {})) == ErrorCode::InvalidInput);
  test::MadeVolume flat = made_fixed();
  flat.samples.assign(flat.samples.size(), 7);
  CHECK(code(register_rigid(fixed.placed(), flat.placed(), {})) == ErrorCode::InvalidInput);
  // Slices that lie in their own plane span no volume.
  for (std::size_t row = 0; row < 3; ++row) {
    moving.affine.values[row * 4 + 2] = moving.affine.values[row * 4 + 1];
  }
  CHECK(code(register_rigid(fixed.placed(), moving.placed(), {})) == ErrorCode::InvalidInput);
}

TEST_CASE("images that have nothing to do with each other are not called good") {
  const test::MadeVolume fixed = made_fixed();
  SeededRandom random(7);
  test::MadeVolume noise = made_fixed();
  for (auto& sample : noise.samples) sample = static_cast<std::int16_t>(random.below(1000));
  const auto found = register_rigid(fixed.placed(), noise.placed(), {});
  REQUIRE(found);
  CHECK(found->quality != RegistrationQuality::Good);
}

TEST_CASE("values that are not numbers count as the least") {
  const test::MadeVolume fixed = made_fixed();
  std::vector<float> values(fixed.samples.begin(), fixed.samples.end());
  for (std::size_t v = 0; v < values.size(); v += 1009) {
    values[v] = std::numeric_limits<float>::quiet_NaN();
  }
  const PlacedVolume holed{
      .samples = std::span<const float>(values), .dims = fixed.dims, .affine = fixed.affine};
  const auto found = register_rigid(holed, fixed.placed(), {});
  REQUIRE(found);
  CHECK(distance_mm(moved(found->to_moving, {30, 30, 30}), {30, 30, 30}) < 0.3);
}

TEST_CASE("labels keep their places under the identity and go along with whole voxels") {
  const test::MadeVolume made = made_fixed();
  const auto same = propagate_labels(made.placed_labels(), {}, made.dims, made.affine);
  REQUIRE(same);
  const VoxelDims size = same->box.dims();
  const auto label_at = [&](const std::vector<std::uint16_t>& labels, std::size_t x, std::size_t y,
                            std::size_t z) {
    return labels[(z * made.dims[1] + y) * made.dims[0] + x];
  };
  std::size_t wrong = 0;
  std::size_t labelled = 0;
  for (std::size_t v = 0; v < same->labels.size(); ++v) {
    const std::uint16_t expected = label_at(made.labels, same->box.first[0] + v % size[0],
                                            same->box.first[1] + v / size[0] % size[1],
                                            same->box.first[2] + v / size[0] / size[1]);
    wrong += same->labels[v] == expected ? 0 : 1;
    labelled += same->labels[v] != 0 ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(labelled == made.labels.size() - static_cast<std::size_t>(
                                             std::ranges::count(made.labels, std::uint16_t{0})));

  // Two columns: fixed voxel x has the label of moving voxel x + 2.
  Deformation shift;
  shift.to_moving.values[3] = 4;
  const auto gone = propagate_labels(made.placed_labels(), shift, made.dims, made.affine);
  REQUIRE(gone);
  const VoxelRange& box = gone->box;
  for (std::size_t x = box.first[0]; x < box.end[0]; ++x) {
    const std::size_t y = 30;
    const std::size_t z = 36;
    const std::size_t v =
        ((z - box.first[2]) * box.dims()[1] + y - box.first[1]) * box.dims()[0] + x - box.first[0];
    if (x + 2 < made.dims[0]) CHECK(gone->labels[v] == label_at(made.labels, x + 2, y, z));
  }
}

TEST_CASE("no labels reach nothing, and wrong lengths are refused") {
  const std::vector<std::uint16_t> none(1000);
  const PlacedLabels labels{.labels = none, .dims = {10, 10, 10}, .affine = {}};
  const auto nothing = propagate_labels(labels, {}, {10, 10, 10}, {});
  REQUIRE(nothing);
  CHECK(nothing->labels.empty());
  const PlacedLabels odd{.labels = none, .dims = {10, 10, 9}, .affine = {}};
  CHECK_FALSE(propagate_labels(odd, {}, {10, 10, 10}, {}));
  Deformation field;
  field.dims = {2, 2, 2};
  CHECK_FALSE(propagate_labels(labels, field, {10, 10, 10}, {}));
}

}  // namespace
}  // namespace consilium
