#include "format/coco/rle.hpp"

#include <algorithm>
#include <limits>

namespace consilium {

Result<CocoRle> encode_rle(std::uint32_t width, std::uint32_t height,
                           std::span<const std::uint8_t> rows) {
  if (rows.size() != std::uint64_t{width} * height) {
    return fail(ErrorCode::InvalidInput, "a mask does not have width x height pixels");
  }
  CocoRle rle{width, height, {}};
  bool is_set = false;
  std::uint32_t run = 0;
  for (std::size_t x = 0; x < width; ++x) {
    for (std::size_t y = 0; y < height; ++y) {
      if ((rows[y * width + x] != 0) != is_set) {
        rle.counts.push_back(run);
        run = 0;
        is_set = !is_set;
      }
      ++run;
    }
  }
  rle.counts.push_back(run);
  return rle;
}

Result<std::vector<std::uint8_t>> decode_rle(const CocoRle& rle) {
  const std::uint64_t pixel_count = std::uint64_t{rle.width} * rle.height;
  std::uint64_t sum = 0;
  for (const std::uint32_t count : rle.counts) sum += count;
  if (sum != pixel_count) return fail(ErrorCode::Corrupt, "the runs of a mask do not fill it");
  std::vector<std::uint8_t> rows(pixel_count);
  std::uint64_t at = 0;
  std::uint8_t value = 0;
  for (const std::uint32_t count : rle.counts) {
    for (const std::uint64_t end = at + count; at < end; ++at) {
      rows[at % rle.height * rle.width + at / rle.height] = value;
    }
    value = value == 0 ? 1 : 0;
  }
  return rows;
}

CocoRle rle_of_slice(const MaskLayer& layer, std::uint16_t value, std::uint32_t slice) {
  const std::uint32_t width = layer.grid.dims[0];
  const std::uint32_t height = layer.grid.dims[1];
  const std::array<std::uint32_t, 3> counts = brick_dims(layer.grid);
  std::vector<std::uint8_t> rows(std::size_t{width} * height);
  const std::size_t plane = std::size_t{slice % brick_edge} * brick_edge * brick_edge;
  const auto copy_brick = [&](std::uint32_t index, const auto& is_set) {
    const std::uint32_t i0 = index % counts[0] * brick_edge;
    const std::uint32_t j0 = index / counts[0] % counts[1] * brick_edge;
    for (std::uint32_t j = j0; j < std::min(j0 + brick_edge, height); ++j) {
      for (std::uint32_t i = i0; i < std::min(i0 + brick_edge, width); ++i) {
        const std::size_t place = plane + std::size_t{j - j0} * brick_edge + (i - i0);
        rows[std::size_t{j} * width + i] = is_set(place) ? 1 : 0;
      }
    }
  };
  const std::uint32_t first = slice / brick_edge * counts[0] * counts[1];
  const std::uint32_t last = first + counts[0] * counts[1];
  if (const auto* labels = std::get_if<ExclusiveBricks>(&layer.bricks)) {
    for (auto it = labels->lower_bound(first); it != labels->end() && it->first < last; ++it) {
      copy_brick(it->first, [&](std::size_t place) { return it->second[place] == value; });
    }
  } else {
    const auto& bits = std::get<BinaryBricks>(layer.bricks);
    for (auto it = bits.lower_bound(first); it != bits.end() && it->first < last; ++it) {
      copy_brick(it->first, [&](std::size_t place) {
        return ((it->second[place / 8] >> (place % 8)) & 1U) != 0;
      });
    }
  }
  return *encode_rle(width, height, rows);
}

std::string rle_text(const CocoRle& rle) {
  std::string text;
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    std::int64_t rest = rle.counts[i];
    if (i > 2) rest -= rle.counts[i - 2];
    bool has_more = true;
    while (has_more) {
      std::int64_t piece = rest & 0x1F;
      rest >>= 5;
      has_more = (piece & 0x10) != 0 ? rest != -1 : rest != 0;
      if (has_more) piece |= 0x20;
      text.push_back(static_cast<char>('0' + piece));
    }
  }
  return text;
}

Result<CocoRle> parse_rle_text(std::uint32_t width, std::uint32_t height, std::string_view text) {
  CocoRle rle{width, height, {}};
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t value = 0;
    unsigned shift = 0;
    std::int64_t piece = 0;
    do {
      if (at == text.size() || shift > 35) {
        return fail(ErrorCode::Corrupt, "the compressed runs of a mask end early");
      }
      piece = text[at++] - '0';
      if (piece < 0 || piece > 0x3F) {
        return fail(ErrorCode::Corrupt, "a character of compressed runs is out of range");
      }
      value |= (piece & 0x1F) << shift;
      shift += 5;
    } while ((piece & 0x20) != 0);
    if ((piece & 0x10) != 0) value -= std::int64_t{1} << shift;
    if (rle.counts.size() > 2) value += rle.counts[rle.counts.size() - 2];
    if (value < 0 || value > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::Corrupt, "a run of a mask is out of range");
    }
    rle.counts.push_back(static_cast<std::uint32_t>(value));
  }
  return rle;
}

std::uint64_t area_pixels(const CocoRle& rle) {
  std::uint64_t area = 0;
  for (std::size_t i = 1; i < rle.counts.size(); i += 2) area += rle.counts[i];
  return area;
}

PixelBox bounds(const CocoRle& rle) {
  std::uint64_t at = 0;
  std::uint32_t x0 = rle.width;
  std::uint32_t x1 = 0;
  std::uint32_t y0 = rle.height;
  std::uint32_t y1 = 0;
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    const std::uint64_t end = at + rle.counts[i];
    if (i % 2 == 1 && end > at) {
      const auto first_column = static_cast<std::uint32_t>(at / rle.height);
      const auto last_column = static_cast<std::uint32_t>((end - 1) / rle.height);
      const bool wraps = last_column > first_column;
      x0 = std::min(x0, first_column);
      x1 = std::max(x1, last_column + 1);
      y0 = std::min(y0, wraps ? 0U : static_cast<std::uint32_t>(at % rle.height));
      y1 =
          std::max(y1, wraps ? rle.height : static_cast<std::uint32_t>((end - 1) % rle.height) + 1);
    }
    at = end;
  }
  if (x1 == 0) return {};
  return {x0, y0, x1 - x0, y1 - y0};
}

}  // namespace consilium
