// Classes of a record's beats bent to the few that were labelled by hand: what the model says of
// each beat, plus what it was wrong by on labelled beats that look alike.
//
// Regression by kernels on the residuals (ridge; C. E. Rasmussen, C. K. I. Williams, Gaussian
// Processes for Machine Learning, 2006, ch. 2): k(a, b) = exp(-|a - b|^2 / 2 l^2) over the beats'
// shapes and intervals. Far from every label the model's word stands; a labelled beat gets its
// label. Closed form: the same labels in any order give the same classes but for rounding.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analysis/beat_classes/beat_class_model.hpp"
#include "analysis/beat_clusters/beat_shapes.hpp"
#include "base/result.hpp"

namespace consilium {

struct BeatLabel {
  std::size_t beat = 0;
  BeatClass label = BeatClass::Normal;
};

inline constexpr std::size_t beat_labels_max = 2'000;

// `model_says`: of each beat, as the rows of `features`.
// Errors: InvalidInput for a label of no beat, or rows of another number; TooLarge past 2,000
// labels. Of two labels of one beat the last counts.
// Cost: labels^3 / 6 + beats x labels x columns: 25 labels of 2,000 beats in some milliseconds.
[[nodiscard]] Result<std::vector<BeatClassShares>> with_labels(
    const BeatFeatures& features, std::span<const BeatClassShares> model_says,
    std::span<const BeatLabel> labels);

}  // namespace consilium
