#include "analysis/agreement/conger.hpp"

#include <algorithm>
#include <utility>

#include "analysis/agreement/class_sums.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t pairs_column = 0;
constexpr std::uint32_t agreement_column = 1;
constexpr std::uint32_t first_rater_column = 2;

// Columns: items with two ratings; their agreement; items rated by each rater; each rater's use of
// each class.
class Conger final : public Coefficient {
 public:
  Conger(Weights weights, std::uint32_t rater_count)
      : weights_(std::move(weights)), rater_count_(rater_count) {}

  Result<CoefficientValue> evaluate(std::span<const double> sums) const override {
    if (!(sums[pairs_column] > 0)) return no_pairs();
    const double observed = sums[agreement_column] / sums[pairs_column];
    const double expected = Chance(*this, sums).expected;
    if (!(expected < 1 - 1e-14)) {
      return fail(ErrorCode::InvalidInput,
                  "all raters used one single, equal class: kappa is undefined, not perfect", {},
                  "choose items of which more than one class is expected");
    }
    return CoefficientValue{(observed - expected) / (1 - expected), observed, expected};
  }

  void gradient(std::span<const double> sums, std::span<double> by_sum) const override {
    const Chance chance(*this, sums);
    const double observed = sums[agreement_column] / sums[pairs_column];
    const double rest = 1 - chance.expected;
    std::ranges::fill(by_sum, 0.0);
    by_sum[agreement_column] = 1 / (sums[pairs_column] * rest);
    by_sum[pairs_column] = -observed * by_sum[agreement_column];
    const double by_expected = -(1 - observed) / (rest * rest);
    const std::size_t q = weights_.class_count();
    const std::vector<double> of_all = weighted(weights_, chance.total);
    for (std::size_t g = 0; g < rater_count_; ++g) {
      const double rated = sums[first_rater_column + g];
      if (!(rated > 0)) continue;
      const std::span<const double> share = std::span(chance.share).subspan(g * q, q);
      const std::vector<double> of_rater = weighted(weights_, share);
      const std::span<double> by_use = by_sum.subspan(first_rater_column + rater_count_ + g * q, q);
      for (std::size_t k = 0; k < q; ++k) {
        by_use[k] = by_expected * 2 * (of_all[k] - of_rater[k]) / (chance.rater_pairs * rated);
      }
      by_sum[first_rater_column + g] =
          -order_free_sum(q, [&](std::size_t k) { return by_use[k] * share[k]; });
    }
  }

  void add_published_shift(std::span<const double> sums, const SummandRows& rows,
                           std::span<double> deviation) const override {
    const double observed = sums[agreement_column] / sums[pairs_column];
    const double expected = Chance(*this, sums).expected;
    add_pairs_shift(sums, rows, pairs_column, (observed - expected) / (1 - expected), deviation);
  }

 private:
  struct Chance {
    Chance(const Conger& conger, std::span<const double> sums) {
      const std::size_t q = conger.weights_.class_count();
      const std::size_t raters = conger.rater_count_;
      share.resize(raters * q, 0);
      total.resize(q, 0);
      double active = 0;
      for (std::size_t g = 0; g < raters; ++g) {
        const double rated = sums[first_rater_column + g];
        if (!(rated > 0)) continue;  // a rater without ratings is none
        active += 1;
        for (std::size_t k = 0; k < q; ++k) {
          share[g * q + k] = sums[first_rater_column + raters + g * q + k] / rated;
        }
      }
      for (std::size_t k = 0; k < q; ++k) {
        total[k] = order_free_sum(raters, [&](std::size_t g) { return share[g * q + k]; });
      }
      std::vector<double> own(raters);
      for (std::size_t g = 0; g < raters; ++g) {
        own[g] = weighted_product(conger.weights_, std::span(share).subspan(g * q, q));
      }
      rater_pairs = active * (active - 1);
      expected = (weighted_product(conger.weights_, total) -
                  order_free_sum(raters, [&](std::size_t g) { return own[g]; })) /
                 rater_pairs;
    }
    std::vector<double> share;  // rater by rater
    std::vector<double> total;
    double rater_pairs = 0;  // ordered
    double expected = 0;
  };

  Weights weights_;
  std::size_t rater_count_;
};

}  // namespace

Result<AgreementModel> conger_model_of(const RatingPatterns& patterns, std::uint32_t rater_count,
                                       const Weights& weights) {
  const std::uint32_t q = weights.class_count();
  AgreementModel model;
  model.coefficient = std::make_shared<const Conger>(weights, rater_count);
  model.rows.column_count = first_rater_column + std::size_t{rater_count} * (1 + std::size_t{q});
  std::vector<std::uint32_t> row_of_pattern(patterns.count(), no_row);
  bool any_pair = false;
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    const auto symbols = patterns.symbols_of(p);
    if (symbols.empty()) continue;
    row_of_pattern[p] = static_cast<std::uint32_t>(model.rows.count());
    if (symbols.size() >= 2) {
      any_pair = true;
      const auto count = static_cast<double>(symbols.size());
      model.rows.add(pairs_column, 1);
      const double agreeing = order_free_sum(symbols.size() * symbols.size(), [&](std::size_t at) {
        const std::size_t a = at / symbols.size();
        const std::size_t b = at % symbols.size();
        return a == b ? 0 : weights.at(symbols[a] % q, symbols[b] % q);
      });
      model.rows.add(agreement_column, agreeing / (count * (count - 1)));
    }
    for (const std::uint32_t symbol : symbols) {
      model.rows.add(first_rater_column + symbol / q, 1);
      model.rows.add(first_rater_column + rater_count + symbol, 1);
    }
    model.rows.end_row(patterns.items[p]);
  }
  if (!any_pair) return no_pairs();
  model.row_of_item = rows_of_items(patterns, row_of_pattern);
  mark_columns(model, {1, 2});
  for (std::uint32_t g = 0; g < rater_count; ++g) mark_columns(model, {3});
  for (std::uint32_t g = 0; g < rater_count; ++g) {
    mark_classes(model, weights, model.column_mark.size(), 4);
  }
  return model;
}

}  // namespace consilium
