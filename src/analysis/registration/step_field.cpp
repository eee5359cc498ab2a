#include "analysis/registration/step_field.hpp"

#include <algorithm>

#include "analysis/parallel/parallel.hpp"
#include "analysis/registration/filter.hpp"
#include "analysis/registration/trilinear.hpp"

namespace consilium::registration {
StepField::StepField(const VoxelDims& size) : dims(size) {
  for (auto& each : steps) each.resize(static_cast<std::size_t>(size[0]) * size[1] * size[2]);
}

void smooth(StepField& field, const std::array<double, 3>& sigma, std::vector<float>& scratch,
            unsigned threads) {
  for (auto& values : field.steps) blur(values, field.dims, sigma, scratch, threads);
}

void compose(StepField& field, const StepField& step, unsigned threads) {
  const VoxelDims& dims = field.dims;
  const Trilinear grid({}, dims);
  StepField result(dims);
  split_work(threads, dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    for (std::size_t k = begin; k < end; ++k) {
      std::size_t v = k * dims[1] * dims[0];
      for (std::size_t j = 0; j < dims[1]; ++j) {
        for (std::size_t i = 0; i < dims[0]; ++i, ++v) {
          const Trilinear::Cell cell = grid.cell({static_cast<float>(i) + step.steps[0][v],
                                                  static_cast<float>(j) + step.steps[1][v],
                                                  static_cast<float>(k) + step.steps[2][v]});
          for (std::size_t a = 0; a < 3; ++a) {
            result.steps[a][v] = step.steps[a][v] + grid.value(cell, field.steps[a].data());
          }
        }
      }
    }
  });
  field = std::move(result);
}

std::pair<double, double> jacobian_range(const StepField& field, unsigned threads) {
  const VoxelDims& dims = field.dims;
  const std::array<std::size_t, 3> stride = {1, dims[0], std::size_t{dims[0]} * dims[1]};
  std::vector<std::pair<float, float>> slices(dims[2], {1e9F, -1e9F});
  split_work(threads, dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    for (std::size_t k = begin; k < end; ++k) {
      std::size_t v = k * stride[2];
      for (std::size_t j = 0; j < dims[1]; ++j) {
        for (std::size_t i = 0; i < dims[0]; ++i, ++v) {
          const std::array<std::size_t, 3> at = {i, j, k};
          std::array<std::array<float, 3>, 3> d{};
          for (std::size_t b = 0; b < 3; ++b) {
            const std::size_t down = at[b] > 0 ? stride[b] : 0;
            const std::size_t up = at[b] + 1 < dims[b] ? stride[b] : 0;
            const float share = down != 0 && up != 0 ? 0.5F : 1.0F;
            for (std::size_t a = 0; a < 3; ++a) {
              d[a][b] = (field.steps[a][v + up] - field.steps[a][v - down]) * share;
            }
            d[b][b] += 1;
          }
          const float det = d[0][0] * (d[1][1] * d[2][2] - d[1][2] * d[2][1]) -
                            d[0][1] * (d[1][0] * d[2][2] - d[1][2] * d[2][0]) +
                            d[0][2] * (d[1][0] * d[2][1] - d[1][1] * d[2][0]);
          slices[k].first = std::min(slices[k].first, det);
          slices[k].second = std::max(slices[k].second, det);
        }
      }
    }
  });
  std::pair<double, double> range = slices.front();
  for (const auto& [least, most] : slices) {
    range.first = std::min<double>(range.first, least);
    range.second = std::max<double>(range.second, most);
  }
  return range;
}

StepField resampled(const StepField& field, const VoxelDims& dims,
                    const std::array<double, 3>& offset, const std::array<double, 3>& scale,
                    unsigned threads) {
  StepField result(dims);
  const Trilinear grid({}, field.dims);
  split_work(threads, dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    for (std::size_t k = begin; k < end; ++k) {
      std::size_t v = k * dims[1] * dims[0];
      for (std::size_t j = 0; j < dims[1]; ++j) {
        for (std::size_t i = 0; i < dims[0]; ++i, ++v) {
          const auto place = [&](std::size_t a, std::size_t n) {
            return static_cast<float>(offset[a] + scale[a] * static_cast<double>(n));
          };
          const Trilinear::Cell cell = grid.cell({place(0, i), place(1, j), place(2, k)});
          for (std::size_t a = 0; a < 3; ++a) {
            result.steps[a][v] =
                grid.value(cell, field.steps[a].data()) / static_cast<float>(scale[a]);
          }
        }
      }
    }
  });
  return result;
}

}  // namespace consilium::registration
