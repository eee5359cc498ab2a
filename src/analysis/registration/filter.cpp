#include "analysis/registration/filter.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "analysis/parallel/parallel.hpp"

namespace consilium::registration {
namespace {

// to[x] = sum over w of weights[w] * from[x + w - reach] along one axis.
void filter_axis(const std::vector<float>& from, std::vector<float>& to, const VoxelDims& dims,
                 std::size_t axis, std::span<const float> weights, unsigned threads) {
  const std::size_t reach = weights.size() / 2;
  const std::size_t nx = dims[0];
  const std::size_t stride = axis == 1 ? nx : nx * dims[1];
  split_work(threads, dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    std::vector<float> padded(nx + 2 * reach);
    for (std::size_t k = begin; k < end; ++k) {
      for (std::size_t j = 0; j < dims[1]; ++j) {
        const std::size_t row = (k * dims[1] + j) * nx;
        float* out = to.data() + row;
        const std::size_t at = axis == 1 ? j : k;
        if (axis == 0) {
          std::copy_n(from.data() + row, nx, padded.data() + reach);
          std::fill_n(padded.data(), reach, from[row]);
          std::fill_n(padded.data() + reach + nx, reach, from[row + nx - 1]);
        }
        for (std::size_t w = 0; w < weights.size(); ++w) {
          const float weight = weights[w];
          const float* in = padded.data() + w;
          if (axis != 0) {
            const std::size_t place =
                std::clamp<std::size_t>(at + w, reach, reach + dims[axis] - 1) - reach;
            in = from.data() + row + place * stride - at * stride;
          }
          if (w == 0) {
            for (std::size_t i = 0; i < nx; ++i) out[i] = weight * in[i];
          } else {
            for (std::size_t i = 0; i < nx; ++i) out[i] += weight * in[i];
          }
        }
      }
    }
  });
}

std::vector<float> gaussian(double sigma) {
  const int reach = std::max(1, static_cast<int>(std::ceil(2.5 * sigma)));
  std::vector<float> weights;
  double sum = 0;
  for (int i = -reach; i <= reach; ++i) sum += std::exp(-i * i / (2 * sigma * sigma));
  for (int i = -reach; i <= reach; ++i) {
    weights.push_back(static_cast<float>(std::exp(-i * i / (2 * sigma * sigma)) / sum));
  }
  return weights;
}

}  // namespace

void blur(std::vector<float>& values, const VoxelDims& dims, const std::array<double, 3>& sigma,
          std::vector<float>& scratch, unsigned threads) {
  scratch.resize(values.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (sigma[axis] <= 0 || dims[axis] == 1) continue;
    filter_axis(values, scratch, dims, axis, gaussian(sigma[axis]), threads);
    std::swap(values, scratch);
  }
}

void box_sums(std::vector<float>& values, const VoxelDims& dims, std::vector<float>& scratch,
              unsigned threads) {
  constexpr std::array<float, 5> ones = {1, 1, 1, 1, 1};
  scratch.resize(values.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    filter_axis(values, scratch, dims, axis, ones, threads);
    std::swap(values, scratch);
  }
}

}  // namespace consilium::registration
