#include "service/segmentation/classify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace consilium::service {
namespace {

constexpr std::uint32_t planes_at_once = 8;

// Values that mean the same in every image, as whole numbers; nothing where they are not.
std::optional<std::vector<std::int16_t>> hounsfield(const SeriesVolume& volume) {
  if (volume.unit != "HU" || (volume.slope == 1 && volume.intercept == 0)) return std::nullopt;
  std::vector<std::int16_t> values;
  volume.visit([&](const auto& samples) {
    values.reserve(samples.size());
    for (const auto sample : samples) {
      const double value = std::round(static_cast<double>(volume.value(sample)));
      values.push_back(static_cast<std::int16_t>(
          std::clamp(std::isnan(value) ? -32'768.0 : value, -32'768.0, 32'767.0)));
    }
  });
  return values;
}

}  // namespace

Result<std::shared_ptr<const FeaturePyramid>> PyramidCache::find(
    const std::shared_ptr<const SeriesVolume>& volume, const Lattice& lattice, unsigned threads) {
  auto held = held_.with([&](Held& one) {
    return one.volume == volume ? one.pyramid : std::shared_ptr<const FeaturePyramid>{};
  });
  if (held) return held;
  const IntensityScale scale =
      volume->unit == "HU" ? IntensityScale::AsIs : IntensityScale::Percentiles;
  const auto values = hounsfield(*volume);
  const VolumeView view =
      values ? VolumeView(std::span<const std::int16_t>(*values)) : volume->view();
  auto made = std::make_shared<const FeaturePyramid>(
      CSL_TRY(FeaturePyramid::create(view, lattice, scale, threads)));
  held_.with([&](Held& one) { one = {volume, made}; });
  return made;
}

std::string private_name(std::uint16_t segment) { return "#" + std::to_string(segment); }

LabelledSamples without_private(const LabelledSamples& samples) {
  LabelledSamples kept;
  std::vector<std::uint8_t> number(256, 0);
  number[background_class] = background_class;
  for (std::size_t k = 0; k < samples.labels.size(); ++k) {
    if (samples.labels[k].starts_with('#')) continue;
    kept.labels.push_back(samples.labels[k]);
    number[k + 1] = static_cast<std::uint8_t>(kept.labels.size());
  }
  constexpr std::size_t width = FeaturePyramid::feature_count;
  for (std::size_t i = 0; i < samples.samples.labels.size(); ++i) {
    const std::uint8_t label = number[samples.samples.labels[i]];
    if (label == 0) continue;
    kept.samples.labels.push_back(label);
    const auto row = samples.samples.features.begin() + static_cast<std::ptrdiff_t>(i * width);
    kept.samples.features.insert(kept.samples.features.end(), row, row + width);
  }
  return kept;
}

Result<LabelledSamples> stroke_samples(const NumberedSeeds& strokes, const FeaturePyramid& pyramid,
                                       const std::map<std::uint16_t, std::string>& label_of) {
  LabelledSamples own;
  // Segments of one label are one class.
  std::array<std::uint8_t, 256> number{};
  number[background_class] = background_class;
  for (std::size_t n = 1; n < background_class; ++n) {
    const std::uint16_t segment = strokes.segment_of[n];
    if (segment == 0) continue;
    const auto label = label_of.find(segment);
    const std::string name = label == label_of.end() ? private_name(segment) : label->second;
    auto found = std::ranges::find(own.labels, name);
    if (found == own.labels.end()) {
      if (own.labels.size() == label_count_max) {
        return fail(ErrorCode::TooLarge, "there are strokes of more than 15 labels", "",
                    "name the segments to tell apart");
      }
      found = own.labels.insert(own.labels.end(), name);
    }
    number[n] = static_cast<std::uint8_t>(found - own.labels.begin() + 1);
  }
  std::vector<LabelledVoxel> voxels;
  for (std::size_t v = 0; v < strokes.seeds.size(); ++v) {
    if (strokes.seeds[v] == 0) continue;
    voxels.push_back({.voxel = static_cast<std::uint32_t>(v), .label = number[strokes.seeds[v]]});
  }
  own.samples = CSL_TRY(sample_voxels(pyramid, voxels, samples_of_item_max));
  return own;
}

Status check_running(const std::stop_token& stop) {
  if (!stop.stop_requested()) return {};
  return fail(ErrorCode::Conflict, "the operation was cancelled", "", "ask again if it is wanted");
}

Result<std::vector<std::uint16_t>> predicted(const PixelModel& model,
                                             const std::map<std::string, std::uint16_t>& segment_of,
                                             const FeaturePyramid& pyramid, const VoxelRange& box,
                                             unsigned threads, const std::stop_token& stop) {
  std::array<std::uint16_t, 256> segment{};
  for (std::size_t k = 0; k < model.labels.size(); ++k) {
    const auto found = segment_of.find(model.labels[k]);
    if (found != segment_of.end()) segment[k + 1] = found->second;
  }
  const auto dims = box.dims();
  const std::size_t plane = std::size_t{dims[0]} * dims[1];
  std::vector<std::uint16_t> result;
  result.reserve(plane * dims[2]);
  std::vector<std::uint8_t> labels;
  for (std::uint32_t z = 0; z < dims[2]; z += planes_at_once) {
    CSL_TRY(check_running(stop));
    const std::uint32_t planes = std::min(planes_at_once, dims[2] - z);
    labels.resize(plane * planes);
    CSL_TRY(model.classifier.classify(pyramid,
                                      {.first = {box.first[0], box.first[1], box.first[2] + z},
                                       .size = {dims[0], dims[1], planes}},
                                      labels, {}, threads));
    for (const std::uint8_t label : labels) result.push_back(segment[label]);
  }
  return result;
}

}  // namespace consilium::service
