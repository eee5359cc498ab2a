#include "analysis/agreement/agreement_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/interval.hpp"
#include "analysis/statistics/order_free_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

Status check_level(double level) {
  if (level > 0 && level < 1) return {};
  return fail(ErrorCode::InvalidInput, "the confidence level is not between 0 and 1");
}

Uncertainty uncertainty_of(double coefficient, double variance, double degrees, double level,
                           Interval range) {
  const double standard_error = std::sqrt(std::max(variance, 0.0));
  const double half_width = student_quantile(1 - (1 - level) / 2, degrees) * standard_error;
  // Full agreement has standard error 0: the quotient is then infinite and the p value 0.
  const double quotient = coefficient == 0 ? 0 : coefficient / standard_error;
  return {.standard_error = standard_error,
          .degrees_of_freedom = degrees,
          .interval = {std::max(coefficient - half_width, range.lower),
                       std::min(coefficient + half_width, range.upper)},
          .p_value = student_two_sided(quotient, degrees)};
}

std::uint64_t item_count_of(const SummandRows& rows) {
  return std::accumulate(rows.items.begin(), rows.items.end(), std::uint64_t{0});
}

}  // namespace

void Coefficient::gradient(std::span<const double> sums, std::span<double> by_sum) const {
  std::vector<double> moved(sums.begin(), sums.end());
  for (std::size_t j = 0; j < sums.size(); ++j) {
    const double step = std::max(std::abs(sums[j]), 1e-3) * 6e-6;
    moved[j] = sums[j] + step;
    const auto above = evaluate(moved);
    moved[j] = sums[j] - step;
    const auto below = evaluate(moved);
    moved[j] = sums[j];
    by_sum[j] = above && below ? (above->coefficient - below->coefficient) / (2 * step) : 0;
  }
}

void Coefficient::add_published_shift(std::span<const double>, const SummandRows&,
                                      std::span<double>) const {}

std::vector<double> sums_of(const SummandRows& rows) {
  std::vector<double> largest(rows.column_count, 0);
  const auto term = [&](std::size_t p, std::size_t e) {
    return static_cast<double>(rows.items[p]) * rows.value[e];
  };
  for (std::size_t p = 0; p < rows.count(); ++p) {
    for (std::size_t e = rows.first[p]; e < rows.first[p + 1]; ++e) {
      double& most = largest[rows.column[e]];
      most = std::max(most, std::abs(term(p, e)));
    }
  }
  // As order_free_sum does it, for all columns at once.
  std::vector<int> shift(rows.column_count, 0);
  std::vector<Wide> sum(rows.column_count, 0);
  for (std::size_t c = 0; c < rows.column_count; ++c) {
    if (largest[c] > 0) shift[c] = std::clamp(order_free_shift(largest[c]), -1000, 900);
  }
  std::vector<double> scale(rows.column_count);
  std::ranges::transform(shift, scale.begin(), [](int s) { return std::ldexp(1.0, s); });
  for (std::size_t p = 0; p < rows.count(); ++p) {
    for (std::size_t e = rows.first[p]; e < rows.first[p + 1]; ++e) {
      const std::uint32_t c = rows.column[e];
      sum[c] += static_cast<std::int64_t>(term(p, e) * scale[c]);
    }
  }
  std::vector<double> result(rows.column_count);
  for (std::size_t c = 0; c < rows.column_count; ++c) {
    result[c] = std::ldexp(static_cast<double>(sum[c]), -shift[c]);
  }
  return result;
}

std::vector<double> influences(const AgreementModel& model, std::span<const double> sums) {
  const SummandRows& rows = model.rows;
  std::vector<double> gradient(rows.column_count, 0);
  model.coefficient->gradient(sums, gradient);
  std::vector<double> influence(rows.count());
  for (std::size_t p = 0; p < rows.count(); ++p) {
    const std::size_t begin = rows.first[p];
    influence[p] = order_free_sum(rows.first[p + 1] - begin, [&](std::size_t e) {
      return gradient[rows.column[begin + e]] * rows.value[begin + e];
    });
  }
  // The small-sample corrections in a coefficient leave a mean that is no part of its deviation.
  const auto count = static_cast<double>(item_count_of(rows));
  const double mean = order_free_sum(rows.count(),
                                     [&](std::size_t p) {
                                       return static_cast<double>(rows.items[p]) * influence[p];
                                     }) /
                      count;
  for (double& value : influence) value -= mean;
  return influence;
}

Result<AgreementEstimate> estimate(const AgreementModel& model, double level) {
  CSL_TRY(check_level(level));
  const std::vector<double> sums = sums_of(model.rows);
  const CoefficientValue value = CSL_TRY(model.coefficient->evaluate(sums));
  AgreementEstimate result{.coefficient = value.coefficient,
                           .observed = value.observed,
                           .expected = value.expected,
                           .item_count = item_count_of(model.rows),
                           .uncertainty = std::nullopt};
  if (result.item_count < 2) return result;
  const auto n = static_cast<double>(result.item_count);
  std::vector<double> deviation = influences(model, sums);
  for (double& value_of_row : deviation) value_of_row *= n;
  model.coefficient->add_published_shift(sums, model.rows, deviation);
  const double squares = order_free_sum(deviation.size(), [&](std::size_t p) {
    return static_cast<double>(model.rows.items[p]) * (deviation[p] * deviation[p]);
  });
  const bool sample = model.form == StandardErrorForm::Sample;
  result.uncertainty =
      uncertainty_of(value.coefficient, squares / (n * (sample ? n - 1 : n)),
                     sample ? n - 1 : std::numeric_limits<double>::infinity(), level, model.range);
  return result;
}

Result<ClusterItems> items_by_cluster(const AgreementModel& model,
                                      std::span<const std::uint32_t> cluster) {
  if (cluster.size() != model.row_of_item.size()) {
    return fail(ErrorCode::InvalidInput, "the clusters are not one for each item",
                fmt::format("{} clusters, {} items", cluster.size(), model.row_of_item.size()));
  }
  std::vector<std::uint64_t> keys;  // cluster, then item
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    if (model.row_of_item[i] != no_row) keys.push_back(std::uint64_t{cluster[i]} << 32U | i);
  }
  if (!std::ranges::is_sorted(keys)) std::ranges::sort(keys);
  ClusterItems result;
  result.item.reserve(keys.size());
  for (std::size_t j = 0; j < keys.size(); ++j) {
    if (j > 0 && keys[j] >> 32U != keys[j - 1] >> 32U) result.first.push_back(j);
    result.item.push_back(static_cast<std::uint32_t>(keys[j]));
  }
  result.first.push_back(keys.size());
  if (result.count() < 2) {
    return fail(ErrorCode::InvalidInput,
                "fewer than two clusters have ratings: between clusters nothing can be compared",
                {}, "give the items their patients as clusters");
  }
  return result;
}

Result<AgreementEstimate> estimate_clustered(const AgreementModel& model,
                                             std::span<const std::uint32_t> cluster, double level) {
  CSL_TRY(check_level(level));
  const std::vector<double> sums = sums_of(model.rows);
  const CoefficientValue value = CSL_TRY(model.coefficient->evaluate(sums));
  const ClusterItems clusters = CSL_TRY(items_by_cluster(model, cluster));
  const std::vector<double> influence = influences(model, sums);
  const auto total = [&](std::size_t g) {
    const std::size_t begin = clusters.first[g];
    return order_free_sum(clusters.first[g + 1] - begin, [&](std::size_t j) {
      return influence[model.row_of_item[clusters.item[begin + j]]];
    });
  };
  std::vector<double> totals(clusters.count());
  for (std::size_t g = 0; g < totals.size(); ++g) totals[g] = total(g);
  const auto count = static_cast<double>(clusters.count());
  const double squares =
      order_free_sum(totals.size(), [&](std::size_t g) { return totals[g] * totals[g]; });
  return AgreementEstimate{
      .coefficient = value.coefficient,
      .observed = value.observed,
      .expected = value.expected,
      .item_count = item_count_of(model.rows),
      .uncertainty = uncertainty_of(value.coefficient, squares * count / (count - 1), count - 1,
                                    level, model.range)};
}

}  // namespace consilium
