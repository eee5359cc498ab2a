#include "analysis/agreement/agreement.hpp"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <utility>

#include "analysis/agreement/alpha.hpp"
#include "analysis/agreement/exchangeable.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {
namespace {

constexpr std::array named_metrics{
    NamedAgreementMetric{AgreementMetric::Percent, "percent",
                         "share of pairs of raters who agree, no correction for chance", true},
    NamedAgreementMetric{AgreementMetric::Cohen, "cohen", "Cohen's kappa of two raters", true},
    NamedAgreementMetric{AgreementMetric::Scott, "scott", "Scott's pi of two raters", true},
    NamedAgreementMetric{AgreementMetric::Fleiss, "fleiss",
                         "Fleiss' kappa, any raters, some ratings missing", true},
    NamedAgreementMetric{AgreementMetric::Conger, "conger",
                         "Conger's kappa: Cohen's for more than two raters", true},
    NamedAgreementMetric{AgreementMetric::BrennanPrediger, "brennan-prediger",
                         "chance taken as equal for all classes", true},
    NamedAgreementMetric{AgreementMetric::Gwet, "gwet", "Gwet's AC1, with weights AC2", true},
    NamedAgreementMetric{AgreementMetric::Alpha, "alpha",
                         "Krippendorff's alpha, nominal or with weights", true},
    NamedAgreementMetric{AgreementMetric::AlphaOrdinal, "alpha-ordinal",
                         "alpha with Krippendorff's ordinal metric", false},
    NamedAgreementMetric{AgreementMetric::AlphaInterval, "alpha-interval",
                         "alpha on a scale of equal steps", false},
    NamedAgreementMetric{AgreementMetric::AlphaRatio, "alpha-ratio",
                         "alpha on a scale with a true zero", false},
    NamedAgreementMetric{AgreementMetric::AlphaCircular, "alpha-circular",
                         "alpha on a scale that begins again, as hours do", false},
};
constexpr std::pair<std::string_view, AgreementMetric> other_names[] = {
    {"ac1", AgreementMetric::Gwet},
    {"ac2", AgreementMetric::Gwet},
    {"kappa", AgreementMetric::Cohen},
    {"alpha-nominal", AgreementMetric::Alpha}};

const NamedAgreementMetric& entry_of(AgreementMetric metric) {
  return named_metrics[static_cast<std::size_t>(metric)];
}

bool is_alpha(AgreementMetric metric) { return metric >= AgreementMetric::Alpha; }

bool knows_raters(AgreementMetric metric) {
  return metric == AgreementMetric::Cohen || metric == AgreementMetric::Scott ||
         metric == AgreementMetric::Conger;
}

Status check_request(const AgreementRequest& request) {
  if (request.weights != WeightKind::Identity && !entry_of(request.metric).takes_weights) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("{} has differences of its own and takes no weights", name_of(request.metric)),
        {}, "leave the weights out, or take alpha with weights");
  }
  if (request.repeats == Repeats::SeparateCodings && !is_alpha(request.metric)) {
    return fail(ErrorCode::InvalidInput, "only alpha takes repeats as separate codings", {},
                "keep one vote of each rater and item, or ask for alpha");
  }
  return {};
}

Result<Weights> weights_of(const AgreementRequest& request, std::uint32_t class_count) {
  if (request.weights == WeightKind::Own) return Weights::own(class_count, request.own_weights);
  if (request.class_values.empty() || request.weights == WeightKind::Identity) {
    return Weights::make(request.weights, class_count);
  }
  return Weights::make(request.weights, request.class_values);
}

Result<AgreementModel> alpha_by_metric(const RatingPatterns& patterns,
                                       const AgreementRequest& request) {
  std::vector<double> numbers(patterns.symbol_count);
  std::iota(numbers.begin(), numbers.end(), 1.0);
  AlphaScale scale{.metric = AlphaMetric::Ordinal,
                   .class_values = request.class_values.empty() ? std::span<const double>(numbers)
                                                                : request.class_values,
                   .circumference = request.circumference};
  if (request.metric == AgreementMetric::AlphaInterval) scale.metric = AlphaMetric::Interval;
  if (request.metric == AgreementMetric::AlphaRatio) scale.metric = AlphaMetric::Ratio;
  if (request.metric == AgreementMetric::AlphaCircular) scale.metric = AlphaMetric::Circular;
  return alpha_model(patterns, scale);
}

// Coefficients for which raters are exchangeable.
Result<AgreementModel> pattern_model(const RatingPatterns& patterns,
                                     const AgreementRequest& request) {
  if (is_alpha(request.metric) && request.metric != AgreementMetric::Alpha) {
    return alpha_by_metric(patterns, request);
  }
  const Weights weights = CSL_TRY(weights_of(request, patterns.symbol_count));
  if (request.metric == AgreementMetric::Alpha) return alpha_model(patterns, weights);
  ChanceAgreement chance = ChanceAgreement::None;
  if (request.metric == AgreementMetric::Fleiss) chance = ChanceAgreement::Fleiss;
  if (request.metric == AgreementMetric::BrennanPrediger) chance = ChanceAgreement::BrennanPrediger;
  if (request.metric == AgreementMetric::Gwet) chance = ChanceAgreement::Gwet;
  return exchangeable_model(patterns, weights, chance);
}

// With two classes all weights and scales are one, so the nominal form is asked for.
AgreementRequest nominal(const AgreementRequest& request) {
  return {.metric = is_alpha(request.metric) ? AgreementMetric::Alpha : request.metric,
          .pair = request.pair,
          .repeats = request.repeats};
}

VoteTable votes_against_rest(const VoteTable& votes, ClassIndex kept) {
  VoteTable table{.rater_count = votes.rater_count,
                  .class_count = 2,
                  .first = votes.first,
                  .rater = votes.rater,
                  .label = votes.label};
  for (ClassIndex& label : table.label) label = label == kept ? 1 : 0;
  return table;
}

}  // namespace

std::span<const NamedAgreementMetric> agreement_metrics() { return named_metrics; }

std::string_view name_of(AgreementMetric metric) { return entry_of(metric).name; }

std::optional<AgreementMetric> parse_agreement_metric(std::string_view name) {
  for (const NamedAgreementMetric& named : named_metrics) {
    if (named.name == name) return named.metric;
  }
  for (const auto& [other, metric] : other_names) {
    if (other == name) return metric;
  }
  return std::nullopt;
}

Result<AgreementModel> agreement_model(const VoteTable& votes, const AgreementRequest& request) {
  CSL_TRY(check_request(request));
  if (!knows_raters(request.metric)) {
    return pattern_model(CSL_TRY(class_patterns(votes, request.repeats)), request);
  }
  const Weights weights = CSL_TRY(weights_of(request, votes.class_count));
  if (request.metric == AgreementMetric::Cohen) return cohen_model(votes, request.pair, weights);
  if (request.metric == AgreementMetric::Scott) return scott_model(votes, request.pair, weights);
  return conger_model(votes, weights);
}

Result<AgreementModel> class_agreement_model(const VoteTable& votes,
                                             const AgreementRequest& request, ClassIndex kept) {
  CSL_TRY(check_request(request));
  if (kept >= votes.class_count) {
    return fail(ErrorCode::InvalidInput, "there is no such class",
                fmt::format("class {} of {}", kept, votes.class_count));
  }
  const AgreementRequest plain = nominal(request);
  if (knows_raters(request.metric)) return agreement_model(votes_against_rest(votes, kept), plain);
  const RatingPatterns patterns = CSL_TRY(class_patterns(votes, request.repeats));
  return pattern_model(one_against_rest(patterns, kept), plain);
}

std::vector<Result<AgreementEstimate>> class_agreement(const VoteTable& votes,
                                                       const AgreementRequest& request,
                                                       double level) {
  std::vector<Result<AgreementEstimate>> result;
  result.reserve(votes.class_count);
  const auto estimated = [level](const Result<AgreementModel>& model) -> Result<AgreementEstimate> {
    if (!model) return std::unexpected(model.error());
    return estimate(*model, level);
  };
  const Status valid = check_request(request);
  Result<RatingPatterns> patterns = RatingPatterns{};
  if (valid && !knows_raters(request.metric)) patterns = class_patterns(votes, request.repeats);
  for (std::uint32_t k = 0; k < votes.class_count; ++k) {
    const auto kept = static_cast<ClassIndex>(k);
    if (!valid) {
      result.emplace_back(std::unexpected(valid.error()));
    } else if (!patterns) {
      result.emplace_back(std::unexpected(patterns.error()));
    } else if (knows_raters(request.metric)) {
      result.push_back(estimated(class_agreement_model(votes, request, kept)));
    } else {
      result.push_back(
          estimated(pattern_model(one_against_rest(*patterns, kept), nominal(request))));
    }
  }
  return result;
}

}  // namespace consilium
