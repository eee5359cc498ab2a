// A queue of voxels by whole-number cost, taken in ascending order: two tiers of buckets. Costs in
// the window that is being taken have a bucket each (Dial's queue); later ones wait in buckets a
// window wide. Nothing may be put in below the cost last taken.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace consilium::seed_growth {

class BucketQueue {
 public:
  [[gnu::always_inline]] void push(std::uint32_t cost, std::uint32_t voxel) {
    const std::uint32_t window = cost >> window_bits;
    if (window == window_) {
      near_[cost & window_mask].push_back(voxel);
    } else {
      if (window >= far_.size()) far_.resize(std::size_t{window} + 1);
      far_[window].emplace_back(cost, voxel);
    }
  }

  // Calls take(cost, voxel) for all, also for what is pushed meanwhile (at `cost` or above).
  template <class Take>
  void drain(const Take& take) {
    for (;;) {
      for (std::uint32_t slot = 0; slot <= window_mask; ++slot) {
        std::vector<std::uint32_t>& bucket = near_[slot];
        const std::uint32_t cost = (window_ << window_bits) | slot;
        for (std::size_t i = 0; i < bucket.size(); ++i) {
          take(cost, bucket[i]);
        }
        bucket.clear();
      }
      if (!next_window()) break;
    }
    clear();
  }

 private:
  static constexpr std::uint32_t window_bits = 11;
  static constexpr std::uint32_t window_mask = (1U << window_bits) - 1;

  bool next_window() {
    for (std::size_t w = std::size_t{window_} + 1; w < far_.size(); ++w) {
      if (far_[w].empty()) continue;
      window_ = static_cast<std::uint32_t>(w);
      for (const auto& [cost, voxel] : far_[w]) near_[cost & window_mask].push_back(voxel);
      far_[w] = {};
      return true;
    }
    return false;
  }
  void clear() {
    for (auto& bucket : near_) bucket.clear();
    far_.clear();
    window_ = 0;
  }

  std::uint32_t window_ = 0;
  std::vector<std::vector<std::uint32_t>> near_{window_mask + 1};
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> far_;
};

}  // namespace consilium::seed_growth
