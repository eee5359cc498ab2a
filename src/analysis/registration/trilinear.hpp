// A grid's values between its nodes; the outermost half node is as its nearest.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include "analysis/bit_volume/bit_volume.hpp"

namespace consilium::registration {

class Trilinear {
 public:
  struct Sample {
    float value = 0;
    std::array<float, 3> gradient{};  // by node
  };
  struct Cell {
    std::size_t first = 0;  // of the eight nodes
    std::array<float, 3> part{};
  };

  Trilinear(std::span<const float> values, const VoxelDims& dims) : values_(values.data()) {
    std::size_t stride = 1;
    for (std::size_t a = 0; a < 3; ++a) {
      last_[a] = static_cast<float>(dims[a]) - 0.5F;
      base_max_[a] = dims[a] > 1 ? static_cast<int>(dims[a]) - 2 : 0;
      stride_[a] = stride;
      next_[a] = dims[a] > 1 ? stride : 0;
      stride *= dims[a];
    }
  }

  [[nodiscard]] bool holds(const std::array<float, 3>& at) const {
    bool inside = true;
    for (std::size_t a = 0; a < 3; ++a) inside = inside && at[a] >= -0.5F && at[a] <= last_[a];
    return inside;
  }

  // The numbers [first, second) of the steps from `first` on, `count` at most, that lie inside.
  [[nodiscard]] std::pair<std::size_t, std::size_t> inside(const std::array<double, 3>& first,
                                                           const std::array<double, 3>& step,
                                                           std::size_t count) const {
    double begin = 0;
    double end = static_cast<double>(count) - 1;
    for (std::size_t a = 0; a < 3; ++a) {
      const double low = -0.5 - first[a];
      const double high = static_cast<double>(last_[a]) - first[a];
      if (std::abs(step[a]) < 1e-12) {
        if (low > 0 || high < 0) return {0, 0};
        continue;
      }
      begin = std::max(begin, (step[a] > 0 ? low : high) / step[a]);
      end = std::min(end, (step[a] > 0 ? high : low) / step[a]);
    }
    begin = std::ceil(begin);
    end = std::floor(end);
    if (!(begin <= end)) return {0, 0};
    return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end) + 1};
  }

  // Where `at` lies; beyond the ends, at the nearest place.
  [[nodiscard]] Cell cell(const std::array<float, 3>& at) const {
    Cell cell;
    for (std::size_t a = 0; a < 3; ++a) {
      const float within = std::clamp(at[a], 0.0F, last_[a] - 0.5F);
      const int base = std::min(static_cast<int>(within), base_max_[a]);
      cell.part[a] = within - static_cast<float>(base);
      cell.first += static_cast<std::size_t>(base) * stride_[a];
    }
    return cell;
  }

  [[nodiscard]] static float between(float a, float b, float part) { return a + part * (b - a); }

  // Of another array with the same dims too.
  [[nodiscard]] float value(const Cell& cell, const float* values) const {
    const float* v = values + cell.first;
    const auto [dx, dy, dz] = next_;
    const float low = between(between(v[0], v[dx], cell.part[0]),
                              between(v[dy], v[dy + dx], cell.part[0]), cell.part[1]);
    const float high = between(between(v[dz], v[dz + dx], cell.part[0]),
                               between(v[dz + dy], v[dz + dy + dx], cell.part[0]), cell.part[1]);
    return between(low, high, cell.part[2]);
  }
  [[nodiscard]] float value(const std::array<float, 3>& at) const {
    return value(cell(at), values_);
  }

  [[nodiscard]] Sample with_gradient(const std::array<float, 3>& at) const {
    const Cell c = cell(at);
    const float* v = values_ + c.first;
    const auto [dx, dy, dz] = next_;
    const float v00 = between(v[0], v[dx], c.part[0]);
    const float v10 = between(v[dy], v[dy + dx], c.part[0]);
    const float v01 = between(v[dz], v[dz + dx], c.part[0]);
    const float v11 = between(v[dz + dy], v[dz + dy + dx], c.part[0]);
    const float low = between(v00, v10, c.part[1]);
    const float high = between(v01, v11, c.part[1]);
    const float along_x =
        between(between(v[dx] - v[0], v[dy + dx] - v[dy], c.part[1]),
                between(v[dz + dx] - v[dz], v[dz + dy + dx] - v[dz + dy], c.part[1]), c.part[2]);
    return {.value = between(low, high, c.part[2]),
            .gradient = {along_x, between(v10 - v00, v11 - v01, c.part[2]), high - low}};
  }

 private:
  const float* values_;
  std::array<float, 3> last_{};
  std::array<int, 3> base_max_{};
  std::array<std::size_t, 3> stride_{};
  std::array<std::size_t, 3> next_{};  // 0 along an axis of one node
};

}  // namespace consilium::registration
