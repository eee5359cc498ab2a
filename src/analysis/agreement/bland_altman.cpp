#include "analysis/agreement/bland_altman.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

Status check_shares(double coverage, double level) {
  if (coverage > 0 && coverage < 1 && level > 0 && level < 1) return {};
  return fail(ErrorCode::InvalidInput, "the coverage or the level is not between 0 and 1");
}

Result<std::vector<double>> differences_of(std::span<const double> first,
                                           std::span<const double> second) {
  if (first.size() != second.size() || first.size() < 2) {
    return fail(ErrorCode::InvalidInput, "two methods are compared on two pairs of values or more",
                fmt::format("{} and {} values", first.size(), second.size()));
  }
  std::vector<double> difference(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    difference[i] = first[i] - second[i];
    if (!(std::abs(difference[i]) <= measured_value_max)) {
      return fail(ErrorCode::InvalidInput, "a value is missing, infinite or beyond 1e100",
                  fmt::format("pair {}", i), "leave the pair out");
    }
  }
  return difference;
}

double mean_of(std::span<const double> values) {
  return order_free_sum(values.size(), [&](std::size_t i) { return values[i]; }) /
         static_cast<double>(values.size());
}
double squares_around(std::span<const double> values, double centre) {
  return order_free_sum(values.size(),
                        [&](std::size_t i) { return (values[i] - centre) * (values[i] - centre); });
}

constexpr std::uint32_t pairs_column = 0;
constexpr std::uint32_t difference_column = 1;
constexpr std::uint32_t square_column = 2;

class Part final : public Coefficient {
 public:
  Part(BlandAltmanPart part, double z, double centre) : part_(part), z_(z), centre_(centre) {}
  Result<CoefficientValue> evaluate(std::span<const double> sums) const override {
    const double n = sums[pairs_column];
    if (!(n > 1)) return fail(ErrorCode::InvalidInput, "limits need two pairs");
    const double mean = sums[difference_column] / n;
    const double variance = std::max(sums[square_column] - n * mean * mean, 0.0) / (n - 1);
    const double width = z_ * std::sqrt(variance);
    double value = centre_ + mean;
    if (part_ == BlandAltmanPart::LowerLimit) value -= width;
    if (part_ == BlandAltmanPart::UpperLimit) value += width;
    return CoefficientValue{value, centre_ + mean, std::sqrt(variance)};
  }

 private:
  BlandAltmanPart part_;
  double z_;
  double centre_;  // differences are summed from here, so that squares keep their digits
};

// Pairs of one patient, summed up.
struct Patients {
  std::vector<double> mean;
  std::vector<double> pairs;
  double within_squares = 0;
};

Patients patients_of(std::span<const double> difference, std::span<const std::uint32_t> patient) {
  std::vector<std::size_t> order(difference.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return patient[i]; });
  Patients patients;
  std::vector<double> within;
  for (std::size_t begin = 0; begin < order.size();) {
    std::vector<double> own;
    std::size_t end = begin;
    for (; end < order.size() && patient[order[end]] == patient[order[begin]]; ++end) {
      own.push_back(difference[order[end]]);
    }
    patients.mean.push_back(mean_of(own));
    patients.pairs.push_back(static_cast<double>(own.size()));
    within.push_back(squares_around(own, patients.mean.back()));
    begin = end;
  }
  patients.within_squares = order_free_sum(within.size(), [&](std::size_t g) { return within[g]; });
  return patients;
}

}  // namespace

Result<BlandAltman> bland_altman(std::span<const double> first, std::span<const double> second,
                                 double coverage, double level) {
  CSL_TRY(check_shares(coverage, level));
  const std::vector<double> difference = CSL_TRY(differences_of(first, second));
  const auto n = static_cast<double>(difference.size());
  const double z = normal_quantile(1 - (1 - coverage) / 2);
  const double t = student_quantile(1 - (1 - level) / 2, n - 1);
  BlandAltman result;
  result.pair_count = difference.size();
  result.patient_count = difference.size();
  result.bias = mean_of(difference);
  result.standard_deviation = std::sqrt(squares_around(difference, result.bias) / (n - 1));
  const double width = z * result.standard_deviation;
  result.lower_limit = result.bias - width;
  result.upper_limit = result.bias + width;
  const double of_bias = t * result.standard_deviation / std::sqrt(n);
  const double of_limit = t * result.standard_deviation * std::sqrt(1 / n + z * z / (2 * (n - 1)));
  result.bias_interval = {result.bias - of_bias, result.bias + of_bias};
  result.lower_limit_interval = {result.lower_limit - of_limit, result.lower_limit + of_limit};
  result.upper_limit_interval = {result.upper_limit - of_limit, result.upper_limit + of_limit};
  return result;
}

Result<BlandAltman> bland_altman_repeated(std::span<const double> first,
                                          std::span<const double> second,
                                          std::span<const std::uint32_t> patient, double coverage,
                                          double level) {
  CSL_TRY(check_shares(coverage, level));
  const std::vector<double> difference = CSL_TRY(differences_of(first, second));
  if (patient.size() != difference.size()) {
    return fail(ErrorCode::InvalidInput, "the patients are not one for each pair",
                fmt::format("{} patients, {} pairs", patient.size(), difference.size()));
  }
  const Patients patients = patients_of(difference, patient);
  const auto n = static_cast<double>(patients.mean.size());
  const auto pairs = static_cast<double>(difference.size());
  if (n < 2 || pairs <= n) {
    return fail(ErrorCode::InvalidInput,
                n < 2 ? "limits over patients need two patients" : "no patient has two pairs", {},
                "use the limits of single pairs");
  }
  const double harmonic = n / order_free_sum(patients.pairs.size(),
                                             [&](std::size_t g) { return 1 / patients.pairs[g]; });
  BlandAltman result;
  result.pair_count = difference.size();
  result.patient_count = patients.mean.size();
  result.bias = mean_of(patients.mean);
  const double between = squares_around(patients.mean, result.bias) / (n - 1);
  const double within = (1 - 1 / harmonic) * patients.within_squares / (pairs - n);
  const double variance = between + within;
  result.standard_deviation = std::sqrt(variance);
  const double z = normal_quantile(1 - (1 - coverage) / 2);
  result.lower_limit = result.bias - z * result.standard_deviation;
  result.upper_limit = result.bias + z * result.standard_deviation;

  const double tail = (1 - level) / 2;
  const double of_bias = student_quantile(1 - tail, n - 1) * std::sqrt(between / n);
  result.bias_interval = {result.bias - of_bias, result.bias + of_bias};
  // MOVER: the variance's limits from those of its two independent parts, then the limits of
  // agreement's from those of bias and standard deviation.
  const auto share = [](double probability, double degrees) {
    return 1 - degrees / chi_square_quantile(probability, degrees);
  };
  const double least =
      variance - std::hypot(between * share(1 - tail, n - 1), within * share(1 - tail, pairs - n));
  const double most =
      variance + std::hypot(between * share(tail, n - 1), within * share(tail, pairs - n));
  const double narrow = z * (result.standard_deviation - std::sqrt(std::max(least, 0.0)));
  const double wide = z * (std::sqrt(most) - result.standard_deviation);
  result.upper_limit_interval = {result.upper_limit - std::hypot(of_bias, narrow),
                                 result.upper_limit + std::hypot(of_bias, wide)};
  result.lower_limit_interval = {result.lower_limit - std::hypot(of_bias, wide),
                                 result.lower_limit + std::hypot(of_bias, narrow)};
  return result;
}

Result<AgreementModel> bland_altman_model(std::span<const double> first,
                                          std::span<const double> second, BlandAltmanPart part,
                                          double coverage) {
  CSL_TRY(check_shares(coverage, 0.5));
  const std::vector<double> difference = CSL_TRY(differences_of(first, second));
  const double centre = mean_of(difference);
  AgreementModel model;
  model.coefficient =
      std::make_shared<const Part>(part, normal_quantile(1 - (1 - coverage) / 2), centre);
  model.rows.column_count = square_column + 1;
  for (const double value : difference) {
    model.row_of_item.push_back(static_cast<std::uint32_t>(model.rows.count()));
    model.rows.add(pairs_column, 1);
    model.rows.add(difference_column, value - centre);
    model.rows.add(square_column, (value - centre) * (value - centre));
    model.rows.end_row(1);
  }
  model.range = {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  model.column_mark = {1, 2, 3};
  model.column_class = {no_row, no_row, no_row};
  return model;
}

}  // namespace consilium
