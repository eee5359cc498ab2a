#include "service/segmentation/strokes.hpp"

#include <algorithm>

namespace consilium::service {
namespace {

constexpr std::size_t seed_labels_max = 254;
constexpr std::uint8_t none_of_them = 255;

// The segments whose voxels are seeds. A layer of its own holds one segment; those that it grows
// against lie in other layers, so that all that are named count, wherever they lie.
std::vector<std::uint16_t> seed_segments(const WorkingMask& mask, std::uint32_t layer,
                                         const std::vector<std::uint16_t>& named,
                                         const std::optional<std::uint16_t>& background) {
  std::vector<std::uint16_t> found;
  const auto take = [&](std::uint16_t segment) {
    if (segment == 0 || segment == background) return;
    if (std::ranges::find(found, segment) == found.end()) found.push_back(segment);
  };
  if (layer != 0) {
    take(static_cast<std::uint16_t>(layer));
    for (const std::uint16_t segment : named) take(segment);
    return found;
  }
  for (const std::uint16_t segment : mask.segments()) {
    const bool is_named = named.empty() || std::ranges::find(named, segment) != named.end();
    if (is_named) take(segment);
  }
  return found;
}

}  // namespace

std::array<std::uint16_t, 256> SeedNumbering::segment_of() const {
  std::array<std::uint16_t, 256> segment_of{};
  std::ranges::copy(segments, segment_of.begin() + 1);
  return segment_of;
}

Result<SeedNumbering> seed_numbering(const WorkingMask& mask, std::uint32_t layer,
                                     const std::vector<std::uint16_t>& named,
                                     const std::optional<std::uint16_t>& background) {
  SeedNumbering numbering{.layer = layer,
                          .segments = seed_segments(mask, layer, named, background),
                          .background = background};
  if (numbering.segments.size() > seed_labels_max) {
    return fail(ErrorCode::TooLarge, "there are seeds of more than 254 segments");
  }
  return numbering;
}

BrickSeeds::BrickSeeds(const WorkingMask& mask, const SeedNumbering& numbering)
    : mask_(mask),
      numbering_(numbering),
      number_of_(0x1'0000),
      labels_(brick_voxel_count),
      seeds_(brick_voxel_count) {
  for (std::size_t i = 0; i < numbering.segments.size(); ++i) {
    number_of_[numbering.segments[i]] = static_cast<std::uint8_t>(i + 1);
  }
  if (numbering.background) number_of_[*numbering.background] = none_of_them;
}

// What is no seed yet, of one segment wherever it lies.
void BrickSeeds::add(std::uint32_t index, std::uint16_t segment, std::uint8_t number) {
  for (const std::uint32_t layer : {std::uint32_t{0}, std::uint32_t{segment}}) {
    if (!mask_.has_brick(layer, index)) continue;
    mask_.brick(layer, index, labels_);
    for (std::size_t i = 0; i < seeds_.size(); ++i) {
      if (labels_[i] == segment && seeds_[i] == 0) seeds_[i] = number;
    }
  }
}

std::span<const std::uint8_t> BrickSeeds::of(std::uint32_t index) {
  std::ranges::fill(seeds_, std::uint8_t{0});
  if (mask_.has_brick(numbering_.layer, index)) {
    mask_.brick(numbering_.layer, index, labels_);
    std::ranges::transform(labels_, seeds_.begin(),
                           [&](std::uint16_t label) { return number_of_[label]; });
  }
  if (numbering_.layer == 0) return seeds_;
  for (const std::uint16_t segment : numbering_.segments) {
    if (segment != numbering_.layer) add(index, segment, number_of_[segment]);
  }
  if (numbering_.background) add(index, *numbering_.background, none_of_them);
  return seeds_;
}

Result<NumberedSeeds> numbered_seeds(const WorkingMask& mask, std::uint32_t layer,
                                     const std::vector<std::uint16_t>& named,
                                     const std::optional<std::uint16_t>& background) {
  const SeedNumbering numbering = CSL_TRY(seed_numbering(mask, layer, named, background));
  const Grid& grid = mask.grid();
  NumberedSeeds numbered{.seeds = std::vector<std::uint8_t>(voxel_count(grid)),
                         .segment_of = numbering.segment_of()};
  BrickSeeds bricks(mask, numbering);
  for (std::uint32_t index = 0; index < mask.brick_count(); ++index) {
    const std::span<const std::uint8_t> seeds = bricks.of(index);
    for_each_brick_row(grid, index, [&](std::size_t voxel, std::uint32_t count, std::size_t place) {
      std::copy_n(seeds.begin() + static_cast<std::ptrdiff_t>(place), count,
                  numbered.seeds.begin() + static_cast<std::ptrdiff_t>(voxel));
    });
  }
  return numbered;
}

}  // namespace consilium::service
