#include "format/dicom_seg/seg_frames.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace consilium::detail {
namespace {

constexpr std::uint32_t no_segment = 0xFFFF'FFFF;

// Calls `visit(value, k, j, i, word)` for runs of 32 voxels along x: bit n of `word` is voxel
// (i + n, j, k). A run with several labels is visited for each stretch of equal ones. Voxels past
// the grid's edge are never set.
template <class Visit>
void for_runs(const MaskLayer& layer, const Visit& visit) {
  const std::array<std::uint32_t, 3> counts = brick_dims(layer.grid);
  const auto each_row = [&](const auto& bricks, const auto& visit_row) {
    for (const auto& [index, voxels] : bricks) {
      const std::uint32_t i = index % counts[0] * brick_edge;
      const std::uint32_t j = index / counts[0] % counts[1] * brick_edge;
      const std::uint32_t k = index / counts[0] / counts[1] * brick_edge;
      for (std::uint32_t row = 0; row < brick_edge * brick_edge; ++row) {
        visit_row(voxels, row, k + row / brick_edge, j + row % brick_edge, i);
      }
    }
  };
  if (const auto* labels = std::get_if<ExclusiveBricks>(&layer.bricks)) {
    each_row(*labels, [&](const std::vector<std::uint16_t>& voxels, std::uint32_t row,
                          std::uint32_t k, std::uint32_t j, std::uint32_t i) {
      const std::uint16_t* const first = voxels.data() + std::size_t{row} * brick_edge;
      if (std::memcmp(first, first + 1, (brick_edge - 1) * sizeof(std::uint16_t)) == 0) {
        if (*first != 0) visit(*first, k, j, i, 0xFFFF'FFFFU);
        return;
      }
      for (std::uint32_t n = 0; n < brick_edge;) {
        const std::uint16_t value = first[n];
        std::uint32_t word = 0;
        for (; n < brick_edge && first[n] == value; ++n) word |= 1U << n;
        if (value != 0) visit(value, k, j, i, word);
      }
    });
    return;
  }
  each_row(std::get<BinaryBricks>(layer.bricks),
           [&](const std::vector<std::uint8_t>& bits, std::uint32_t row, std::uint32_t k,
               std::uint32_t j, std::uint32_t i) {
             std::uint32_t word = 0;
             for (std::uint32_t n = 0; n < 4; ++n) {
               word |= std::uint32_t{bits[row * 4 + n]} << (8 * n);
             }
             if (word != 0) visit(std::uint16_t{1}, k, j, i, word);
           });
}

// For each layer: the segment that each of its values is.
std::vector<std::vector<std::uint32_t>> segments_by_value(std::size_t layer_count,
                                                          std::span<const SegSegment> segments) {
  std::vector<std::vector<std::uint32_t>> table(layer_count);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    std::vector<std::uint32_t>& values = table[segments[s].layer_index];
    if (values.empty()) values.assign(0x10000, no_segment);
    values[segments[s].layer_value] = static_cast<std::uint32_t>(s);
  }
  return table;
}

// Calls `visit(segment, k, j, i, word)` for the voxels of all segments.
template <class Visit>
void for_segment_runs(std::span<const MaskLayer> layers, std::span<const SegSegment> segments,
                      const Visit& visit) {
  const auto table = segments_by_value(layers.size(), segments);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (table[l].empty()) continue;
    for_runs(layers[l], [&](std::uint16_t value, std::uint32_t k, std::uint32_t j, std::uint32_t i,
                            std::uint32_t word) {
      if (table[l][value] != no_segment) visit(table[l][value], k, j, i, word);
    });
  }
}

Bytes even_bytes(std::uint64_t count) { return Bytes(count + count % 2); }

}  // namespace

SegPixels binary_pixels(std::span<const MaskLayer> layers, std::span<const SegSegment> segments) {
  const Grid& grid = layers.front().grid;
  const std::size_t slice_count = grid.dims[2];
  // 0: the segment is not on the slice; else its frame's number.
  std::vector<std::uint32_t> frame_number(segments.size() * slice_count);
  for_segment_runs(layers, segments,
                   [&](std::uint32_t s, std::uint32_t k, std::uint32_t, std::uint32_t,
                       std::uint32_t) { frame_number[s * slice_count + k] = 1; });
  SegPixels pixels;
  for (std::size_t at = 0; at < frame_number.size(); ++at) {
    if (frame_number[at] == 0) continue;
    pixels.frames.push_back({at / slice_count, static_cast<std::uint32_t>(at % slice_count)});
    frame_number[at] = static_cast<std::uint32_t>(pixels.frames.size());
  }
  const std::uint64_t frame_bits = std::uint64_t{grid.dims[0]} * grid.dims[1];
  pixels.bytes = even_bytes((frame_bits * pixels.frames.size() + 7) / 8);
  for_segment_runs(
      layers, segments,
      [&](std::uint32_t s, std::uint32_t k, std::uint32_t j, std::uint32_t i, std::uint32_t word) {
        const std::uint64_t frame = frame_number[s * slice_count + k] - 1;
        const std::uint64_t at = frame * frame_bits + std::uint64_t{j} * grid.dims[0] + i;
        std::uint64_t shifted = std::uint64_t{word} << (at % 8);
        for (std::uint64_t byte = at / 8; shifted != 0; ++byte, shifted >>= 8U) {
          pixels.bytes[byte] |= static_cast<std::byte>(shifted & 0xFFU);
        }
      });
  return pixels;
}

Result<SegPixels> label_map_pixels(std::span<const MaskLayer> layers,
                                   std::span<const SegSegment> segments) {
  const Grid& grid = layers.front().grid;
  std::vector<std::uint32_t> frame_number(grid.dims[2]);
  for_segment_runs(layers, segments,
                   [&](std::uint32_t, std::uint32_t k, std::uint32_t, std::uint32_t,
                       std::uint32_t) { frame_number[k] = 1; });
  SegPixels pixels;
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    if (frame_number[k] == 0) continue;
    pixels.frames.push_back({0, k});
    frame_number[k] = static_cast<std::uint32_t>(pixels.frames.size());
  }
  const std::size_t pixel_bytes = segments.size() > 255 ? 2 : 1;
  pixels.bits_allocated = static_cast<int>(8 * pixel_bytes);
  const std::uint64_t frame_pixels = std::uint64_t{grid.dims[0]} * grid.dims[1];
  pixels.bytes = even_bytes(frame_pixels * pixels.frames.size() * pixel_bytes);
  const bool may_overlap = layers.size() > 1;
  bool overlaps = false;
  for_segment_runs(
      layers, segments,
      [&](std::uint32_t s, std::uint32_t k, std::uint32_t j, std::uint32_t i, std::uint32_t word) {
        const std::uint64_t frame = frame_number[k] - 1;
        std::byte* const row =
            pixels.bytes.data() +
            (frame * frame_pixels + std::uint64_t{j} * grid.dims[0] + i) * pixel_bytes;
        for (; word != 0; word &= word - 1) {
          const auto n = static_cast<std::size_t>(std::countr_zero(word));
          std::byte* const pixel = row + n * pixel_bytes;
          if (may_overlap) {
            overlaps = overlaps || pixel[0] != std::byte{0} ||
                       (pixel_bytes == 2 && pixel[1] != std::byte{0});
          }
          pixel[0] = static_cast<std::byte>((s + 1) & 0xFFU);
          if (pixel_bytes == 2) pixel[1] = static_cast<std::byte>((s + 1) >> 8U);
        }
      });
  if (overlaps) {
    return fail(ErrorCode::InvalidInput, "segments overlap, which a label map cannot say", {},
                "write them as BINARY");
  }
  return pixels;
}

SegPixels fraction_pixels(const Grid& grid, std::span<const std::vector<std::uint8_t>> fractions) {
  SegPixels pixels;
  pixels.bits_allocated = 8;
  const std::size_t plane = std::size_t{grid.dims[0]} * grid.dims[1];
  for (std::size_t s = 0; s < fractions.size(); ++s) {
    for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
      const auto slice = std::span(fractions[s]).subspan(k * plane, plane);
      if (std::ranges::all_of(slice, [](std::uint8_t value) { return value == 0; })) continue;
      pixels.frames.push_back({s, k});
      const ByteView bytes = std::as_bytes(slice);
      pixels.bytes.insert(pixels.bytes.end(), bytes.begin(), bytes.end());
    }
  }
  if (pixels.bytes.size() % 2 != 0) pixels.bytes.push_back(std::byte{0});
  return pixels;
}

}  // namespace consilium::detail
