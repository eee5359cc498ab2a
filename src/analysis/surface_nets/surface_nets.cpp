#include "analysis/surface_nets/surface_nets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/distance/lattice.hpp"
#include "analysis/parallel/parallel.hpp"
#include "analysis/surface_nets/net.hpp"

namespace consilium {
namespace {

using surface_nets::Cell;
using surface_nets::face_count;
using surface_nets::Net;
using surface_nets::no_cell;

using Offset = std::array<float, 3>;  // of a vertex from the middle of its cell, in voxels
using Point = std::array<float, 3>;

Status check_options(const SurfaceOptions& options) {
  if (options.iterations > 1000 || !(options.relaxation >= 0 && options.relaxation <= 1) ||
      !(options.reach >= 0 && options.reach <= 1)) {
    return fail(ErrorCode::InvalidInput, "the smoothing of the surface is out of range",
                fmt::format("{} iterations, relaxation {}, reach {}", options.iterations,
                            options.relaxation, options.reach),
                "give up to 1000 iterations, and 0 to 1 for the others");
  }
  return {};
}

// Each step reads the last one's offsets and writes new ones, so that order does not count.
std::vector<Offset> relaxed(const Net& net, const SurfaceOptions& options, unsigned threads) {
  std::vector<Offset> offsets(net.cells.size());
  std::vector<Offset> next(net.cells.size());
  for (unsigned i = 0; i < options.iterations; ++i) {
    split_work(threads, net.cells.size(), [&](std::uint64_t begin, std::uint64_t end, auto) {
      for (std::uint64_t c = begin; c < end; ++c) {
        Offset sum{};
        float count = 0;
        for (std::size_t f = 0; f < face_count; ++f) {
          const std::uint32_t other = net.next[c][f];
          if (other == no_cell) continue;
          for (std::size_t a = 0; a < 3; ++a) sum[a] += offsets[other][a];
          sum[f / 2] += f % 2 == 0 ? -1.0F : 1.0F;
          count += 1;
        }
        for (std::size_t a = 0; a < 3; ++a) {
          const float mean = count > 0 ? sum[a] / count : offsets[c][a];
          const float moved = offsets[c][a] + options.relaxation * (mean - offsets[c][a]);
          next[c][a] = std::clamp(moved, -options.reach, options.reach);
        }
      }
    });
    std::swap(offsets, next);
  }
  return offsets;
}

std::vector<Point> vertices_of(const Net& net, const std::vector<Offset>& offsets,
                               const Affine& affine) {
  std::vector<Point> vertices;
  vertices.reserve(net.cells.size());
  const std::size_t rows = net.dims[1] + 1U;
  for (std::size_t row = 0; row + 1 < net.row_begin.size(); ++row) {
    for (std::uint32_t c = net.row_begin[row]; c < net.row_begin[row + 1]; ++c) {
      const PatientPoint at =
          affine.apply(net.cells[c].x - 0.5 + static_cast<double>(offsets[c][0]),
                       static_cast<double>(row % rows) - 0.5 + static_cast<double>(offsets[c][1]),
                       static_cast<double>(row / rows) - 0.5 + static_cast<double>(offsets[c][2]));
      vertices.push_back(
          {static_cast<float>(at.x_mm), static_cast<float>(at.y_mm), static_cast<float>(at.z_mm)});
    }
  }
  return vertices;
}

Point minus(const Point& a, const Point& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

float square(const Point& a) { return a[0] * a[0] + a[1] * a[1] + a[2] * a[2]; }

Point cross_of(const Point& a, const Point& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

class MeshMaker {
 public:
  MeshMaker(const Net& net, std::span<const std::uint16_t> labels, bool is_mirrored,
            SurfaceMesh& mesh)
      : net_(net), labels_(labels), is_mirrored_(is_mirrored), mesh_(mesh) {}

  void make() {
    const std::size_t rows = net_.dims[1] + 1U;
    for (std::size_t row = 0; row + 1 < net_.row_begin.size(); ++row) {
      for (std::uint32_t c = net_.row_begin[row]; c < net_.row_begin[row + 1]; ++c) {
        add_squares(c, row % rows, row / rows);
      }
    }
  }

 private:
  // The squares whose lowest cell this is: across the pairs of voxels at its high corner.
  void add_squares(std::uint32_t c, std::size_t y, std::size_t z) {
    const Cell& cell = net_.cells[c];
    const std::uint16_t high = label_at(cell.x, y, z);
    // An axis and the two after it turn like x, y, z.
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if ((cell.pairs >> axis & 1U) == 0) continue;
      const std::size_t first = (axis + 1) % 3;
      const std::size_t second = (axis + 2) % 3;
      const std::uint32_t beside = net_.next[c][2 * first + 1];
      const std::uint32_t above = net_.next[c][2 * second + 1];
      const std::uint32_t opposite = net_.next[beside][2 * second + 1];
      const std::uint16_t low = label_at(axis == 0 ? cell.x - std::size_t{1} : cell.x,
                                         axis == 1 ? y - 1 : y, axis == 2 ? z - 1 : z);
      add_square({c, beside, opposite, above}, {low, high});
    }
  }

  // Voxels beyond the volume (also -1, which wraps) are of label 0.
  [[nodiscard]] std::uint16_t label_at(std::size_t x, std::size_t y, std::size_t z) const {
    const auto& dims = net_.dims;
    if (x >= dims[0] || y >= dims[1] || z >= dims[2]) return 0;
    return labels_[(z * dims[1] + y) * dims[0] + x];
  }

  // Counter-clockwise as seen from the second label's side; cut along the shorter diagonal.
  void add_square(std::array<std::uint32_t, 4> corners, std::array<std::uint16_t, 2> labels) {
    if (is_mirrored_) std::swap(corners[1], corners[3]);
    const auto& at = mesh_.vertices;
    const bool along_first = square(minus(at[corners[0]], at[corners[2]])) <=
                             square(minus(at[corners[1]], at[corners[3]]));
    const auto& [a, b, c, d] = corners;
    if (along_first) {
      mesh_.triangles.push_back({a, b, c});
      mesh_.triangles.push_back({a, c, d});
    } else {
      mesh_.triangles.push_back({a, b, d});
      mesh_.triangles.push_back({b, c, d});
    }
    mesh_.labels.push_back(labels);
    mesh_.labels.push_back(labels);
  }

  const Net& net_;
  std::span<const std::uint16_t> labels_;
  bool is_mirrored_;
  SurfaceMesh& mesh_;
};

}  // namespace

Result<SurfaceMesh> surfaces_of(std::span<const std::uint16_t> labels,
                                const std::array<std::uint32_t, 3>& dims, const Affine& affine,
                                const SurfaceOptions& options, unsigned threads) {
  CSL_TRY(check_lattice({.dims = dims}, labels.size()));
  CSL_TRY(check_options(options));
  if (!affine.inverse()) {
    return fail(ErrorCode::InvalidInput, "the grid's axes lie in one plane");
  }
  const Net net = surface_nets::net_of(labels, dims, threads);
  if (net.cells.size() > 0x7FFFFFFFU) {
    return fail(ErrorCode::TooLarge, "the surface has too many vertices",
                fmt::format("{}", net.cells.size()));
  }
  SurfaceMesh mesh;
  mesh.vertices = vertices_of(net, relaxed(net, options, threads), affine);
  const bool is_mirrored = dot(cross(affine.axis_mm(0), affine.axis_mm(1)), affine.axis_mm(2)) < 0;
  MeshMaker(net, labels, is_mirrored, mesh).make();
  return mesh;
}

LabelMesh mesh_of(const SurfaceMesh& mesh, std::uint16_t label) {
  LabelMesh result;
  std::vector<std::uint32_t> number(mesh.vertices.size(), no_cell);
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    const auto [inner, outer] = mesh.labels[t];
    if (inner != label && outer != label) continue;
    std::array<std::uint32_t, 3> corners = mesh.triangles[t];
    if (outer == label) std::swap(corners[1], corners[2]);
    for (std::uint32_t& corner : corners) {
      if (number[corner] == no_cell) {
        number[corner] = static_cast<std::uint32_t>(result.vertices.size());
        result.vertices.push_back(mesh.vertices[corner]);
      }
      corner = number[corner];
    }
    result.triangles.push_back(corners);
  }
  // The cross product is twice the triangle's area long: larger triangles weigh more.
  result.normals.resize(result.vertices.size());
  for (const auto& [a, b, c] : result.triangles) {
    const Point normal = cross_of(minus(result.vertices[b], result.vertices[a]),
                                  minus(result.vertices[c], result.vertices[a]));
    for (const std::uint32_t corner : {a, b, c}) {
      for (std::size_t i = 0; i < 3; ++i) result.normals[corner][i] += normal[i];
    }
  }
  for (Point& normal : result.normals) {
    const float length = std::sqrt(square(normal));
    for (float& value : normal) value = length > 0 ? value / length : 0;
    if (length == 0) normal = {0, 0, 1};
  }
  return result;
}

}  // namespace consilium
