#include "analysis/agreement/alpha.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <variant>

#include "analysis/agreement/alpha_coefficient.hpp"
#include "analysis/agreement/alpha_ordinal.hpp"
#include "analysis/agreement/class_sums.hpp"
#include "analysis/statistics/interval.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

// The squared difference of two classes.
struct NominalDifference {};
struct ValueDifference {
  AlphaMetric metric = AlphaMetric::Ratio;
  std::vector<double> values;
  double circumference = 0;
  [[nodiscard]] double at(std::size_t k, std::size_t l) const {
    const double apart = values[k] > values[l] ? values[k] - values[l] : values[l] - values[k];
    if (apart == 0) return 0;
    const double root = metric == AlphaMetric::Ratio
                            ? apart / (values[k] + values[l])
                            : std::sin(std::numbers::pi * apart / circumference);
    return root * root;
  }
};
struct WeightDifference {
  Weights weights;
  [[nodiscard]] double at(std::size_t k, std::size_t l) const { return 1 - weights.at(k, l); }
};
using Difference = std::variant<NominalDifference, ValueDifference, WeightDifference>;

namespace fixed {
constexpr std::uint32_t codings_column = AlphaCoefficient::codings_column;
constexpr std::uint32_t disagreement_column = 1;
constexpr std::uint32_t first_class_column = 2;
}  // namespace fixed

// Alpha whose differences do not depend on the codings. Columns: codings, disagreement, n_k.
class FixedAlpha final : public AlphaCoefficient {
 public:
  explicit FixedAlpha(Difference difference) : difference_(std::move(difference)) {}

  // Of alpha without its small-sample factor N - 1, as Gwet linearises it.
  void gradient(std::span<const double> sums, std::span<double> by_sum) const override {
    const double codings = sums[fixed::codings_column];
    const double disagreement = sums[fixed::disagreement_column];
    const std::vector<double> apart = apart_from(sums);
    const double product = product_of(sums, apart);
    by_sum[fixed::codings_column] = -disagreement / product;
    by_sum[fixed::disagreement_column] = -codings / product;
    const double factor = codings * disagreement / (product * product);
    for (std::size_t k = 0; k < apart.size(); ++k) {
      by_sum[fixed::first_class_column + k] = factor * 2 * apart[k];
    }
  }

 protected:
  Parts parts(std::span<const double> sums) const override {
    return {sums[fixed::disagreement_column], product_of(sums, apart_from(sums))};
  }

 private:
  static double product_of(std::span<const double> sums, std::span<const double> apart) {
    return order_free_sum(apart.size(), [&](std::size_t k) {
      return sums[fixed::first_class_column + k] * apart[k];
    });
  }
  // sum_l d2(k, l) n_l for each k.
  [[nodiscard]] std::vector<double> apart_from(std::span<const double> sums) const {
    const auto counts = sums.subspan(fixed::first_class_column);
    std::vector<double> apart(counts.size(), 0);
    if (std::holds_alternative<NominalDifference>(difference_)) {
      for (std::size_t k = 0; k < counts.size(); ++k) {
        apart[k] = sums[fixed::codings_column] - counts[k];
      }
      return apart;
    }
    for (std::size_t k = 0; k < counts.size(); ++k) {
      apart[k] = order_free_sum(counts.size(), [&](std::size_t l) {
        return counts[l] == 0 ? 0 : counts[l] * squared_difference(k, l);
      });
    }
    return apart;
  }
  [[nodiscard]] double squared_difference(std::size_t k, std::size_t l) const {
    if (const auto* weights = std::get_if<WeightDifference>(&difference_)) return weights->at(k, l);
    if (const auto* values = std::get_if<ValueDifference>(&difference_)) return values->at(k, l);
    return k == l ? 0 : 1;
  }

  Difference difference_;
};

namespace interval {
constexpr std::uint32_t codings_column = AlphaCoefficient::codings_column;
constexpr std::uint32_t disagreement_column = 1;
constexpr std::uint32_t value_column = 2;
constexpr std::uint32_t square_column = 3;
}  // namespace interval

// For (v - w)^2 four sums suffice, however many values there are.
class IntervalAlpha final : public AlphaCoefficient {
 public:
  void gradient(std::span<const double> sums, std::span<double> by_sum) const override {
    const double codings = sums[interval::codings_column];
    const double disagreement = sums[interval::disagreement_column];
    const double product = product_of(sums);
    const double factor = codings * disagreement / product / product;
    by_sum[interval::codings_column] =
        -disagreement / product + factor * 2 * sums[interval::square_column];
    by_sum[interval::disagreement_column] = -codings / product;
    by_sum[interval::value_column] = -factor * 4 * sums[interval::value_column];
    by_sum[interval::square_column] = factor * 2 * codings;
  }

 protected:
  Parts parts(std::span<const double> sums) const override {
    const double product = product_of(sums);
    // Rounding may leave a trace of spread where there is none.
    const double least = 1e-12 * sums[interval::codings_column] * sums[interval::square_column];
    return {sums[interval::disagreement_column], product > least ? product : 0};
  }

 private:
  static double product_of(std::span<const double> sums) {
    const double value = sums[interval::value_column];
    return 2 * (sums[interval::codings_column] * sums[interval::square_column] - value * value);
  }
};

Status check_scale(const RatingPatterns& patterns, const AlphaScale& scale) {
  if (scale.metric == AlphaMetric::Nominal) return {};
  if (scale.class_values.size() != patterns.symbol_count) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("{} values for {} classes", scale.class_values.size(), patterns.symbol_count),
        {}, "give each class its number on the scale");
  }
  std::vector<double> sorted(scale.class_values.begin(), scale.class_values.end());
  std::ranges::sort(sorted);
  if (!std::ranges::all_of(sorted, [](double v) { return std::abs(v) <= measured_value_max; }) ||
      std::ranges::adjacent_find(sorted) != sorted.end()) {
    return fail(ErrorCode::InvalidInput,
                "the classes' values are beyond 1e100 or not all different");
  }
  if (scale.metric == AlphaMetric::Ratio && !sorted.empty() && sorted.front() < 0) {
    return fail(ErrorCode::InvalidInput, "a ratio scale has no negative values");
  }
  if (scale.metric == AlphaMetric::Circular &&
      !(scale.circumference > 0 && std::isfinite(scale.circumference))) {
    return fail(ErrorCode::InvalidInput, "the circumference of a circular scale is not positive",
                {}, "say after how many units it begins again: 24 for hours");
  }
  return {};
}

// Calls row(pattern, number of codings) for each pattern with two codings and more, which adds the
// summands of the row; numbers the rows.
template <class Row>
Status add_paired_rows(const RatingPatterns& patterns, AgreementModel& model, const Row& row) {
  std::vector<std::uint32_t> row_of_pattern(patterns.count(), no_row);
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    const std::uint64_t codings = patterns.ratings_of(p);
    if (codings < 2) continue;
    row_of_pattern[p] = static_cast<std::uint32_t>(model.rows.count());
    row(p, static_cast<double>(codings));
    model.rows.end_row(patterns.items[p]);
  }
  if (model.rows.count() == 0) return no_pairs();
  model.row_of_item = rows_of_items(patterns, row_of_pattern);
  return {};
}

double pattern_disagreement(const RatingPatterns& patterns, std::size_t pattern,
                            const Difference& difference, double codings) {
  const auto symbols = patterns.symbols_of(pattern);
  const auto times = patterns.times_of(pattern);
  const std::size_t count = symbols.size();
  if (std::holds_alternative<NominalDifference>(difference)) {
    return order_free_sum(count,
                          [&](std::size_t k) {
                            return static_cast<double>(times[k]) *
                                   (codings - static_cast<double>(times[k]));
                          }) /
           (codings - 1);
  }
  const auto* weights = std::get_if<WeightDifference>(&difference);
  const auto* values = std::get_if<ValueDifference>(&difference);
  return order_free_sum(
             count * count,
             [&](std::size_t at) {
               const std::size_t k = at / count;
               const std::size_t l = at % count;
               if (k == l) return 0.0;
               const double apart = weights != nullptr ? weights->at(symbols[k], symbols[l])
                                                       : values->at(symbols[k], symbols[l]);
               return apart * static_cast<double>(times[k]) * static_cast<double>(times[l]);
             }) /
         (codings - 1);
}

Result<AgreementModel> fixed_model(const RatingPatterns& patterns, const Difference& difference) {
  AgreementModel model;
  model.rows.column_count = fixed::first_class_column + patterns.symbol_count;
  CSL_TRY(add_paired_rows(patterns, model, [&](std::size_t p, double codings) {
    model.rows.add(fixed::codings_column, codings);
    model.rows.add(fixed::disagreement_column,
                   pattern_disagreement(patterns, p, difference, codings));
    for (std::size_t e = patterns.first[p]; e < patterns.first[p + 1]; ++e) {
      model.rows.add(fixed::first_class_column + patterns.symbol[e], patterns.times[e]);
    }
  }));
  mark_columns(model, {1, 2});
  model.coefficient = std::make_shared<const FixedAlpha>(difference);
  return model;
}

Result<AgreementModel> interval_model(const RatingPatterns& patterns,
                                      std::span<const double> values) {
  // Around the mean the sums of squares keep their digits.
  double codings = 0;
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    codings += static_cast<double>(patterns.items[p] * patterns.ratings_of(p));
  }
  std::vector<double> count(values.size(), 0);
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    for (std::size_t e = patterns.first[p]; e < patterns.first[p + 1]; ++e) {
      count[patterns.symbol[e]] +=
          static_cast<double>(patterns.items[p]) * static_cast<double>(patterns.times[e]);
    }
  }
  const double mean =
      order_free_sum(values.size(), [&](std::size_t k) { return count[k] * values[k]; }) /
      std::max(codings, 1.0);
  AgreementModel model;
  model.rows.column_count = interval::square_column + 1;
  CSL_TRY(add_paired_rows(patterns, model, [&](std::size_t p, double in_unit) {
    const auto symbols = patterns.symbols_of(p);
    const auto times = patterns.times_of(p);
    const double sum = order_free_sum(
        symbols.size(), [&](std::size_t k) { return times[k] * (values[symbols[k]] - mean); });
    const double unit_mean = sum / in_unit;
    const double within = order_free_sum(symbols.size(), [&](std::size_t k) {
      const double apart = values[symbols[k]] - mean - unit_mean;
      return times[k] * (apart * apart);
    });
    const double squares = order_free_sum(symbols.size(), [&](std::size_t k) {
      const double apart = values[symbols[k]] - mean;
      return times[k] * (apart * apart);
    });
    model.rows.add(interval::codings_column, in_unit);
    model.rows.add(interval::disagreement_column, 2 * in_unit * within / (in_unit - 1));
    model.rows.add(interval::value_column, sum);
    model.rows.add(interval::square_column, squares);
  }));
  mark_columns(model, {1, 2, 3, 4});
  model.coefficient = std::make_shared<const IntervalAlpha>();
  return model;
}

}  // namespace

Result<CoefficientValue> AlphaCoefficient::evaluate(std::span<const double> sums) const {
  const double codings = sums[codings_column];
  if (!(codings >= 2)) return no_pairs();
  const auto [disagreement, product] = parts(sums);
  if (!(product > 0)) {
    return fail(ErrorCode::InvalidInput,
                "all codings are of one value: alpha is undefined, not perfect", {},
                "choose units of which more than one value is expected");
  }
  const double observed = disagreement / codings;
  const double expected = product / (codings * (codings - 1));
  return CoefficientValue{1 - observed / expected, observed, expected};
}

void AlphaCoefficient::add_published_shift(std::span<const double> sums, const SummandRows& rows,
                                           std::span<double> deviation) const {
  const auto [disagreement, product] = parts(sums);
  double units = 0;
  for (const std::uint64_t count : rows.items) units += static_cast<double>(count);
  const double mean_codings = sums[codings_column] / units;
  for (std::size_t p = 0; p < rows.count(); ++p) {
    const double codings = rows.value[rows.first[p]];
    deviation[p] -= disagreement / product * (codings / mean_codings - 1);
  }
}

Result<AgreementModel> alpha_model(const RatingPatterns& patterns, const AlphaScale& scale) {
  CSL_TRY(check_scale(patterns, scale));
  switch (scale.metric) {
    case AlphaMetric::Nominal: {
      AgreementModel model = CSL_TRY(fixed_model(patterns, NominalDifference{}));
      model.column_mark.resize(model.rows.column_count, 0);
      model.column_class.resize(model.rows.column_count);
      std::iota(model.column_class.begin() + fixed::first_class_column, model.column_class.end(),
                0U);
      return model;
    }
    case AlphaMetric::Interval:
      return interval_model(patterns, scale.class_values);
    case AlphaMetric::Ordinal: {
      AgreementModel model;
      const OrdinalScale ordinal(patterns, scale.class_values);
      model.rows.column_count = ordinal.column_count();
      CSL_TRY(add_paired_rows(patterns, model, [&](std::size_t p, double codings) {
        ordinal.add_summands(patterns, p, codings, model.rows);
      }));
      ordinal.mark(model);
      model.coefficient = ordinal.coefficient();
      return model;
    }
    case AlphaMetric::Ratio:
    case AlphaMetric::Circular:
      break;
  }
  AgreementModel model = CSL_TRY(fixed_model(
      patterns, ValueDifference{.metric = scale.metric,
                                .values = {scale.class_values.begin(), scale.class_values.end()},
                                .circumference = scale.circumference}));
  // The value, not the number, says which class a column is.
  for (std::size_t k = 0; k < scale.class_values.size(); ++k) {
    mark_columns(model, {std::bit_cast<std::uint64_t>(scale.class_values[k]) ^ 0x5851F42D4C957F2D});
  }
  return model;
}

Result<AgreementModel> alpha_model(const RatingPatterns& patterns, const Weights& weights) {
  if (weights.class_count() != patterns.symbol_count) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the weights are of {} classes, the votes of {}", weights.class_count(),
                            patterns.symbol_count));
  }
  if (weights.identity()) return alpha_model(patterns, AlphaScale{});
  AgreementModel model = CSL_TRY(fixed_model(patterns, WeightDifference{weights}));
  mark_classes(model, weights, fixed::first_class_column, 4);
  return model;
}

Result<AgreementModel> alpha_model(std::span<const double> ratings, std::size_t item_count,
                                   std::size_t rater_count, AlphaMetric metric,
                                   double circumference) {
  std::vector<double> values;
  const RatingPatterns patterns = CSL_TRY(value_patterns(ratings, item_count, rater_count, values));
  return alpha_model(
      patterns,
      AlphaScale{.metric = metric, .class_values = values, .circumference = circumference});
}

}  // namespace consilium
