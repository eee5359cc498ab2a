// Labels a volume by what its voxels look like, learnt from strokes: those on this item and those
// that the project has kept. Used inside this module.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/guarded.hpp"
#include "service/segmentation/mask_operation.hpp"
#include "service/segmentation/pixel_model.hpp"
#include "service/segmentation/series_volume.hpp"
#include "service/segmentation/strokes.hpp"

namespace consilium::service {

// The features of the volume that was worked on last: 3.5 bytes a voxel.
class PyramidCache {
 public:
  [[nodiscard]] Result<std::shared_ptr<const FeaturePyramid>> find(
      const std::shared_ptr<const SeriesVolume>& volume, const Lattice& lattice, unsigned threads);

 private:
  struct Held {
    std::shared_ptr<const SeriesVolume> volume;
    std::shared_ptr<const FeaturePyramid> pyramid;
  };
  Guarded<Held> held_;
};

// What the operation asks for besides the mask.
struct ClassifySources {
  PyramidCache& pyramids;
  LabelledSamples kept;                           // of the project
  std::map<std::uint16_t, std::string> label_of;  // a segment's label, where it has one
};

struct Learnt {
  LabelledSamples own;  // of this item's strokes, labels of segments that have one
  std::string version;
  std::size_t sample_count = 0;
  std::size_t own_count = 0;  // of them from this item
};

// The strokes' samples by label. A segment without a label goes by "#number".
[[nodiscard]] Result<LabelledSamples> stroke_samples(
    const NumberedSeeds& strokes, const FeaturePyramid& pyramid,
    const std::map<std::uint16_t, std::string>& label_of);

// The segment of each voxel of the box, x fastest; 0: none, or a label that `segment_of` lacks.
// Errors: those of the engine; Conflict when it was stopped.
[[nodiscard]] Result<std::vector<std::uint16_t>> predicted(
    const PixelModel& model, const std::map<std::string, std::uint16_t>& segment_of,
    const FeaturePyramid& pyramid, const VoxelRange& box, unsigned threads,
    const std::stop_token& stop);

// The name by which an unlabelled segment's samples go while this operation runs.
[[nodiscard]] std::string private_name(std::uint16_t segment);
// Without the samples of such segments: what may be kept.
[[nodiscard]] LabelledSamples without_private(const LabelledSamples& samples);

// An operation that was stopped has made nothing.
[[nodiscard]] Status check_running(const std::stop_token& stop);

}  // namespace consilium::service
