// Conger's kappa from patterns of (rater, class). Used inside this module; see kappa.hpp.
#pragma once

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/rating_patterns.hpp"
#include "analysis/agreement/weights.hpp"

namespace consilium {

[[nodiscard]] Result<AgreementModel> conger_model_of(const RatingPatterns& patterns,
                                                     std::uint32_t rater_count,
                                                     const Weights& weights);

}  // namespace consilium
