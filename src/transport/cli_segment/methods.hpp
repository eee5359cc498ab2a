// The engines behind `consilium segment --method`; one more is one more row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/cli_segment/segment.hpp"
#include "transport/cli_segment/volume_files.hpp"

namespace consilium::cli {

struct SegmentInput {
  LoadedVolume& volume;       // which the method may consume
  const LoadedLabels& seeds;  // of the volume's grid, or the prior's
  LoadedVolume* prior = nullptr;
  const SegmentCommand& command;
};
struct SegmentOutcome {
  std::vector<std::uint8_t> labels;  // of every voxel of the volume; 255 background
  std::string facts_json;            // an object's members that the answer gets too, or nothing
  std::string text;                  // the same for a reader: whole lines
};

struct SegmentMethod {
  std::string_view name;
  std::string_view what;
  Result<SegmentOutcome> (*run)(const SegmentInput& input);
  bool needs_two_labels = true;  // one alone would take all
  bool needs_prior = false;      // the seeds are another volume's
};

// Lays the prior over the volume and carries its labels across.
[[nodiscard]] Result<SegmentOutcome> propagate(const SegmentInput& input);

[[nodiscard]] std::span<const SegmentMethod> segment_methods();

}  // namespace consilium::cli
