#include "analysis/agreement/exchangeable.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/agreement/class_sums.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t items_column = 0;
constexpr std::uint32_t pairs_column = 1;
constexpr std::uint32_t agreement_column = 2;
constexpr std::uint32_t first_class_column = 3;

class Exchangeable final : public Coefficient {
 public:
  Exchangeable(Weights weights, ChanceAgreement chance)
      : weights_(std::move(weights)), chance_(chance), weight_sum_(total_weight(weights_)) {}

  Result<CoefficientValue> evaluate(std::span<const double> sums) const override {
    if (!(sums[pairs_column] > 0)) return no_pairs();
    const double observed = sums[agreement_column] / sums[pairs_column];
    const double expected = chance(sums);
    if (!(expected < 1 - 1e-14)) {
      return fail(ErrorCode::InvalidInput,
                  "all ratings are of one class: agreement beyond chance is undefined", {},
                  "choose items of which more than one class is expected");
    }
    return CoefficientValue{(observed - expected) / (1 - expected), observed, expected};
  }

  void gradient(std::span<const double> sums, std::span<double> by_sum) const override {
    const double pairs = sums[pairs_column];
    const double observed = sums[agreement_column] / pairs;
    const double expected = chance(sums);
    std::ranges::fill(by_sum, 0.0);
    by_sum[agreement_column] = 1 / (pairs * (1 - expected));
    by_sum[pairs_column] = -observed * by_sum[agreement_column];
    if (chance_ == ChanceAgreement::None || chance_ == ChanceAgreement::BrennanPrediger) return;
    const std::vector<double> share = shares(sums);
    const std::vector<double> by_share =
        chance_ == ChanceAgreement::Fleiss ? weighted(weights_, share) : std::vector<double>{};
    const double by_expected = -(1 - observed) / ((1 - expected) * (1 - expected));
    const double items = sums[items_column];
    for (std::size_t k = 0; k < share.size(); ++k) {
      const double slope =
          chance_ == ChanceAgreement::Fleiss ? 2 * by_share[k] : gwet_factor() * (1 - 2 * share[k]);
      by_sum[first_class_column + k] = by_expected * slope / items;
    }
    by_sum[items_column] = -order_free_sum(
        share.size(), [&](std::size_t k) { return by_sum[first_class_column + k] * share[k]; });
  }

  // The share of agreement alone is a plain mean over the items with two ratings.
  void add_published_shift(std::span<const double> sums, const SummandRows& rows,
                           std::span<double> deviation) const override {
    if (chance_ == ChanceAgreement::None) return;
    const double observed = sums[agreement_column] / sums[pairs_column];
    const double expected = chance(sums);
    add_pairs_shift(sums, rows, pairs_column, (observed - expected) / (1 - expected), deviation);
  }

 private:
  static double total_weight(const Weights& weights) {
    const std::size_t q = weights.class_count();
    if (weights.identity()) return static_cast<double>(q);
    return order_free_sum(q * q, [&](std::size_t at) { return weights.at(at / q, at % q); });
  }
  [[nodiscard]] double gwet_factor() const {
    const double q = weights_.class_count();
    return weight_sum_ / (q * (q - 1));
  }
  static std::vector<double> shares(std::span<const double> sums) {
    const auto classes = sums.subspan(first_class_column);
    std::vector<double> share(classes.begin(), classes.end());
    for (double& value : share) value /= sums[items_column];
    return share;
  }
  [[nodiscard]] double chance(std::span<const double> sums) const {
    const double q = weights_.class_count();
    switch (chance_) {
      case ChanceAgreement::None:
        return 0;
      case ChanceAgreement::BrennanPrediger:
        return weight_sum_ / (q * q);
      case ChanceAgreement::Fleiss:
        return weighted_product(weights_, shares(sums));
      case ChanceAgreement::Gwet: {
        const std::vector<double> share = shares(sums);
        return gwet_factor() * order_free_sum(share.size(), [&](std::size_t k) {
                 return share[k] * (1 - share[k]);
               });
      }
    }
    return 0;
  }

  Weights weights_;
  ChanceAgreement chance_;
  double weight_sum_;
};

}  // namespace

Result<AgreementModel> exchangeable_model(const RatingPatterns& patterns, const Weights& weights,
                                          ChanceAgreement chance) {
  if (weights.class_count() != patterns.symbol_count) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the weights are of {} classes, the votes of {}", weights.class_count(),
                            patterns.symbol_count));
  }
  AgreementModel model;
  model.coefficient = std::make_shared<const Exchangeable>(weights, chance);
  if (chance == ChanceAgreement::None) model.range = {0, 1};
  model.rows.column_count = first_class_column + patterns.symbol_count;
  std::vector<std::uint32_t> row_of_pattern(patterns.count(), no_row);
  bool any_pair = false;
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    const std::uint64_t ratings = patterns.ratings_of(p);
    if (ratings == 0) continue;
    row_of_pattern[p] = static_cast<std::uint32_t>(model.rows.count());
    const auto count = static_cast<double>(ratings);
    model.rows.add(items_column, 1);
    if (ratings >= 2) {
      any_pair = true;
      model.rows.add(pairs_column, 1);
      model.rows.add(agreement_column,
                     agreeing_pairs(patterns, p, weights) / (count * (count - 1)));
    }
    for (std::size_t e = patterns.first[p]; e < patterns.first[p + 1]; ++e) {
      model.rows.add(first_class_column + patterns.symbol[e], patterns.times[e] / count);
    }
    model.rows.end_row(patterns.items[p]);
  }
  if (!any_pair) return no_pairs();
  model.row_of_item = rows_of_items(patterns, row_of_pattern);
  mark_columns(model, {1, 2, 3});
  mark_classes(model, weights, first_class_column, 4);
  return model;
}

}  // namespace consilium
