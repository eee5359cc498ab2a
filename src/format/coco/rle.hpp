// Run lengths of a binary mask as COCO has them (cocodataset.org, "Data format"; pycocotools
// maskApi): down the columns, starting with the count of zeros (0 when the first pixel is set).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/image/mask.hpp"

namespace consilium {

struct CocoRle {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint32_t> counts;
  friend bool operator==(const CocoRle&, const CocoRle&) = default;
};

// Of a mask in rows, any value but 0 set. Errors: InvalidInput when its length is not width x
// height.
[[nodiscard]] Result<CocoRle> encode_rle(std::uint32_t width, std::uint32_t height,
                                         std::span<const std::uint8_t> rows);
// Back to rows of 0 and 1. Errors: Corrupt when the counts do not add up to width x height.
[[nodiscard]] Result<std::vector<std::uint8_t>> decode_rle(const CocoRle& rle);
// Of the voxels of one slice that have the value (1 in a binary layer).
[[nodiscard]] CocoRle rle_of_slice(const MaskLayer& layer, std::uint16_t value,
                                   std::uint32_t slice);

// The compressed form: from the fourth count on the difference to the count two before, then five
// bits a character from '0' on, the lowest first, bit 5 saying that more follow.
[[nodiscard]] std::string rle_text(const CocoRle& rle);
// Errors: Corrupt on a character or count out of range.
[[nodiscard]] Result<CocoRle> parse_rle_text(std::uint32_t width, std::uint32_t height,
                                             std::string_view text);

struct PixelBox {
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  friend bool operator==(const PixelBox&, const PixelBox&) = default;
};
[[nodiscard]] std::uint64_t area_pixels(const CocoRle& rle);
// The tightest box round the set pixels; all 0 when there is none.
[[nodiscard]] PixelBox bounds(const CocoRle& rle);

}  // namespace consilium
