// All coefficients of agreement on votes, by name: what the command line and the panel ask for.
// Each coefficient's formula and source stand in its own header.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/kappa.hpp"
#include "analysis/agreement/rating_patterns.hpp"
#include "analysis/agreement/weights.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

enum class AgreementMetric {
  Percent,
  Cohen,
  Scott,
  Fleiss,
  Conger,
  BrennanPrediger,
  Gwet,
  Alpha,
  AlphaOrdinal,
  AlphaInterval,
  AlphaRatio,
  AlphaCircular,
};

struct NamedAgreementMetric {
  AgreementMetric metric;
  std::string_view name;      // "alpha-ordinal", for --metric
  std::string_view sentence;  // what it is, for --help
  bool takes_weights;
};
// In the order of the enumeration.
[[nodiscard]] std::span<const NamedAgreementMetric> agreement_metrics();
[[nodiscard]] std::string_view name_of(AgreementMetric metric);
// Also takes "ac1" and "ac2" for gwet, "kappa" for cohen and "alpha-nominal" for alpha.
[[nodiscard]] std::optional<AgreementMetric> parse_agreement_metric(std::string_view name);

struct AgreementRequest {
  AgreementMetric metric = AgreementMetric::Alpha;
  WeightKind weights = WeightKind::Identity;
  std::span<const double> own_weights = {};   // classes x classes, for WeightKind::Own
  std::span<const double> class_values = {};  // empty: 1, 2, 3, ... in the order of classes
  double circumference = 0;                   // for alpha-circular
  RaterPair pair = {};                        // for cohen and scott
  Repeats repeats = Repeats::Refuse;          // only alpha may take separate codings
};

// The coefficient, ready for `estimate`, `estimate_clustered` and `bootstrap`.
// Errors: those of the coefficient; InvalidInput when weights are given to a metric that takes
// none, or separate codings asked for with anything but alpha.
[[nodiscard]] Result<AgreementModel> agreement_model(const VoteTable& votes,
                                                     const AgreementRequest& request);

// The same coefficient of one class against all others. Weights and values do not enter: with two
// classes every metric is nominal. Errors: as above, and InvalidInput on a class that is not there.
[[nodiscard]] Result<AgreementModel> class_agreement_model(const VoteTable& votes,
                                                           const AgreementRequest& request,
                                                           ClassIndex kept);

// Of every class; where it is undefined (a class never used), the error that says why.
// Cost: one pass over the votes, then O(patterns) a class; for cohen, scott and conger a pass over
// the votes for each class.
[[nodiscard]] std::vector<Result<AgreementEstimate>> class_agreement(
    const VoteTable& votes, const AgreementRequest& request, double level = 0.95);

}  // namespace consilium
