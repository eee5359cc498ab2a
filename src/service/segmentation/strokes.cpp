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

// Gives the voxels of `bits` that are no seeds yet to `number`.
void add_seeds(std::vector<std::uint8_t>& seeds, const BitVolume& bits, std::uint8_t number) {
  const std::vector<std::uint8_t> inside = mask_of_bits(bits);
  for (std::size_t v = 0; v < seeds.size(); ++v) {
    if (inside[v] != 0 && seeds[v] == 0) seeds[v] = number;
  }
}

}  // namespace

Result<NumberedSeeds> numbered_seeds(const WorkingMask& mask, std::uint32_t layer,
                                     const std::vector<std::uint16_t>& named,
                                     const std::optional<std::uint16_t>& background) {
  NumberedSeeds numbered;
  const std::vector<std::uint16_t> labels = mask.labels(layer, whole_box(mask.grid().dims));
  const std::vector<std::uint16_t> segments = seed_segments(mask, layer, named, background);
  if (segments.size() > seed_labels_max) {
    return fail(ErrorCode::TooLarge, "there are seeds of more than 254 segments");
  }
  std::vector<std::uint8_t> number_of(0x1'0000);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    number_of[segments[i]] = static_cast<std::uint8_t>(i + 1);
    numbered.segment_of[i + 1] = segments[i];
  }
  if (background) number_of[*background] = none_of_them;
  numbered.seeds.resize(labels.size());
  std::ranges::transform(labels, numbered.seeds.begin(),
                         [&](std::uint16_t label) { return number_of[label]; });
  if (layer == 0) return numbered;
  for (const std::uint16_t segment : segments) {
    if (segment != layer)
      add_seeds(numbered.seeds, mask.segment_anywhere(segment), number_of[segment]);
  }
  if (background) {
    add_seeds(numbered.seeds, mask.segment_anywhere(*background), none_of_them);
  }
  return numbered;
}

}  // namespace consilium::service
