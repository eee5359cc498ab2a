#include "analysis/morphology/joint_smoothing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

constexpr std::size_t tile_edge = 64;
constexpr double voxels_max = 32;

using Extent = std::array<std::size_t, 3>;

// The weights at 0, 1, 2 ... steps; all 2 r + 1 of them make 1.
std::vector<float> gaussian(double sigma) {
  const auto reach = static_cast<std::size_t>(std::ceil(3 * sigma));
  std::vector<double> weights(reach + 1);
  double sum = 0;
  for (std::size_t i = 0; i <= reach; ++i) {
    weights[i] = std::exp(-0.5 * std::pow(static_cast<double>(i) / sigma, 2));
    sum += weights[i] * (i == 0 ? 1 : 2);
  }
  std::vector<float> result;
  for (const double weight : weights) result.push_back(static_cast<float>(weight / sum));
  return result;
}

// to[i] = the sum over k of weights[|k|] middle[i + k stride]. A block of voxels stays in registers
// while all its neighbours are added.
[[gnu::target_clones("avx2", "default")]] void add_neighbours(
    float* __restrict to, const float* __restrict middle, std::ptrdiff_t stride,
    const float* __restrict weights, std::ptrdiff_t reach, std::size_t count) {
  constexpr std::size_t block = 32;
  std::size_t i = 0;
  for (; i + block <= count; i += block) {
    float sum[block];
    for (std::size_t j = 0; j < block; ++j) sum[j] = weights[0] * middle[i + j];
    for (std::ptrdiff_t k = 1; k <= reach; ++k) {
      const float* after = middle + i + k * stride;
      const float* before = middle + i - k * stride;
      const float weight = weights[k];
      for (std::size_t j = 0; j < block; ++j) sum[j] += weight * (after[j] + before[j]);
    }
    for (std::size_t j = 0; j < block; ++j) to[i + j] = sum[j];
  }
  for (; i < count; ++i) {
    float sum = weights[0] * middle[i];
    for (std::ptrdiff_t k = 1; k <= reach; ++k) {
      const float* at = middle + i;
      sum += weights[k] * (at[k * stride] + at[-k * stride]);
    }
    to[i] = sum;
  }
}

// Notes the label's share where it is the largest so far, and where it is the voxel's own label.
[[gnu::target_clones("avx2", "default")]] void take_share(
    const float* __restrict share, const std::uint16_t* __restrict labels, std::uint16_t label,
    float* __restrict best, float* __restrict own, std::int32_t* __restrict winner,
    std::size_t count) {
  const std::int32_t number = label;
  for (std::size_t i = 0; i < count; ++i) {
    const bool better = share[i] > best[i];
    own[i] = labels[i] == label ? share[i] : own[i];
    winner[i] = better ? number : winner[i];
    best[i] = better ? share[i] : best[i];
  }
}

// A tile with its surroundings, the volume's last voxels repeated past its ends.
struct Tile {
  Extent first{};
  Extent edge{};
  Extent wide{};  // with the reach to both sides
  std::vector<std::uint16_t> labels;
};

struct Change {
  std::size_t voxel = 0;
  std::uint16_t label = 0;
};

class TileSmoother {
 public:
  TileSmoother(std::span<const std::uint16_t> labels, const Lattice& lattice,
               std::span<const std::uint16_t> chosen,
               const std::array<std::vector<float>, 3>& weights)
      : labels_(labels),
        dims_{lattice.dims[0], lattice.dims[1], lattice.dims[2]},
        chosen_(chosen),
        weights_(weights) {}

  std::vector<Change> smooth(const Extent& first) {
    load(first);
    std::vector<std::uint16_t> present = present_labels();
    if (present.size() < 2) return {};
    const std::size_t all = present.size();
    std::erase_if(present, [&](std::uint16_t label) { return !may_change(label); });
    const std::size_t count = tile_.edge[0] * tile_.edge[1] * tile_.edge[2];
    best_.assign(count, -1.0F);
    winner_.assign(count, 0);
    own_.assign(count, 0.0F);
    if (present.size() == 2 && all == 2) {
      blur(present[0]);
      take(present[0]);
      for (float& share : share_) share = 1 - share;
      take(present[1]);
    } else {
      for (const std::uint16_t label : present) {
        blur(label);
        take(label);
      }
    }
    return changes();
  }

 private:
  [[nodiscard]] bool may_change(std::uint16_t label) const {
    return label == 0 || chosen_.empty() || std::ranges::find(chosen_, label) != chosen_.end();
  }

  void load(const Extent& first) {
    tile_.first = first;
    Extent reach{};
    for (std::size_t a = 0; a < 3; ++a) {
      tile_.edge[a] = std::min(tile_edge, dims_[a] - first[a]);
      reach[a] = weights_[a].size() - 1;
      tile_.wide[a] = tile_.edge[a] + 2 * reach[a];
    }
    const auto clamped = [&](std::size_t axis, std::size_t i) {
      const std::size_t at = first[axis] + i;
      return std::min(at < reach[axis] ? 0 : at - reach[axis], dims_[axis] - 1);
    };
    tile_.labels.resize(tile_.wide[0] * tile_.wide[1] * tile_.wide[2]);
    // What lies within the volume is copied, the rest repeats its first and last.
    const std::size_t before = reach[0] - std::min(reach[0], first[0]);
    const std::size_t count = std::min(tile_.wide[0] - before, dims_[0] - clamped(0, before));
    std::uint16_t* to = tile_.labels.data();
    for (std::size_t z = 0; z < tile_.wide[2]; ++z) {
      for (std::size_t y = 0; y < tile_.wide[1]; ++y, to += tile_.wide[0]) {
        const std::uint16_t* row =
            labels_.data() + (clamped(2, z) * dims_[1] + clamped(1, y)) * dims_[0];
        const std::uint16_t* inside = row + clamped(0, before);
        std::fill_n(to, before, row[0]);
        std::copy_n(inside, count, to + before);
        std::fill(to + before + count, to + tile_.wide[0], row[dims_[0] - 1]);
      }
    }
    own_labels_.clear();
    for (std::size_t z = 0; z < tile_.edge[2]; ++z) {
      for (std::size_t y = 0; y < tile_.edge[1]; ++y) {
        const std::uint16_t* row = tile_.labels.data() +
                                   ((z + reach[2]) * tile_.wide[1] + y + reach[1]) * tile_.wide[0] +
                                   reach[0];
        own_labels_.insert(own_labels_.end(), row, row + tile_.edge[0]);
      }
    }
  }

  std::vector<std::uint16_t> present_labels() const {
    std::vector<std::uint16_t> present;
    std::uint16_t last = 0;
    for (const std::uint16_t label : tile_.labels) {
      if (label == last && !present.empty()) continue;
      last = label;
      const auto at = std::ranges::lower_bound(present, label);
      if (at == present.end() || *at != label) present.insert(at, label);
    }
    return present;
  }

  // The label's share of the neighbourhood of each voxel of the tile, into share_.
  void blur(std::uint16_t label) {
    const auto [wx, wy, wz] = tile_.wide;
    const auto [ex, ey, ez] = tile_.edge;
    along_x_.resize(ex * wy * wz);
    row_.resize(wx);
    for (std::size_t r = 0; r < wy * wz; ++r) {
      const std::uint16_t* from = tile_.labels.data() + r * wx;
      for (std::size_t x = 0; x < wx; ++x) row_[x] = from[x] == label ? 1.0F : 0.0F;
      spread(row_.data(), 1, weights_[0], along_x_.data() + r * ex, ex);
    }
    along_y_.resize(ex * ey * wz);
    for (std::size_t z = 0; z < wz; ++z) {
      // The rows of a slice lie side by side, so all of them move as one.
      spread(along_x_.data() + z * wy * ex, ex, weights_[1], along_y_.data() + z * ey * ex,
             ex * ey);
    }
    share_.resize(ex * ey * ez);
    spread(along_y_.data(), ex * ey, weights_[2], share_.data(), ex * ey * ez);
  }

  // The neighbours of to[i] are from[i], from[i + stride] ... from[i + 2 reach stride].
  static void spread(const float* from, std::size_t stride, const std::vector<float>& weights,
                     float* to, std::size_t count) {
    const std::size_t reach = weights.size() - 1;
    add_neighbours(to, from + reach * stride, static_cast<std::ptrdiff_t>(stride), weights.data(),
                   static_cast<std::ptrdiff_t>(reach), count);
  }

  // The labels come in rising order, so that of equal shares the smaller label has won.
  void take(std::uint16_t label) {
    take_share(share_.data(), own_labels_.data(), label, best_.data(), own_.data(), winner_.data(),
               share_.size());
  }

  std::vector<Change> changes() const {
    std::vector<Change> changes;
    std::size_t i = 0;
    for (std::size_t z = 0; z < tile_.edge[2]; ++z) {
      for (std::size_t y = 0; y < tile_.edge[1]; ++y) {
        const std::size_t row =
            ((tile_.first[2] + z) * dims_[1] + tile_.first[1] + y) * dims_[0] + tile_.first[0];
        for (std::size_t x = 0; x < tile_.edge[0]; ++x, ++i) {
          if (own_[i] >= best_[i] || !may_change(own_labels_[i])) continue;
          changes.push_back({.voxel = row + x, .label = static_cast<std::uint16_t>(winner_[i])});
        }
      }
    }
    return changes;
  }

  std::span<const std::uint16_t> labels_;
  Extent dims_;
  std::span<const std::uint16_t> chosen_;
  const std::array<std::vector<float>, 3>& weights_;
  Tile tile_;
  std::vector<float> row_, along_x_, along_y_, share_, best_, own_;
  std::vector<std::int32_t> winner_;
  std::vector<std::uint16_t> own_labels_;
};

}  // namespace

Status smooth_jointly(std::span<std::uint16_t> labels, const Lattice& lattice,
                      std::span<const std::uint16_t> chosen, double sigma_mm, unsigned threads) {
  CSL_TRY(check_lattice(lattice, labels.size()));
  std::array<std::vector<float>, 3> weights;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double sigma = sigma_mm / lattice.spacing_mm[axis];
    if (!(sigma > 0 && sigma <= voxels_max)) {
      return fail(ErrorCode::InvalidInput, "the length to smooth over is out of range",
                  fmt::format("{} mm are {} voxels along axis {}", sigma_mm, sigma, axis),
                  "give a length above 0 and up to 32 voxels");
    }
    weights[axis] = lattice.dims[axis] == 1 ? std::vector<float>{1.0F} : gaussian(sigma);
  }
  Extent tiles{};
  for (std::size_t a = 0; a < 3; ++a) tiles[a] = (lattice.dims[a] + tile_edge - 1) / tile_edge;
  std::vector<std::vector<Change>> changes(tiles[0] * tiles[1] * tiles[2]);
  for_each_part(changes.size(), threads, [&] {
    return [&, smoother = TileSmoother(labels, lattice, chosen, weights)](std::size_t t) mutable {
      const Extent first{t % tiles[0] * tile_edge, t / tiles[0] % tiles[1] * tile_edge,
                         t / tiles[0] / tiles[1] * tile_edge};
      changes[t] = smoother.smooth(first);
    };
  });
  for (const auto& of_tile : changes) {
    for (const Change& change : of_tile) labels[change.voxel] = change.label;
  }
  return {};
}

}  // namespace consilium
