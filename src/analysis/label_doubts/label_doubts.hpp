// Labels that their own kind speaks against: beats, epochs, or whatever has features. Each item is
// judged without its own label, by a ridge regression on all others and by its nearest neighbours;
// one whose label both dispute is worth a second look, the most doubtful first. (The idea of
// judging labels by what a model said without them: C. G. Northcutt et al., J. Artif. Intell. Res.
// 70 (2021) 1373-1411; of neighbours: D. L. Wilson, IEEE Trans. Syst. Man Cybern. 2 (1972)
// 408-421.)
//
// For labels of votes by several raters see label_errors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

struct LabelDoubts {
  // Of each item, 0 to 1: how little the model and the neighbours hold of its label, together.
  std::vector<float> doubt;
  std::vector<std::uint32_t> likelier;  // the label that they hold likeliest instead
  std::vector<std::size_t> disputed;    // items whose label both outvote, the most doubtful first
};

inline constexpr std::size_t neighbour_count = 9;
// Neighbours are looked for among this many items, evenly taken where there are more.
inline constexpr std::size_t neighbour_items_max = 8'000;

// features[i * columns + f]; distances are taken as they stand, so columns should be of one scale.
// Labels are any numbers; items whose label nothing else bears are never doubted, for nothing is
// known of it. With one label alone nothing is disputed. Errors: those of RidgeClassifier::train.
// Cost: items x 8,000 x columns / 8 and a training: 2,000 beats of two leads in 0.2 s.
[[nodiscard]] Result<LabelDoubts> label_doubts(std::span<const float> features, std::size_t columns,
                                               std::span<const std::uint32_t> labels,
                                               unsigned threads = 1);

}  // namespace consilium
