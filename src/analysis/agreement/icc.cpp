#include "analysis/agreement/icc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/interval.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

// Columns: items; squared item means; squared ratings; each rater's sum. Ratings are taken from
// their grand mean and in units of their spread, so that squares keep their digits.
constexpr std::uint32_t items_column = 0;
constexpr std::uint32_t means_column = 1;
constexpr std::uint32_t squares_column = 2;
constexpr std::uint32_t first_rater_column = 3;

bool one_way(IccForm form) { return form == IccForm::OneWaySingle || form == IccForm::OneWayMean; }
bool random_raters(IccForm form) {
  return form == IccForm::TwoWayRandomSingle || form == IccForm::TwoWayRandomMean;
}
bool of_mean(IccForm form) {
  return form == IccForm::OneWayMean || form == IccForm::TwoWayRandomMean ||
         form == IccForm::TwoWayMixedMean;
}

// Squares below this share of the whole are rounding.
constexpr double least_share = 1e-13;

MeanSquares mean_squares_of(std::span<const double> sums) {
  const double n = sums[items_column];
  const auto k = static_cast<double>(sums.size() - first_rater_column);
  const auto raters = sums.subspan(first_rater_column);
  const double total = order_free_sum(raters.size(), [&](std::size_t j) { return raters[j]; });
  const double correction = total * total / (n * k);
  const double whole = sums[squares_column] - correction;
  const auto square = [&](double sum) { return sum > least_share * whole ? sum : 0; };
  const double between = square(k * sums[means_column] - correction);
  const double raters_square = square(
      order_free_sum(raters.size(), [&](std::size_t j) { return raters[j] * raters[j]; }) / n -
      correction);
  const double within = square(whole - between);
  return {.between_items = between / (n - 1),
          .within_items = within / (n * (k - 1)),
          .between_raters = raters_square / (k - 1),
          .rest = square(within - raters_square) / ((n - 1) * (k - 1))};
}

// Spearman and Brown: the reliability of a mean of k.
double stepped_up(double single, double k) { return k * single / (1 + (k - 1) * single); }

double coefficient_of(const MeanSquares& ms, double n, double k, IccForm form) {
  const double error = one_way(form) ? ms.within_items : ms.rest;
  const double raters = random_raters(form) ? (ms.between_raters - ms.rest) / n : 0;
  const double share = of_mean(form) ? raters : k * raters;
  const double errors = of_mean(form) ? 0 : (k - 1) * error;
  return (ms.between_items - error) / (ms.between_items + errors + share);
}

Status check_defined(const MeanSquares& ms) {
  if (ms.between_items > 0 || ms.within_items > 0) return {};
  return fail(ErrorCode::InvalidInput,
              "all ratings are equal: the intraclass correlation is undefined, not perfect", {},
              "measure items that differ");
}

class Icc final : public Coefficient {
 public:
  explicit Icc(IccForm form) : form_(form) {}
  Result<CoefficientValue> evaluate(std::span<const double> sums) const override {
    if (!(sums[items_column] > 1)) {
      return fail(ErrorCode::InvalidInput, "an intraclass correlation needs two items");
    }
    const MeanSquares ms = mean_squares_of(sums);
    CSL_TRY(check_defined(ms));
    const auto k = static_cast<double>(sums.size() - first_rater_column);
    const double value = coefficient_of(ms, sums[items_column], k, form_);
    if (!std::isfinite(value)) {
      return fail(ErrorCode::InvalidInput, "the items' means are equal: the form is undefined");
    }
    return CoefficientValue{value, ms.between_items, one_way(form_) ? ms.within_items : ms.rest};
  }

 private:
  IccForm form_;
};

Status check_ratings(std::span<const double> ratings, std::size_t items, std::size_t raters) {
  if (items < 2 || raters < 2 || ratings.size() / raters != items || ratings.size() % raters != 0) {
    return fail(ErrorCode::InvalidInput,
                "an intraclass correlation needs a table of at least two items and two raters",
                fmt::format("{} ratings, {} items, {} raters", ratings.size(), items, raters));
  }
  for (std::size_t i = 0; i < ratings.size(); ++i) {
    if (std::abs(ratings[i]) <= measured_value_max) continue;
    return fail(ErrorCode::InvalidInput, "a rating is missing, infinite or beyond 1e100",
                fmt::format("item {}, rater {}", i / raters, i % raters),
                "leave the item out, or use alpha, which allows for missing ratings");
  }
  return {};
}

// The intervals of one way and of mixed raters: from F = BMS / error.
Interval ratio_interval(double between, double error, double above, double below, double k,
                        double tail, bool mean) {
  if (!(error > 0)) return {1, 1};
  const double f = between / error;
  const double lower = f / fisher_quantile(1 - tail, above, below);
  const double upper = f * fisher_quantile(1 - tail, below, above);
  const auto form = [&](double ratio) {
    return mean ? 1 - 1 / ratio : (ratio - 1) / (ratio + k - 1);
  };
  return {form(lower), form(upper)};
}

// Shrout and Fleiss, p. 424: an approximate F with degrees of freedom after Satterthwaite.
Interval random_interval(const MeanSquares& ms, double n, double k, double tail, bool mean) {
  const double rho = coefficient_of(ms, n, k, IccForm::TwoWayRandomSingle);
  double degrees = (k - 1);
  if (ms.rest > 0) {
    const double f = ms.between_raters / ms.rest;
    const double a = k * rho * f;
    const double b = n * (1 + (k - 1) * rho) - k * rho;
    degrees = (k - 1) * (n - 1) * (a + b) * (a + b) / ((n - 1) * a * a + b * b);
  }
  const double above = fisher_quantile(1 - tail, n - 1, degrees);
  const double below = fisher_quantile(1 - tail, degrees, n - 1);
  const double noise = k * ms.between_raters + (k * n - k - n) * ms.rest;
  const double lower =
      n * (ms.between_items - above * ms.rest) / (above * noise + n * ms.between_items);
  const double upper =
      n * (below * ms.between_items - ms.rest) / (noise + n * below * ms.between_items);
  return mean ? Interval{stepped_up(lower, k), stepped_up(upper, k)} : Interval{lower, upper};
}

// The ratings' grand mean and their largest distance from it.
struct Spread {
  double mean = 0;
  double largest = 0;  // 0 when the ratings are equal
};
Spread spread_of(std::span<const double> ratings) {
  Spread spread;
  spread.mean = order_free_sum(ratings.size(), [&](std::size_t i) { return ratings[i]; }) /
                static_cast<double>(ratings.size());
  for (const double rating : ratings) {
    spread.largest = std::max(spread.largest, std::abs(rating - spread.mean));
  }
  // Of equal ratings the mean may be rounded.
  if (spread.largest <= 1e-14 * std::abs(spread.mean)) spread.largest = 0;
  return spread;
}

}  // namespace

std::string_view name_of(IccForm form) {
  static constexpr std::array<std::string_view, 6> names{"(1,1)", "(2,1)", "(3,1)",
                                                         "(1,k)", "(2,k)", "(3,k)"};
  return names[static_cast<std::size_t>(form)];
}

Result<AgreementModel> icc_model(std::span<const double> ratings, std::size_t item_count,
                                 std::size_t rater_count, IccForm form) {
  CSL_TRY(check_ratings(ratings, item_count, rater_count));
  const auto k = static_cast<double>(rater_count);
  const auto [mean, spread] = spread_of(ratings);
  AgreementModel model;
  model.coefficient = std::make_shared<const Icc>(form);
  model.rows.column_count = first_rater_column + rater_count;
  for (std::size_t i = 0; i < item_count; ++i) {
    const std::span<const double> row = ratings.subspan(i * rater_count, rater_count);
    const auto standard = [&row, mean = mean, spread = spread](std::size_t j) {
      return spread > 0 ? (row[j] - mean) / spread : 0;
    };
    const double item_mean = order_free_sum(rater_count, standard) / k;
    model.rows.add(items_column, 1);
    model.rows.add(means_column, item_mean * item_mean);
    model.rows.add(squares_column, order_free_sum(rater_count, [&](std::size_t j) {
                     return standard(j) * standard(j);
                   }));
    for (std::size_t j = 0; j < rater_count; ++j) {
      model.rows.add(static_cast<std::uint32_t>(first_rater_column + j), standard(j));
    }
    model.rows.end_row(1);
    model.row_of_item.push_back(static_cast<std::uint32_t>(i));
  }
  // That of a mean of ratings is not bounded below.
  model.range = {of_mean(form) ? -std::numeric_limits<double>::infinity() : -1, 1};
  model.column_mark.assign(model.rows.column_count, 4);
  for (std::uint32_t c = 0; c < first_rater_column; ++c) model.column_mark[c] = c;
  model.column_class.assign(model.rows.column_count, no_row);
  return model;
}

Result<IccTable> intraclass_correlations(std::span<const double> ratings, std::size_t item_count,
                                         std::size_t rater_count, double level) {
  if (!(level > 0 && level < 1)) {
    return fail(ErrorCode::InvalidInput, "the confidence level is not between 0 and 1");
  }
  const AgreementModel model =
      CSL_TRY(icc_model(ratings, item_count, rater_count, IccForm::OneWaySingle));
  const std::vector<double> sums = sums_of(model.rows);
  const MeanSquares ms = mean_squares_of(sums);
  CSL_TRY(check_defined(ms));
  const auto n = static_cast<double>(item_count);
  const auto k = static_cast<double>(rater_count);
  const double tail = (1 - level) / 2;
  IccTable table;
  for (std::size_t f = 0; f < table.of_form.size(); ++f) {
    const auto form = static_cast<IccForm>(f);
    IccEstimate& estimate = table.of_form[f];
    estimate.coefficient = coefficient_of(ms, n, k, form);
    if (random_raters(form)) {
      estimate.interval = random_interval(ms, n, k, tail, of_mean(form));
    } else if (one_way(form)) {
      estimate.interval = ratio_interval(ms.between_items, ms.within_items, n - 1, n * (k - 1), k,
                                         tail, of_mean(form));
    } else {
      estimate.interval = ratio_interval(ms.between_items, ms.rest, n - 1, (n - 1) * (k - 1), k,
                                         tail, of_mean(form));
    }
  }
  // Back from units of the spread to the ratings' own.
  const double spread = spread_of(ratings).largest;
  const double square = spread * spread;
  table.mean_squares = {.between_items = ms.between_items * square,
                        .within_items = ms.within_items * square,
                        .between_raters = ms.between_raters * square,
                        .rest = ms.rest * square};
  return table;
}

}  // namespace consilium
