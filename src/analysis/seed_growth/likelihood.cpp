#include "analysis/seed_growth/likelihood.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::size_t look_count_max = 256;
// Fewer steps than this tell less than which label comes next.
constexpr std::size_t steps_min = 8;

}  // namespace

SeedLikelihood::SeedLikelihood(const ThinnedGrid& grid, std::span<const std::uint8_t> labels)
    : grid_(grid), labels_(labels.begin(), labels.end()) {
  const std::size_t count = labels_.size();
  CSL_CHECK(count >= 2 && count <= 16);
  const auto dims = grid_.dims();
  looks_.resize(std::size_t{dims[0]} * dims[1] * dims[2]);
  sums_.resize(look_count_max * count);
  counts_.resize(look_count_max);
  const std::size_t pairs = count * (count - 1);
  tells_next_ = look_count_max / pairs >= steps_min;
  steps_ = static_cast<std::uint32_t>(look_count_max / (tells_next_ ? pairs : count));
  // Even in the root of what is left to the others, which is what the engine weighs.
  const double unlikeliest = std::sqrt(1 - 1.0 / static_cast<double>(count));
  for (std::size_t p = 0; p < step_of_.size(); ++p) {
    const double unlikely = std::sqrt(1 - static_cast<double>(p) / 255);
    const double step = std::floor(unlikely / unlikeliest * steps_);
    step_of_[p] = static_cast<std::uint8_t>(std::min(step, steps_ - 1.0));
  }
}

std::uint8_t SeedLikelihood::look_of(std::span<const std::uint8_t> probabilities) const {
  std::size_t best = 0;
  std::size_t next = 1;
  if (probabilities[1] > probabilities[0]) std::swap(best, next);
  for (std::size_t k = 2; k < probabilities.size(); ++k) {
    if (probabilities[k] > probabilities[best]) {
      next = best;
      best = k;
    } else if (probabilities[k] > probabilities[next]) {
      next = k;
    }
  }
  std::size_t kind = best;
  if (tells_next_) kind = best * (probabilities.size() - 1) + (next > best ? next - 1 : next);
  return static_cast<std::uint8_t>(kind * steps_ + step_of_[probabilities[best]]);
}

void SeedLikelihood::put(std::uint32_t first_plane, std::span<const std::uint8_t> probabilities) {
  const auto dims = grid_.dims();
  const std::size_t plane = std::size_t{dims[0]} * dims[1];
  const std::size_t labels = labels_.size();
  CSL_CHECK(probabilities.size() % (labels * plane) == 0);
  const std::size_t count = probabilities.size() / labels;
  CSL_CHECK(plane * first_plane + count <= looks_.size());
  std::uint8_t* looks = looks_.data() + plane * first_plane;
  std::array<std::uint8_t, 16> of_voxel{};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < labels; ++k) of_voxel[k] = probabilities[k * count + i];
    looks[i] = look_of(std::span(of_voxel).first(labels));
    ++counts_[looks[i]];
    for (std::size_t k = 0; k < labels; ++k) sums_[looks[i] * labels + k] += of_voxel[k];
  }
}

double SeedLikelihood::probability(std::size_t label, std::uint8_t look) const {
  const std::uint64_t count = counts_[look];
  if (count == 0) return 1.0 / static_cast<double>(labels_.size());
  return static_cast<double>(sums_[std::size_t{look} * labels_.size() + label]) /
         (255.0 * static_cast<double>(count));
}

}  // namespace consilium
