// A mask as bits, 64 voxels a word: what the operations on one segment read and give. A CT of
// 512 x 512 x 300 takes 10 MB, and union, subtraction and the like are operations on words.
//
// Voxel (x, y, z) is bit x % 64 of word x / 64 of row y + ny z; every row starts a word of its own,
// and the bits past its end are 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analysis/distance/bit_rows.hpp"

namespace consilium {

using VoxelDims = std::array<std::uint32_t, 3>;

// Half open: first <= voxel < end along each axis.
struct VoxelRange {
  std::array<std::uint32_t, 3> first{};
  std::array<std::uint32_t, 3> end{};

  [[nodiscard]] VoxelDims dims() const {
    return {end[0] - first[0], end[1] - first[1], end[2] - first[2]};
  }
  friend bool operator==(const VoxelRange&, const VoxelRange&) = default;
};

[[nodiscard]] VoxelRange whole_box(const VoxelDims& dims);
// Grown by `steps` voxels along each axis, and cut off at the volume's ends.
[[nodiscard]] VoxelRange grown_box(const VoxelRange& box, const std::array<std::uint32_t, 3>& steps,
                                   const VoxelDims& dims);

class BitVolume {
 public:
  BitVolume() = default;
  // All 0. No dimension may be 0.
  explicit BitVolume(const VoxelDims& dims);

  [[nodiscard]] const VoxelDims& dims() const { return dims_; }
  [[nodiscard]] std::size_t row_words() const { return row_words_; }
  [[nodiscard]] std::size_t row_count() const {
    return static_cast<std::size_t>(dims_[1]) * dims_[2];
  }
  [[nodiscard]] std::span<std::uint64_t> words() { return words_; }
  [[nodiscard]] std::span<const std::uint64_t> words() const { return words_; }
  [[nodiscard]] std::uint64_t* row(std::size_t y, std::size_t z) {
    return words_.data() + (z * dims_[1] + y) * row_words_;
  }
  [[nodiscard]] const std::uint64_t* row(std::size_t y, std::size_t z) const {
    return words_.data() + (z * dims_[1] + y) * row_words_;
  }
  [[nodiscard]] bool at(std::size_t x, std::size_t y, std::size_t z) const {
    return ((row(y, z)[x / 64] >> (x % 64)) & 1U) != 0;
  }
  void set(std::size_t x, std::size_t y, std::size_t z) {
    row(y, z)[x / 64] |= std::uint64_t{1} << (x % 64);
  }
  // The bits of a row's last word that lie in the volume.
  [[nodiscard]] std::uint64_t last_word_bits() const {
    return dims_[0] % 64 == 0 ? ~std::uint64_t{0}
                              : (std::uint64_t{1} << (dims_[0] % 64)) - std::uint64_t{1};
  }
  friend bool operator==(const BitVolume&, const BitVolume&) = default;

 private:
  VoxelDims dims_{};
  std::size_t row_words_ = 0;
  std::vector<std::uint64_t> words_;
};

// Dense volumes are x fastest, then y, then z; a length other than the dimensions' is our own bug.
[[nodiscard]] BitVolume bits_of_mask(std::span<const std::uint8_t> mask, const VoxelDims& dims);
[[nodiscard]] BitVolume bits_of_label(std::span<const std::uint16_t> labels, const VoxelDims& dims,
                                      std::uint16_t label);
// 0 and 1.
[[nodiscard]] std::vector<std::uint8_t> mask_of_bits(const BitVolume& bits);

// The smallest box that holds all set bits; nothing when none is set. Cost: O(words).
[[nodiscard]] std::optional<VoxelRange> box_of(const BitVolume& bits);
[[nodiscard]] std::uint64_t count_of(const BitVolume& bits);
// The box alone, and a box put back over what lies there.
[[nodiscard]] BitVolume cropped(const BitVolume& bits, const VoxelRange& box);
void paste(BitVolume& into, const BitVolume& part, const VoxelRange& box);
// x and y exchanged. Cost: O(words + set bits).
[[nodiscard]] BitVolume transposed(const BitVolume& bits);

// Voxel by voxel; both volumes have the same dimensions.
[[nodiscard]] BitVolume union_of(const BitVolume& a, const BitVolume& b);
[[nodiscard]] BitVolume difference_of(const BitVolume& a, const BitVolume& b);
[[nodiscard]] BitVolume intersection_of(const BitVolume& a, const BitVolume& b);
[[nodiscard]] BitVolume complement_of(const BitVolume& bits);

// Calls use(begin, end) for each run [begin, end) of set bits of a row, from left to right.
template <class Use>
void for_each_run(const std::uint64_t* row, std::size_t word_count, const Use& use) {
  constexpr std::size_t none = ~std::size_t{0};
  std::size_t begin = none;
  for (std::size_t w = 0; w < word_count; ++w) {
    const std::uint64_t word = row[w];
    if (begin == none ? word == 0 : word == ~std::uint64_t{0}) continue;
    std::size_t at = 0;
    while (at < 64) {
      const std::uint64_t rest = (begin == none ? word : ~word) >> at;
      if (rest == 0) break;
      at += static_cast<std::size_t>(std::countr_zero(rest));
      if (begin == none) {
        begin = w * 64 + at;
      } else {
        use(begin, w * 64 + at);
        begin = none;
      }
    }
  }
  if (begin != none) use(begin, word_count * 64);
}

// Sets or clears the bits [begin, end) of a row.
void set_run(std::uint64_t* row, std::size_t begin, std::size_t end);
void clear_run(std::uint64_t* row, std::size_t begin, std::size_t end);

}  // namespace consilium
