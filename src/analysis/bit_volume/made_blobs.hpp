// Masks for tests that a few lines of any language make again, bit for bit: blocks of a hash.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"

namespace consilium::test {

// The voxel (x, y, z) belongs to block (x / bx, y / by, z / bz), whose hash decides.
struct Blobs {
  VoxelDims dims{};
  VoxelDims block{1, 1, 1};
  std::uint32_t threshold = 128;  // of 256
};

inline std::uint32_t block_hash(const Blobs& blobs, std::uint32_t x, std::uint32_t y,
                                std::uint32_t z) {
  std::uint32_t h = (x / blobs.block[0]) * 73856093U ^ (y / blobs.block[1]) * 19349663U ^
                    (z / blobs.block[2]) * 83492791U;
  h ^= h >> 13U;
  h *= 2654435761U;
  h ^= h >> 16U;
  return h;
}

inline std::vector<std::uint8_t> made_blobs(const Blobs& blobs) {
  std::vector<std::uint8_t> mask;
  for (std::uint32_t z = 0; z < blobs.dims[2]; ++z) {
    for (std::uint32_t y = 0; y < blobs.dims[1]; ++y) {
      for (std::uint32_t x = 0; x < blobs.dims[0]; ++x) {
        mask.push_back((block_hash(blobs, x, y, z) & 0xFFU) < blobs.threshold ? 1 : 0);
      }
    }
  }
  return mask;
}

inline BitVolume made_blob_bits(const Blobs& blobs) {
  return bits_of_mask(made_blobs(blobs), blobs.dims);
}

}  // namespace consilium::test
