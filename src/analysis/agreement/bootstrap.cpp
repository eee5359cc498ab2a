#include "analysis/agreement/bootstrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "analysis/agreement/resampling_units.hpp"
#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/binomial.hpp"
#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/interval.hpp"
#include "analysis/statistics/order_free_sum.hpp"
#include "base/random.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Draws replicates; each thread has one.
class Resampler {
 public:
  Resampler(const ResamplingUnits& units, const Coefficient& coefficient)
      : units_(units),
        coefficient_(coefficient),
        scale_(units.column_shift.size()),
        drawn_(units.count()),
        sum_(units.column_shift.size()),
        sums_(units.column_shift.size()) {
    std::ranges::transform(units.column_shift, scale_.begin(),
                           [](int shift) { return std::ldexp(1.0, -shift); });
    // A binomial number costs as much as about ten uniform ones.
    multinomial_ = units.count() * 10 < units.unit_count;
    if (multinomial_ || units.count() == units.unit_count) return;
    row_of_unit_.reserve(units.unit_count);
    for (std::size_t p = 0; p < units.count(); ++p) {
      row_of_unit_.insert(row_of_unit_.end(), units.units[p], static_cast<std::uint32_t>(p));
    }
  }

  double replicate(std::uint64_t seed, std::uint32_t number) {
    SeededRandom random(seed ^ (std::uint64_t{number} + 1) * 0x9E3779B97F4A7C15ULL);
    draw(random);
    return value();
  }
  // The coefficient of the units themselves, summed as replicates are.
  double original() {
    std::ranges::transform(units_.units, drawn_.begin(),
                           [](std::uint64_t n) { return static_cast<std::uint32_t>(n); });
    return value();
  }

 private:
  void draw(SeededRandom& random) {
    if (multinomial_) {
      std::uint64_t left = units_.unit_count;   // to draw
      std::uint64_t among = units_.unit_count;  // from
      for (std::size_t p = 0; p < units_.count(); ++p) {
        drawn_[p] = static_cast<std::uint32_t>(draw_binomial(
            left, static_cast<double>(units_.units[p]) / static_cast<double>(among), random));
        left -= drawn_[p];
        among -= units_.units[p];
      }
      return;
    }
    std::ranges::fill(drawn_, 0U);
    // Random words are made a block at a time; a product's upper half is a unit, with a bias below
    // units / 2^64.
    std::array<std::uint64_t, 512> words{};
    for (std::uint64_t left = units_.unit_count; left > 0;) {
      const std::uint64_t count = std::min<std::uint64_t>(left, words.size());
      random.fill(std::as_writable_bytes(std::span(words).first(count)));
      for (std::size_t w = 0; w < count; ++w) {
        const auto unit = static_cast<std::size_t>(
            static_cast<WideUnsigned>(words[w]) * units_.unit_count >> 64U);
        ++drawn_[row_of_unit_.empty() ? unit : row_of_unit_[unit]];
      }
      left -= count;
    }
  }
  double value() {
    std::ranges::fill(sum_, 0);
    for (std::size_t p = 0; p < units_.count(); ++p) {
      const auto times = static_cast<std::int64_t>(drawn_[p]);
      for (std::size_t e = units_.first[p]; e < units_.first[p + 1]; ++e) {
        sum_[units_.column[e]] += times * units_.value[e];
      }
    }
    for (std::size_t c = 0; c < sum_.size(); ++c) {
      sums_[c] = static_cast<double>(sum_[c]) * scale_[c];
    }
    const auto result = coefficient_.evaluate(sums_);
    return result ? result->coefficient : undefined;
  }

  const ResamplingUnits& units_;
  const Coefficient& coefficient_;
  std::vector<double> scale_;
  bool multinomial_ = false;
  std::vector<std::uint32_t> row_of_unit_;
  std::vector<std::uint32_t> drawn_;
  std::vector<std::int64_t> sum_;
  std::vector<double> sums_;
};

std::vector<double> draw_replicates(const ResamplingUnits& units, const Coefficient& coefficient,
                                    const BootstrapOptions& options) {
  std::vector<double> replicates(options.replicates);
  const unsigned threads = std::clamp(options.threads, 1U, 64U);
  for_each_part(options.replicates, threads, [&] {
    return [&, resampler = Resampler(units, coefficient)](std::size_t b) mutable {
      replicates[b] = resampler.replicate(options.seed, static_cast<std::uint32_t>(b));
    };
  });
  return replicates;
}

// Linear interpolation between order statistics (definition 7 of R. J. Hyndman, Y. Fan, Am. Stat.
// 50 (1996) 361-365).
double quantile_of(std::span<const double> sorted, double probability) {
  const double place = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

std::optional<Interval> bca_interval(std::span<const double> sorted, double original,
                                     const ResamplingUnits& units, double tail) {
  const auto [low, high] = std::ranges::equal_range(sorted, original);
  const auto below = static_cast<double>(low - sorted.begin());
  const auto equal = static_cast<double>(high - low);
  const double share = (below + equal / 2) / static_cast<double>(sorted.size());
  if (!(share > 0 && share < 1)) return std::nullopt;
  const double bias = normal_quantile(share);
  const auto power_sum = [&](int power) {
    return order_free_sum(units.count(), [&](std::size_t p) {
      const double u = units.influence[p];
      return static_cast<double>(units.units[p]) * (power == 2 ? u * u : u * u * u);
    });
  };
  const double squares = power_sum(2);
  const double acceleration = squares > 0 ? power_sum(3) / (6 * squares * std::sqrt(squares)) : 0;
  const auto end = [&](double probability) {
    const double z = bias + normal_quantile(probability);
    const double rest = 1 - acceleration * z;
    if (rest <= 0) return z < 0 ? sorted.front() : sorted.back();
    return quantile_of(sorted, normal_probability(bias + z / rest));
  };
  return Interval{end(tail), end(1 - tail)};
}

Status check_options(const BootstrapOptions& options) {
  if (options.replicates < 10 || options.replicates > bootstrap_replicates_max) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} replicates are not between 10 and {}",
                                                     options.replicates, bootstrap_replicates_max));
  }
  if (!(options.level > 0 && options.level < 1)) {
    return fail(ErrorCode::InvalidInput, "the confidence level is not between 0 and 1");
  }
  return {};
}

}  // namespace

Result<BootstrapEstimate> bootstrap(const AgreementModel& model, const BootstrapOptions& options) {
  CSL_TRY(check_options(options));
  const std::vector<double> sums = sums_of(model.rows);
  const CoefficientValue value = CSL_TRY(model.coefficient->evaluate(sums));
  std::optional<ClusterItems> clusters;
  if (!options.cluster.empty()) clusters = CSL_TRY(items_by_cluster(model, options.cluster));
  const ResamplingUnits units =
      resampling_units(model, influences(model, sums), clusters ? &*clusters : nullptr);
  if (units.unit_count < 2) {
    return fail(ErrorCode::InvalidInput, "a single item takes part: there is nothing to resample");
  }
  std::vector<double> replicates = draw_replicates(units, *model.coefficient, options);
  std::erase_if(replicates, [](double v) { return std::isnan(v); });
  const auto lost = static_cast<std::uint32_t>(options.replicates - replicates.size());
  if (replicates.size() * 2 < options.replicates) {
    return fail(ErrorCode::InvalidInput,
                "the coefficient is undefined on over half of the replicates",
                fmt::format("{} of {}", lost, options.replicates),
                "label more items, or items of more than one class");
  }
  std::ranges::sort(replicates);
  const auto count = static_cast<double>(replicates.size());
  const double mean =
      order_free_sum(replicates.size(), [&](std::size_t b) { return replicates[b]; }) / count;
  const double squares = order_free_sum(replicates.size(), [&](std::size_t b) {
    return (replicates[b] - mean) * (replicates[b] - mean);
  });
  const double tail = (1 - options.level) / 2;
  return BootstrapEstimate{
      .coefficient = value.coefficient,
      .standard_error = std::sqrt(squares / (count - 1)),
      .percentile = {quantile_of(replicates, tail), quantile_of(replicates, 1 - tail)},
      .bca = bca_interval(replicates, Resampler(units, *model.coefficient).original(), units, tail),
      .unit_count = units.unit_count,
      .undefined_count = lost};
}

}  // namespace consilium
