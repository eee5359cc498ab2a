// Which frames a segmentation has and what their pixels are. Internal to this module.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "format/dicom_seg/dicom_seg.hpp"

namespace consilium::detail {

struct SegFrame {
  std::size_t segment_index = 0;  // of no meaning in a label map
  std::uint32_t slice = 0;
};

struct SegPixels {
  std::vector<SegFrame> frames;  // in the order of segments, then slices
  Bytes bytes;                   // of even length
  int bits_allocated = 1;
};

// PS3.5 8.1.1: one bit a pixel, the least significant first, frames one after the other without any
// padding between them. Cost: one pass over the bricks, whatever the count of segments.
[[nodiscard]] SegPixels binary_pixels(std::span<const MaskLayer> layers,
                                      std::span<const SegSegment> segments);
// Segment numbers (index + 1), 8 bits a pixel up to 255 segments, else 16.
// Errors: InvalidInput when two segments share a voxel.
[[nodiscard]] Result<SegPixels> label_map_pixels(std::span<const MaskLayer> layers,
                                                 std::span<const SegSegment> segments);
// 8 bits a pixel; slices where a segment has none are left out.
[[nodiscard]] SegPixels fraction_pixels(const Grid& grid,
                                        std::span<const std::vector<std::uint8_t>> fractions);

}  // namespace consilium::detail
