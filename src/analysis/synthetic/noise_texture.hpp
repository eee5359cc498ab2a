// Reconstruction noise with the texture of filtered back projection: its power grows with frequency
// and falls off at the kernel's end (K. M. Hanson, Med. Phys. 6 (1979) 441-451), here by the
// difference of two blurs of white noise. A few tiles are made once; each slice adds two of them
// from places of its own, which repeats nowhere near enough to be seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace consilium::synthetic {

class NoiseTexture {
 public:
  // Standard deviation 1.
  explicit NoiseTexture(std::uint64_t seed);

  // The sum of two tiles for one slice, still with standard deviation 1. Cost: O(1) a call.
  class Slice {
   public:
    Slice(const NoiseTexture& texture, std::uint64_t slice_seed);
    [[nodiscard]] double at(std::size_t column, std::size_t row) const;

   private:
    const float* first_;
    const float* second_;
    std::size_t first_x_, first_y_, second_x_, second_y_;
  };

 private:
  std::vector<std::vector<float>> tiles_;
};

}  // namespace consilium::synthetic
