// The engines behind `consilium segment --method`; one more is one more row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "transport/cli_segment/segment.hpp"
#include "transport/cli_segment/volume_files.hpp"

namespace consilium::cli {

struct SegmentMethod {
  std::string_view name;
  std::string_view what;
  // From the volume (which it may consume) and the seeds to a label for every voxel, 255
  // background.
  Result<std::vector<std::uint8_t>> (*run)(LoadedVolume& volume,
                                           std::span<const std::uint8_t> seeds,
                                           const SegmentCommand& command);
  bool needs_two_labels = true;  // one alone would take all
};

[[nodiscard]] std::span<const SegmentMethod> segment_methods();

}  // namespace consilium::cli
