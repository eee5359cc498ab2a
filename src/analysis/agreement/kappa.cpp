#include "analysis/agreement/kappa.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/agreement/class_sums.hpp"
#include "analysis/agreement/conger.hpp"
#include "analysis/agreement/exchangeable.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t items_column = 0;
constexpr std::uint32_t agreement_column = 1;
constexpr std::uint32_t first_class_column = 2;

std::unexpected<Error> one_class() {
  return fail(ErrorCode::InvalidInput,
              "both raters used one single, equal class: kappa is undefined, not perfect", {},
              "choose items of which more than one class is expected");
}

// Columns: items; weighted agreement; the first rater's use of each class; the second's.
class Cohen final : public Coefficient {
 public:
  explicit Cohen(Weights weights) : weights_(std::move(weights)) {}

  Result<CoefficientValue> evaluate(std::span<const double> sums) const override {
    const double items = sums[items_column];
    if (!(items > 0)) return no_pairs();
    const double observed = sums[agreement_column] / items;
    const double expected = chance(sums);
    if (!(expected < 1 - 1e-14)) return one_class();
    return CoefficientValue{(observed - expected) / (1 - expected), observed, expected};
  }

  void gradient(std::span<const double> sums, std::span<double> by_sum) const override {
    const std::size_t q = weights_.class_count();
    const double items = sums[items_column];
    const double observed = sums[agreement_column] / items;
    const double expected = chance(sums);
    const double by_expected = -(1 - observed) / ((1 - expected) * (1 - expected));
    by_sum[agreement_column] = 1 / (items * (1 - expected));
    by_sum[items_column] =
        -observed * by_sum[agreement_column] - 2 * by_expected * expected / items;
    const std::vector<double> first = weighted(weights_, sums.subspan(first_class_column, q));
    const std::vector<double> second = weighted(weights_, sums.subspan(first_class_column + q, q));
    const double factor = by_expected / (items * items);
    for (std::size_t k = 0; k < q; ++k) {
      by_sum[first_class_column + k] = factor * second[k];
      by_sum[first_class_column + q + k] = factor * first[k];
    }
  }

 private:
  // Over pairs of classes, not class by class: exchanging the raters then exchanges terms only.
  [[nodiscard]] double chance(std::span<const double> sums) const {
    const std::size_t q = weights_.class_count();
    const auto first = sums.subspan(first_class_column, q);
    const auto second = sums.subspan(first_class_column + q, q);
    const double product =
        weights_.identity() ? order_free_sum(q, [&](std::size_t k) { return first[k] * second[k]; })
                            : order_free_sum(q * q, [&](std::size_t at) {
                                const std::size_t k = at / q;
                                const std::size_t l = at % q;
                                return weights_.at(k, l) * (first[k] * second[l]);
                              });
    return product / (sums[items_column] * sums[items_column]);
  }

  Weights weights_;
};

Status check_pair(const VoteTable& votes, RaterPair pair, const Weights& weights) {
  if (pair.first >= votes.rater_count || pair.second >= votes.rater_count ||
      pair.first == pair.second) {
    return fail(ErrorCode::InvalidInput, "kappa of two raters needs two different raters",
                fmt::format("raters {} and {} of {}", pair.first, pair.second, votes.rater_count));
  }
  if (weights.class_count() != votes.class_count) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the weights are of {} classes, the votes of {}", weights.class_count(),
                            votes.class_count));
  }
  return {};
}

// The items that both raters labelled, as a table of two raters; other items keep an empty row.
Result<VoteTable> pair_votes(const VoteTable& votes, RaterPair pair) {
  VoteTable both{
      .rater_count = 2, .class_count = votes.class_count, .first = {0}, .rater = {}, .label = {}};
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    int seen[2] = {0, 0};
    ClassIndex label[2] = {0, 0};
    for (std::uint64_t v = votes.first[i]; v < votes.first[std::size_t{i} + 1]; ++v) {
      if (votes.rater[v] != pair.first && votes.rater[v] != pair.second) continue;
      const int which = votes.rater[v] == pair.first ? 0 : 1;
      label[which] = votes.label[v];
      if (++seen[which] > 1) {
        return fail(ErrorCode::InvalidInput, "a rater voted more than once on one item",
                    fmt::format("item {}, rater {}", i, votes.rater[v]),
                    "keep one vote of each rater and item");
      }
    }
    if (seen[0] == 1 && seen[1] == 1) {
      both.rater.insert(both.rater.end(), {0, 1});
      both.label.insert(both.label.end(), {label[0], label[1]});
    }
    both.first.push_back(both.rater.size());
  }
  if (both.rater.empty()) return no_pairs();
  return both;
}

}  // namespace

Result<AgreementModel> cohen_model(const VoteTable& votes, RaterPair pair, const Weights& weights) {
  CSL_TRY(check_pair(votes, pair, weights));
  const RatingPatterns cells = CSL_TRY(rater_patterns(CSL_TRY(pair_votes(votes, pair))));
  const std::uint32_t q = votes.class_count;
  AgreementModel model;
  model.form = StandardErrorForm::LargeSample;
  model.coefficient = std::make_shared<const Cohen>(weights);
  model.rows.column_count = first_class_column + 2 * std::size_t{q};
  std::vector<std::uint32_t> row_of_cell(cells.count(), no_row);
  for (std::size_t p = 0; p < cells.count(); ++p) {
    const auto symbols = cells.symbols_of(p);
    if (symbols.empty()) continue;
    row_of_cell[p] = static_cast<std::uint32_t>(model.rows.count());
    model.rows.add(items_column, 1);
    model.rows.add(agreement_column, weights.at(symbols[0], symbols[1] - q));
    model.rows.add(first_class_column + symbols[0], 1);
    model.rows.add(first_class_column + symbols[1], 1);
    model.rows.end_row(cells.items[p]);
  }
  model.row_of_item = rows_of_items(cells, row_of_cell);
  mark_columns(model, {1, 2});
  mark_classes(model, weights, first_class_column, 4);
  mark_classes(model, weights, first_class_column + std::size_t{q}, 4);
  return model;
}

Result<double> cohen_null_standard_error(const VoteTable& votes, RaterPair pair,
                                         const Weights& weights) {
  const AgreementModel model = CSL_TRY(cohen_model(votes, pair, weights));
  const std::vector<double> sums = sums_of(model.rows);
  const double expected = CSL_TRY(model.coefficient->evaluate(sums)).expected;
  const std::size_t q = votes.class_count;
  const double items = sums[items_column];
  const std::span<const double> all(sums);
  const auto first = all.subspan(first_class_column, q);
  const auto second = all.subspan(first_class_column + q, q);
  const std::vector<double> by_first = weighted(weights, second);
  const std::vector<double> by_second = weighted(weights, first);
  const double squares =
      order_free_sum(q * q,
                     [&](std::size_t at) {
                       const std::size_t k = at / q;
                       const std::size_t l = at % q;
                       const double excess =
                           weights.at(k, l) - (by_first[k] + by_second[l]) / items;
                       return first[k] * second[l] * (excess * excess);
                     }) /
      (items * items);
  return std::sqrt(std::max(squares - expected * expected, 0.0) / items) / (1 - expected);
}

Result<AgreementModel> scott_model(const VoteTable& votes, RaterPair pair, const Weights& weights) {
  CSL_TRY(check_pair(votes, pair, weights));
  const VoteTable both = CSL_TRY(pair_votes(votes, pair));
  return exchangeable_model(CSL_TRY(class_patterns(both)), weights, ChanceAgreement::Fleiss);
}

Result<AgreementModel> conger_model(const VoteTable& votes, const Weights& weights) {
  if (weights.class_count() != votes.class_count) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the weights are of {} classes, the votes of {}", weights.class_count(),
                            votes.class_count));
  }
  return conger_model_of(CSL_TRY(rater_patterns(votes)), votes.rater_count, weights);
}

Result<FleissTest> fleiss_test(const RatingPatterns& patterns) {
  std::uint64_t ratings = 0;
  double items = 0;
  std::vector<double> use(patterns.symbol_count, 0);         // ratings of each class
  std::vector<double> same_pairs(patterns.symbol_count, 0);  // sum of r_ik (r_ik - 1)
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    const std::uint64_t count = patterns.ratings_of(p);
    if (count == 0) continue;
    if (ratings != 0 && count != ratings) {
      return fail(ErrorCode::InvalidInput, "items have different numbers of ratings",
                  fmt::format("{} and {}", ratings, count),
                  "use Fleiss' kappa with Gwet's standard error, which allows for that");
    }
    ratings = count;
    const auto shown = static_cast<double>(patterns.items[p]);
    items += shown;
    for (std::size_t e = patterns.first[p]; e < patterns.first[p + 1]; ++e) {
      const auto times = static_cast<double>(patterns.times[e]);
      use[patterns.symbol[e]] += shown * times;  // whole numbers: exact in any order
      same_pairs[patterns.symbol[e]] += shown * times * (times - 1);
    }
  }
  if (ratings < 2) return no_pairs();
  const auto n = static_cast<double>(ratings);
  const auto share = [&](std::size_t k) { return use[k] / (items * n); };
  const std::size_t q = use.size();
  const double chance = order_free_sum(q, [&](std::size_t k) { return share(k) * (1 - share(k)); });
  if (!(chance > 0)) return one_class();
  const double cubes = order_free_sum(
      q, [&](std::size_t k) { return share(k) * (1 - share(k)) * (1 - 2 * share(k)); });
  const double pairs = items * n * (n - 1);
  const double agreeing = order_free_sum(q, [&](std::size_t k) { return same_pairs[k]; });
  FleissTest test;
  test.kappa = 1 - (1 - agreeing / pairs) / chance;
  test.class_standard_error = std::sqrt(2 / pairs);
  test.standard_error =
      test.class_standard_error * std::sqrt(std::max(chance * chance - cubes, 0.0)) / chance;
  test.z = test.kappa / test.standard_error;
  for (std::size_t k = 0; k < q; ++k) {
    const double expected = share(k) * (1 - share(k));
    if (!(expected > 0)) {
      test.class_kappa.emplace_back();
      continue;
    }
    // Ratings of the class meet another class in sum r_ik (n - r_ik) ordered pairs.
    const double apart = use[k] * (n - 1) - same_pairs[k];
    test.class_kappa.emplace_back(1 - apart / (pairs * expected));
  }
  return test;
}

}  // namespace consilium
