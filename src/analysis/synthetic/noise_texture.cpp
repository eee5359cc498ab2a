#include "analysis/synthetic/noise_texture.hpp"

#include <cmath>

#include "base/random.hpp"

namespace consilium::synthetic {
namespace {

constexpr std::size_t tile_edge = 256;
constexpr std::size_t tile_count = 6;

// A binomial blur (1 2 1) / 4 along both axes, wrapping round; three in a row are near a Gaussian.
std::vector<float> blurred(const std::vector<float>& tile) {
  std::vector<float> across(tile.size());
  std::vector<float> out(tile.size());
  const auto at = [](std::size_t x, std::size_t y) {
    return (y % tile_edge) * tile_edge + x % tile_edge;
  };
  for (std::size_t y = 0; y < tile_edge; ++y) {
    for (std::size_t x = 0; x < tile_edge; ++x) {
      across[at(x, y)] = 0.25F * tile[at(x + tile_edge - 1, y)] + 0.5F * tile[at(x, y)] +
                         0.25F * tile[at(x + 1, y)];
    }
  }
  for (std::size_t y = 0; y < tile_edge; ++y) {
    for (std::size_t x = 0; x < tile_edge; ++x) {
      out[at(x, y)] = 0.25F * across[at(x, y + tile_edge - 1)] + 0.5F * across[at(x, y)] +
                      0.25F * across[at(x, y + 1)];
    }
  }
  return out;
}

std::vector<float> make_tile(SeededRandom& random) {
  std::vector<float> white(tile_edge * tile_edge);
  for (float& value : white) value = static_cast<float>(random.normal());
  std::vector<float> fine = blurred(blurred(white));
  std::vector<float> coarse = fine;
  for (int pass = 0; pass < 8; ++pass) coarse = blurred(coarse);
  double sum_of_squares = 0;
  for (std::size_t i = 0; i < fine.size(); ++i) {
    fine[i] -= 0.8F * coarse[i];
    sum_of_squares += double{fine[i]} * double{fine[i]};
  }
  const double deviation = std::sqrt(sum_of_squares / static_cast<double>(fine.size()));
  for (float& value : fine) value = static_cast<float>(double{value} / deviation);
  return fine;
}

}  // namespace

NoiseTexture::NoiseTexture(std::uint64_t seed) {
  SeededRandom random(seed);
  for (std::size_t i = 0; i < tile_count; ++i) tiles_.push_back(make_tile(random));
}

NoiseTexture::Slice::Slice(const NoiseTexture& texture, std::uint64_t slice_seed) {
  SeededRandom random(slice_seed);
  const std::size_t first = random.below(tile_count);
  const std::size_t second = (first + 1 + random.below(tile_count - 1)) % tile_count;
  first_ = texture.tiles_[first].data();
  second_ = texture.tiles_[second].data();
  first_x_ = random.below(tile_edge);
  first_y_ = random.below(tile_edge);
  second_x_ = random.below(tile_edge);
  second_y_ = random.below(tile_edge);
}

double NoiseTexture::Slice::at(std::size_t column, std::size_t row) const {
  const std::size_t a =
      ((row + first_y_) % tile_edge) * tile_edge + (column + first_x_) % tile_edge;
  // Mirrored, so that the sum's period is not the tile's.
  const std::size_t b =
      ((column + second_x_) % tile_edge) * tile_edge + (row + second_y_) % tile_edge;
  constexpr double half_root = 0.70710678118654752;
  return half_root * (double{first_[a]} + double{second_[b]});
}

}  // namespace consilium::synthetic
