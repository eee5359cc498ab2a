#include "analysis/pixel_classifier/pixel_classifier.hpp"

#include <algorithm>
#include <map>

#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

constexpr std::uint8_t background = 255;

std::vector<LabelledVoxel> thinned(std::span<const LabelledVoxel> voxels, std::size_t count_max) {
  std::map<std::uint8_t, std::vector<std::uint32_t>> by_label;
  for (const LabelledVoxel& each : voxels) by_label[each.label].push_back(each.voxel);
  std::vector<LabelledVoxel> kept;
  const std::size_t share = std::max<std::size_t>(count_max / by_label.size(), 1);
  for (auto& [label, places] : by_label) {
    std::ranges::sort(places);
    const auto repeated = std::ranges::unique(places);
    places.erase(repeated.begin(), repeated.end());
    const std::size_t count = std::min(places.size(), share);
    for (std::size_t i = 0; i < count; ++i) {
      kept.push_back({.voxel = places[i * places.size() / count], .label = label});
    }
  }
  return kept;
}

}  // namespace

void PixelSamples::append(const PixelSamples& other) {
  labels.insert(labels.end(), other.labels.begin(), other.labels.end());
  features.insert(features.end(), other.features.begin(), other.features.end());
}

Result<PixelSamples> sample_voxels(const FeaturePyramid& pyramid,
                                   std::span<const LabelledVoxel> voxels, std::size_t count_max) {
  const auto& dims = pyramid.lattice().dims;
  const std::size_t count = pyramid.lattice().voxel_count();
  for (const LabelledVoxel& each : voxels) {
    if (each.voxel >= count || each.label == 0) {
      return fail(ErrorCode::InvalidInput, "a marked voxel is not in the volume or has no label");
    }
  }
  PixelSamples samples;
  if (voxels.empty()) return samples;
  std::array<std::int16_t, FeaturePyramid::feature_count> row{};
  for (const LabelledVoxel& each : thinned(voxels, count_max)) {
    pyramid.row(each.voxel % dims[0], 1, each.voxel / dims[0] % dims[1],
                each.voxel / dims[0] / dims[1], row);
    samples.labels.push_back(each.label);
    samples.features.insert(samples.features.end(), row.begin(), row.end());
  }
  return samples;
}

Result<PixelClassifier> PixelClassifier::train(const PixelSamples& samples,
                                               const BoostingOptions& options, unsigned threads) {
  const std::size_t n = samples.labels.size();
  constexpr std::size_t width = FeaturePyramid::feature_count;
  if (samples.features.size() != n * width) {
    return fail(ErrorCode::InvalidInput, "the training samples and their labels differ in number");
  }
  PixelClassifier classifier;
  classifier.labels_ = samples.labels;
  std::ranges::sort(classifier.labels_);
  const auto repeated = std::ranges::unique(classifier.labels_);
  classifier.labels_.erase(repeated.begin(), repeated.end());
  if (classifier.labels_.size() < 2) {
    return fail(ErrorCode::InvalidInput, "a classifier needs voxels of two labels or more", "",
                "mark at least two structures, or one and background");
  }
  std::vector<std::int16_t> features(n * width);
  std::vector<std::uint8_t> classes(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto found = std::ranges::lower_bound(classifier.labels_, samples.labels[i]);
    classes[i] = static_cast<std::uint8_t>(found - classifier.labels_.begin());
    for (std::size_t f = 0; f < width; ++f) features[f * n + i] = samples.features[i * width + f];
  }
  classifier.trees_ = CSL_TRY(BoostedTrees::train(
      features, classes, static_cast<std::uint32_t>(classifier.labels_.size()), options, threads));
  return classifier;
}

Status PixelClassifier::classify(const FeaturePyramid& pyramid, const VoxelRegion& region,
                                 std::span<std::uint8_t> label, std::span<std::uint8_t> margin,
                                 unsigned threads) const {
  const auto& dims = pyramid.lattice().dims;
  std::size_t count = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    if (region.size[a] == 0 || region.first[a] >= dims[a] ||
        region.size[a] > dims[a] - region.first[a]) {
      return fail(ErrorCode::InvalidInput, "the region to classify leaves the volume");
    }
    count *= region.size[a];
  }
  if (label.size() != count || (!margin.empty() && margin.size() != count)) {
    return fail(ErrorCode::InvalidInput, "the answer's length is not that of the region");
  }
  const std::size_t width = region.size[0];
  const std::size_t class_count = labels_.size();
  const std::uint64_t row_count = std::uint64_t{region.size[1]} * region.size[2];
  split_work(threads, row_count, [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
    std::vector<std::int16_t> features(FeaturePyramid::feature_count * width);
    std::vector<std::uint8_t> shares(class_count * width);
    for (std::uint64_t row = first; row < last; ++row) {
      pyramid.row(region.first[0], region.size[0],
                  region.first[1] + static_cast<std::uint32_t>(row % region.size[1]),
                  region.first[2] + static_cast<std::uint32_t>(row / region.size[1]), features);
      trees_.predict(features, shares);
      for (std::size_t i = 0; i < width; ++i) {
        std::size_t best = 0;
        std::uint8_t next = 0;
        for (std::size_t k = 1; k < class_count; ++k) {
          const std::uint8_t share = shares[k * width + i];
          if (share > shares[best * width + i]) {
            next = shares[best * width + i];
            best = k;
          } else {
            next = std::max(next, share);
          }
        }
        label[row * width + i] = labels_[best] == background ? std::uint8_t{0} : labels_[best];
        if (!margin.empty()) {
          margin[row * width + i] = static_cast<std::uint8_t>(shares[best * width + i] - next);
        }
      }
    }
  });
  return {};
}

Status PixelClassifier::probabilities(const FeaturePyramid& pyramid, const ThinnedGrid& grid,
                                      std::uint32_t first_plane, std::span<std::uint8_t> out,
                                      unsigned threads) const {
  const auto dims = grid.dims();
  const std::size_t plane = std::size_t{dims[0]} * dims[1];
  const std::size_t class_count = labels_.size();
  const std::size_t planes = out.size() / (plane * class_count);
  if (grid.volume_dims != pyramid.lattice().dims || out.size() % (plane * class_count) != 0 ||
      planes > dims[2] || first_plane > dims[2] - planes) {
    return fail(ErrorCode::InvalidInput, "the planes to classify are not of this volume");
  }
  const std::size_t count = plane * planes;
  const std::size_t width = dims[0];
  const std::uint32_t full = grid.volume_dims[0];
  constexpr std::size_t feature_count = FeaturePyramid::feature_count;
  split_work(threads, dims[1] * planes,
             [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
               std::vector<std::int16_t> features(feature_count * full);
               std::vector<std::int16_t> kept(feature_count * width);
               std::vector<std::uint8_t> shares(class_count * width);
               for (std::uint64_t row = first; row < last; ++row) {
                 const auto y = static_cast<std::uint32_t>(row % dims[1]);
                 const auto z = first_plane + static_cast<std::uint32_t>(row / dims[1]);
                 pyramid.row(0, full, grid.place(1, y), grid.place(2, z), features);
                 for (std::size_t f = 0; f < feature_count; ++f) {
                   for (std::uint32_t x = 0; x < width; ++x) {
                     kept[f * width + x] = features[f * full + grid.place(0, x)];
                   }
                 }
                 trees_.predict(kept, shares);
                 for (std::size_t k = 0; k < class_count; ++k) {
                   const auto from = shares.begin() + static_cast<std::ptrdiff_t>(k * width);
                   std::copy_n(from, width,
                               out.begin() + static_cast<std::ptrdiff_t>(k * count + row * width));
                 }
               }
             });
  return {};
}

Bytes PixelClassifier::serialise() const {
  Bytes out;
  out.push_back(static_cast<std::byte>(labels_.size()));
  for (const std::uint8_t label : labels_) out.push_back(static_cast<std::byte>(label));
  const Bytes trees = trees_.serialise();
  out.insert(out.end(), trees.begin(), trees.end());
  return out;
}

Result<PixelClassifier> PixelClassifier::parse(ByteView bytes) {
  const std::size_t count = bytes.empty() ? 0 : std::to_integer<std::size_t>(bytes.front());
  if (count < 2 || bytes.size() < 1 + count) {
    return fail(ErrorCode::Corrupt, "the classifier's stored form is damaged", "",
                "train it again from the strokes");
  }
  PixelClassifier classifier;
  for (std::size_t i = 1; i <= count; ++i) {
    classifier.labels_.push_back(std::to_integer<std::uint8_t>(bytes[i]));
  }
  classifier.trees_ = CSL_TRY(BoostedTrees::parse(bytes.subspan(1 + count)));
  if (classifier.trees_.class_count() != count ||
      classifier.trees_.feature_count() != FeaturePyramid::feature_count ||
      !std::ranges::is_sorted(classifier.labels_, std::less_equal<>{})) {
    return fail(ErrorCode::Corrupt, "the classifier's stored form contradicts itself", "",
                "train it again from the strokes");
  }
  return classifier;
}

}  // namespace consilium
