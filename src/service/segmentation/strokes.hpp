// What a person has drawn, as the labels that the engines learn from. Used inside this module.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

// Which segments' voxels are seeds, and by what number an engine knows each: 1 .. 254 in the order
// of `segments`, 255 what means "none of them".
struct SeedNumbering {
  std::uint32_t layer = 0;              // that holds the seeds
  std::vector<std::uint16_t> segments;  // rising where layer is 0
  std::optional<std::uint16_t> background;

  // 0 where the number stands for none.
  [[nodiscard]] std::array<std::uint16_t, 256> segment_of() const;
  friend bool operator==(const SeedNumbering&, const SeedNumbering&) = default;
};

// `named` empty: all of layer 0. A layer of its own holds one segment; of it and the named ones all
// voxels count, wherever they lie. Errors: TooLarge past 254 segments.
[[nodiscard]] Result<SeedNumbering> seed_numbering(const WorkingMask& mask, std::uint32_t layer,
                                                   const std::vector<std::uint16_t>& named,
                                                   const std::optional<std::uint16_t>& background);

// The seeds of one brick at a time; `numbering` and `mask` outlive it.
class BrickSeeds {
 public:
  BrickSeeds(const WorkingMask& mask, const SeedNumbering& numbering);
  // The numbers of the brick's voxels, 0 where nothing is drawn; good until the next call.
  [[nodiscard]] std::span<const std::uint8_t> of(std::uint32_t index);

 private:
  void add(std::uint32_t index, std::uint16_t segment, std::uint8_t number);
  const WorkingMask& mask_;
  const SeedNumbering& numbering_;
  std::vector<std::uint8_t> number_of_;  // by segment
  std::vector<std::uint16_t> labels_;
  std::vector<std::uint8_t> seeds_;
};

// Of every voxel, x fastest: 0 nothing, 1 .. 254 a segment, 255 the one that means "none of them".
struct NumberedSeeds {
  std::vector<std::uint8_t> seeds;
  std::array<std::uint16_t, 256> segment_of{};  // 0 where the number stands for none
};

// Errors: those of seed_numbering.
[[nodiscard]] Result<NumberedSeeds> numbered_seeds(const WorkingMask& mask, std::uint32_t layer,
                                                   const std::vector<std::uint16_t>& named,
                                                   const std::optional<std::uint16_t>& background);

}  // namespace consilium::service
