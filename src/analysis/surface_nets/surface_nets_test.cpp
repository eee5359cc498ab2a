#include "analysis/surface_nets/surface_nets.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "base/random.hpp"

namespace consilium {
namespace {

using Dims = std::array<std::uint32_t, 3>;
using Labels = std::vector<std::uint16_t>;

const Affine oblique = affine_from_axes({.x_mm = -20, .y_mm = 7, .z_mm = 100}, {0.48, 0.36, 0},
                                        {-0.54, 0.72, 0}, {0, 0, 2});
const Affine mirrored = affine_from_axes({}, {0.6, 0, 0}, {0, 0.9, 0}, {0, 0, -2});

// A ball of label 1 whose upper half is label 2, in an anisotropic grid, in mm from the centre.
Labels split_ball(const Dims& dims, const std::array<double, 3>& spacing_mm, double radius_mm) {
  Labels labels(static_cast<std::size_t>(dims[0]) * dims[1] * dims[2]);
  std::size_t v = 0;
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x, ++v) {
        const double dx = (x - (dims[0] - 1) / 2.0) * spacing_mm[0];
        const double dy = (y - (dims[1] - 1) / 2.0) * spacing_mm[1];
        const double dz = (z - (dims[2] - 1) / 2.0) * spacing_mm[2];
        if (dx * dx + dy * dy + dz * dz < radius_mm * radius_mm) labels[v] = dz > 0 ? 2 : 1;
      }
    }
  }
  return labels;
}

// By the divergence theorem; positive when all triangles turn outward.
double volume_of(const LabelMesh& mesh) {
  double volume = 0;
  for (const auto& [a, b, c] : mesh.triangles) {
    const auto vector = [&](std::uint32_t i) {
      return Vector3{static_cast<double>(mesh.vertices[i][0]),
                     static_cast<double>(mesh.vertices[i][1]),
                     static_cast<double>(mesh.vertices[i][2])};
    };
    volume += dot(vector(a), cross(vector(b), vector(c))) / 6;
  }
  return volume;
}

// Every directed edge has as many partners the other way: nothing is open.
bool is_closed(const LabelMesh& mesh) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> edges;
  for (const auto& triangle : mesh.triangles) {
    for (std::size_t i = 0; i < 3; ++i) {
      const std::uint32_t a = triangle[i];
      const std::uint32_t b = triangle[(i + 1) % 3];
      edges[{std::min(a, b), std::max(a, b)}] += a < b ? 1 : -1;
    }
  }
  for (const auto& [edge, count] : edges) {
    if (count != 0) return false;
  }
  return true;
}

TEST_CASE("a ball's surface is closed, turned outward, and holds the ball's volume") {
  const Dims dims{60, 44, 26};
  const Labels labels = split_ball(dims, {0.6, 0.9, 2}, 15);
  for (const Affine& affine : {oblique, mirrored}) {
    const SurfaceMesh all = surfaces_of(labels, dims, affine, {}).value();
    const LabelMesh lower = mesh_of(all, 1);
    const LabelMesh upper = mesh_of(all, 2);
    CHECK(is_closed(lower));
    CHECK(is_closed(upper));
    const double half_ml = 2.0 / 3 * std::numbers::pi * 15 * 15 * 15;
    // Smoothing rounds the rim where three labels meet by about a slice of 2 mm.
    CHECK(volume_of(lower) == doctest::Approx(half_ml).epsilon(0.06));
    CHECK(volume_of(upper) == doctest::Approx(half_ml).epsilon(0.06));
    CHECK(mesh_of(all, 3).triangles.empty());
  }
}

TEST_CASE("vertices lie in patient millimetres near the border, and normals point outward") {
  const Dims dims{60, 44, 26};
  Labels labels = split_ball(dims, {0.6, 0.9, 2}, 15);
  for (std::uint16_t& label : labels) label = label != 0 ? 7 : 0;
  const LabelMesh mesh = mesh_of(surfaces_of(labels, dims, oblique, {}).value(), 7);
  const PatientPoint centre = oblique.apply(29.5, 21.5, 12.5);
  double worst_mm = 0;
  double least_cosine = 1;
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    const auto& [x, y, z] = mesh.vertices[i];
    const Vector3 out = {static_cast<double>(x) - centre.x_mm, static_cast<double>(y) - centre.y_mm,
                         static_cast<double>(z) - centre.z_mm};
    worst_mm = std::max(worst_mm, std::abs(length(out) - 15));
    const auto& normal = mesh.normals[i];
    const Vector3 n = {static_cast<double>(normal[0]), static_cast<double>(normal[1]),
                       static_cast<double>(normal[2])};
    CHECK(length(n) == doctest::Approx(1).epsilon(1e-4));
    least_cosine = std::min(least_cosine, dot(out, n) / length(out));
  }
  CHECK(worst_mm < 1.1);  // half a slice
  CHECK(least_cosine > 0.75);
}

TEST_CASE("one voxel gives a cube of 8 vertices and 12 triangles") {
  const Labels labels = {5};
  const SurfaceMesh all = surfaces_of(labels, {1, 1, 1}, {}, {.iterations = 0}).value();
  const LabelMesh mesh = mesh_of(all, 5);
  CHECK(mesh.vertices.size() == 8);
  CHECK(mesh.triangles.size() == 12);
  CHECK(volume_of(mesh) == doctest::Approx(1));
  CHECK(is_closed(mesh));
}

TEST_CASE("noise of three labels gives closed surfaces whose unsmoothed volume counts the voxels") {
  const Dims dims{23, 17, 11};
  SeededRandom random(4);
  Labels labels(23UL * 17 * 11);
  std::array<double, 4> voxels{};
  for (std::uint16_t& label : labels) {
    label = static_cast<std::uint16_t>(random.below(4));
    voxels[label] += 1;
  }
  const SurfaceMesh raw = surfaces_of(labels, dims, {}, {.iterations = 0}).value();
  const SurfaceMesh smooth = surfaces_of(labels, dims, {}, {}).value();
  for (std::uint16_t label = 1; label <= 3; ++label) {
    CHECK(is_closed(mesh_of(raw, label)));
    CHECK(is_closed(mesh_of(smooth, label)));
    CHECK(volume_of(mesh_of(raw, label)) == doctest::Approx(voxels[label]).epsilon(1e-4));
  }
  const SurfaceMesh together = surfaces_of(labels, dims, {}, {}, 3).value();
  CHECK(together.vertices == smooth.vertices);
  CHECK(together.triangles == smooth.triangles);
}

TEST_CASE("impossible input is refused, nothing drawn gives nothing") {
  const Labels none(24);
  CHECK(surfaces_of(none, {2, 3, 4}, {}, {}).value().triangles.empty());
  CHECK(surfaces_of(none, {2, 3, 5}, {}, {}).error().code == ErrorCode::InvalidInput);
  CHECK(surfaces_of(none, {2, 3, 4}, {}, {.reach = 2}).error().code == ErrorCode::InvalidInput);
  CHECK(surfaces_of(none, {2, 3, 4}, {}, {.iterations = 5000}).error().code ==
        ErrorCode::InvalidInput);
  const Affine flat = affine_from_axes({}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0});
  CHECK(surfaces_of(none, {2, 3, 4}, flat, {}).error().code == ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace consilium
