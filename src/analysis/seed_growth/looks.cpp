#include <algorithm>
#include <cmath>

#include "analysis/parallel/parallel.hpp"
#include "analysis/seed_growth/state.hpp"

namespace consilium::seed_growth {
namespace {

// Lays a likelihood's looks over one grid of the pyramid: where a voxel of the grid covers several,
// the look of their mean probabilities.
class LookLayer {
 public:
  LookLayer(const SeedLikelihood& likelihood, const std::array<std::uint32_t, 3>& factor)
      : likelihood_(likelihood),
        factor_(factor),
        dims_(likelihood.grid().dims()),
        labels_(likelihood.labels().size()) {
    for (std::size_t look = 0; look < 256; ++look) {
      for (std::size_t k = 0; k < labels_; ++k) {
        share_[look * 16 + k] = static_cast<std::uint32_t>(
            std::lround(255 * likelihood.probability(k, static_cast<std::uint8_t>(look))));
      }
    }
  }

  [[nodiscard]] std::uint8_t at(const std::array<std::uint32_t, 3>& voxel) const {
    std::array<std::uint32_t, 3> first{};
    std::array<std::uint32_t, 3> last{};
    const ThinnedGrid& grid = likelihood_.grid();
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::uint32_t end =
          std::min((voxel[axis] + 1) * factor_[axis], grid.volume_dims[axis]) - 1;
      first[axis] = voxel[axis] * factor_[axis] / grid.factor[axis];
      last[axis] = end / grid.factor[axis];
    }
    const std::span<const std::uint8_t> looks = likelihood_.looks();
    const auto place = [&](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
      return x + std::size_t{dims_[0]} * (y + std::size_t{dims_[1]} * z);
    };
    if (first == last) return looks[place(first[0], first[1], first[2])];
    std::array<std::uint32_t, 16> sum{};
    std::uint32_t count = 0;
    for (std::uint32_t z = first[2]; z <= last[2]; ++z) {
      for (std::uint32_t y = first[1]; y <= last[1]; ++y) {
        for (std::uint32_t x = first[0]; x <= last[0]; ++x, ++count) {
          const std::uint32_t* share = &share_[looks[place(x, y, z)] * std::size_t{16}];
          for (std::size_t k = 0; k < labels_; ++k) sum[k] += share[k];
        }
      }
    }
    std::array<std::uint8_t, 16> mean{};
    for (std::size_t k = 0; k < labels_; ++k) {
      mean[k] = static_cast<std::uint8_t>((sum[k] + count / 2) / count);
    }
    return likelihood_.look_of(std::span(mean).first(labels_));
  }

 private:
  const SeedLikelihood& likelihood_;
  std::array<std::uint32_t, 3> factor_;
  std::array<std::uint32_t, 3> dims_;
  std::size_t labels_;
  std::array<std::uint32_t, 256 * 16> share_{};
};

}  // namespace

void lay_looks(const SeedLikelihood& likelihood, BinnedGrid& on, unsigned threads) {
  const LookLayer layer(likelihood, on.factor);
  on.looks.emplace(on.grid.size());
  const auto& dims = on.grid.lattice().dims;
  split_work(threads, dims[2], [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
    for (auto z = static_cast<std::uint32_t>(first); z < last; ++z) {
      for (std::uint32_t y = 0; y < dims[1]; ++y) {
        std::uint8_t* row = on.looks->data() + on.grid.index(0, y, z);
        for (std::uint32_t x = 0; x < dims[0]; ++x) row[x] = layer.at({x, y, z});
      }
    }
  });
}

}  // namespace consilium::seed_growth
