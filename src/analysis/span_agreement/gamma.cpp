#include "analysis/span_agreement/gamma.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>

#include "analysis/parallel/parallel.hpp"
#include "analysis/span_agreement/gamma_align.hpp"

namespace consilium {
namespace {

using gamma_detail::Aligned;
using gamma_detail::ChanceModel;
using gamma_detail::Distances;
using gamma_detail::Item;

constexpr std::uint32_t raters_max = 64;
constexpr unsigned threads_max = 64;
constexpr double confidence = 1.96;

Status check_options(const UnitStudy& study, const GammaOptions& options) {
  const auto in = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  if (!in(options.positional_weight, 0, 1000) || !in(options.categorical_weight, 0, 1000) ||
      !in(options.empty_cost, 1e-6, 1e6) || !in(options.precision, 0, 1) || options.samples < 2 ||
      options.samples_max < options.samples) {
    return fail(ErrorCode::InvalidInput, "an option of gamma is out of range", {},
                "weights are 0 to 1000, empty_cost above 0, precision 0 to 1, samples 2 or more");
  }
  if (options.category_distance.empty()) return {};
  const std::size_t k = study.category_count;
  bool fits = options.category_distance.size() == k * k;
  for (std::size_t i = 0; fits && i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      const double distance = options.category_distance[i * k + j];
      fits = fits && in(distance, 0.0, i == j ? 0.0 : 1.0) &&
             distance == options.category_distance[j * k + i];
    }
  }
  if (fits) return {};
  return fail(ErrorCode::InvalidInput, "the distances of categories are no such table", {},
              "give category_count squared values, symmetric, 0 to 1, zeros on the diagonal");
}

// Raters and categories in numbers that depend on what was marked, so that the caller's own numbers
// do not show in the samples.
struct Canonical {
  std::vector<Item> items;
  std::vector<std::uint32_t> unit;      // of each item, in the study
  std::vector<std::uint32_t> category;  // the caller's number of each of ours
  std::uint32_t rater_count = 0;
};

// Ranks of `keys`, equal ones in the order in which they stand.
template <class Key>
std::vector<std::uint32_t> order_by(const std::vector<Key>& keys) {
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order,
                           [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  return order;
}

std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> rank(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  return rank;
}

Result<Canonical> canonical_items(const UnitStudy& study, const UnitOrder& order,
                                  std::uint32_t continuum) {
  const std::vector<std::uint32_t> readers = order.readers(continuum);
  if (readers.size() < 2 || readers.size() > raters_max) {
    return fail(readers.size() < 2 ? ErrorCode::InvalidInput : ErrorCode::TooLarge,
                "gamma needs 2 to 64 raters who read the continuum",
                fmt::format("continuum {}: {} readers", continuum, readers.size()),
                "choose raters");
  }
  std::vector<std::vector<Part>> of_category(study.category_count);
  for (const std::uint32_t rater : readers) {
    for (const std::uint32_t u : order.of(continuum, rater)) {
      const Unit& unit = study.units[u];
      if (unit.parts.size() > 1 || unit.parts.front().begin == unit.parts.front().end) {
        return fail(ErrorCode::InvalidInput, "a unit is discontinuous or a point",
                    fmt::format("unit {}", u),
                    "gamma is defined on contiguous units; see with_hulls, or give points a width");
      }
      of_category[unit.category].push_back(unit.parts.front());
    }
  }
  for (std::vector<Part>& parts : of_category) std::ranges::sort(parts);
  Canonical result;
  result.rater_count = static_cast<std::uint32_t>(readers.size());
  result.category = order_by(of_category);
  const std::vector<std::uint32_t> category_rank = inverse(result.category);
  std::vector<std::vector<std::pair<Part, std::uint32_t>>> of_rater(readers.size());
  for (std::size_t r = 0; r < readers.size(); ++r) {
    for (const std::uint32_t u : order.of(continuum, readers[r])) {
      of_rater[r].emplace_back(study.units[u].parts.front(),
                               category_rank[study.units[u].category]);
    }
    std::ranges::sort(of_rater[r]);
  }
  const std::vector<std::uint32_t> rater_rank = inverse(order_by(of_rater));
  std::vector<std::pair<Item, std::uint32_t>> all;
  for (std::size_t r = 0; r < readers.size(); ++r) {
    for (const std::uint32_t u : order.of(continuum, readers[r])) {
      const Part& part = study.units[u].parts.front();
      all.push_back({{static_cast<double>(part.begin), static_cast<double>(part.end), rater_rank[r],
                      category_rank[study.units[u].category]},
                     u});
    }
  }
  if (all.empty()) {
    return fail(ErrorCode::InvalidInput, "nobody marked a unit: gamma is undefined",
                fmt::format("continuum {}", continuum), "leave the continuum out");
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return std::tie(a.first.begin, a.first.end, a.first.rater, a.first.category, a.second) <
           std::tie(b.first.begin, b.first.end, b.first.rater, b.first.category, b.second);
  });
  for (const auto& [item, u] : all) {
    result.items.push_back(item);
    result.unit.push_back(u);
  }
  return result;
}

// What is taken of one sample: the disorder, then those of categories (all, then each).
struct Sample {
  double disorder = 0.0;
  bool exact = false;
  std::vector<std::optional<double>> category;
  std::optional<Error> error;
};

std::vector<std::optional<double>> category_disorders(std::span<const Item> items,
                                                      const Aligned& aligned,
                                                      const Distances& distances) {
  std::vector<std::optional<double>> result;
  result.push_back(gamma_detail::category_disorder(items, aligned, distances, std::nullopt));
  for (std::uint32_t k = 0; k < distances.category_count(); ++k) {
    result.push_back(gamma_detail::category_disorder(items, aligned, distances, k));
  }
  return result;
}

Sample sample_of(const ChanceModel& model, const Distances& distances, std::uint64_t seed,
                 std::uint64_t index) {
  // Samples have seeds of their own, so that any thread may take any of them.
  SeededRandom random(seed + 0x9E3779B97F4A7C15ULL * (index + 1));
  const std::vector<Item> items = gamma_detail::sample_items(model, random);
  Sample sample;
  Result<Aligned> aligned = gamma_detail::align(items, distances);
  if (!aligned) {
    sample.error = std::move(aligned).error();
    return sample;
  }
  sample.disorder = aligned->disorder;
  sample.exact = aligned->exact;
  sample.category = category_disorders(items, *aligned, distances);
  return sample;
}

void take_samples(std::vector<Sample>& samples, std::size_t count, const ChanceModel& model,
                  const Distances& distances, const GammaOptions& options) {
  const std::size_t taken = samples.size();
  samples.resize(std::max(count, taken));
  for_each_part(samples.size() - taken, std::min(options.threads, threads_max), [&] {
    return [&](std::size_t number) {
      samples[taken + number] = sample_of(model, distances, options.seed, taken + number);
    };
  });
}

struct Spread {
  double mean = 0.0;
  double variation = 0.0;  // standard deviation over the mean
};

Spread spread_of(const std::vector<Sample>& samples) {
  const auto n = static_cast<double>(samples.size());
  double sum = 0.0;
  for (const Sample& sample : samples) sum += sample.disorder;
  const double mean = sum / n;
  double squares = 0.0;
  for (const Sample& sample : samples) {
    squares += (sample.disorder - mean) * (sample.disorder - mean);
  }
  return {mean, mean > 0.0 ? std::sqrt(squares / (n - 1.0)) / mean : 0.0};
}

// 1 - observed / expected of one of the category disorders.
std::optional<double> category_gamma(const std::optional<double>& observed,
                                     const std::vector<Sample>& samples, std::size_t which) {
  double sum = 0.0;
  int count = 0;
  for (const Sample& sample : samples) {
    if (!sample.category[which]) continue;
    sum += *sample.category[which];
    ++count;
  }
  if (!observed || !(sum > 0.0)) return std::nullopt;
  return 1.0 - *observed / (sum / count);
}

}  // namespace

Result<Gamma> gamma_agreement(const UnitStudy& study, std::uint32_t continuum,
                              const GammaOptions& options) {
  const UnitOrder order = CSL_TRY(order_units(study));
  CSL_TRY(check_options(study, options));
  if (continuum >= study.extents.size()) {
    return fail(ErrorCode::InvalidInput, "there is no such continuum",
                fmt::format("continuum {} of {}", continuum, study.extents.size()),
                "mend its index");
  }
  const Canonical data = CSL_TRY(canonical_items(study, order, continuum));
  const std::size_t k = study.category_count;
  std::vector<double> category_distance(options.category_distance.size());
  for (std::size_t i = 0; i < category_distance.size(); ++i) {
    category_distance[i] =
        options.category_distance[data.category[i / k] * k + data.category[i % k]];
  }
  const Distances distances(options, data.rater_count, study.category_count,
                            std::move(category_distance));
  const Aligned aligned = CSL_TRY(gamma_detail::align(data.items, distances));
  const ChanceModel model =
      gamma_detail::chance_model(data.items, data.rater_count, study.category_count,
                                 static_cast<double>(study.extents[continuum].begin));
  std::vector<Sample> samples;
  take_samples(samples, options.samples, model, distances, options);
  Spread spread = spread_of(samples);
  if (options.precision > 0.0) {
    const double ratio = spread.variation * confidence / options.precision;
    const double needed =
        std::min(std::ceil(ratio * ratio), static_cast<double>(options.samples_max));
    take_samples(samples, static_cast<std::size_t>(needed), model, distances, options);
    spread = spread_of(samples);
  }
  for (Sample& sample : samples) {
    if (sample.error) return std::unexpected(std::move(*sample.error));
  }
  if (!(spread.mean > 0.0)) {
    return fail(ErrorCode::InvalidInput, "the expected disorder is 0: gamma is undefined",
                fmt::format("continuum {}", continuum), "give positions or categories a weight");
  }
  Gamma gamma;
  gamma.observed = aligned.disorder * options.empty_cost;
  gamma.expected = spread.mean * options.empty_cost;
  gamma.gamma = 1.0 - aligned.disorder / spread.mean;
  gamma.samples = static_cast<std::uint32_t>(samples.size());
  gamma.precision = confidence * spread.variation / std::sqrt(static_cast<double>(samples.size()));
  gamma.observed_is_exact = aligned.exact;
  gamma.samples_exact = static_cast<std::uint32_t>(std::ranges::count_if(samples, &Sample::exact));
  const auto observed = category_disorders(data.items, aligned, distances);
  gamma.gamma_cat = category_gamma(observed[0], samples, 0);
  gamma.gamma_k.resize(k);
  for (std::size_t c = 0; c < k; ++c) {
    gamma.gamma_k[data.category[c]] = category_gamma(observed[c + 1], samples, c + 1);
  }
  std::vector<std::uint8_t> grouped(data.items.size(), 0);
  const auto add = [&](std::vector<std::uint32_t> members) {
    for (std::uint32_t& m : members) {
      grouped[m] = 1;
      m = data.unit[m];
    }
    std::ranges::sort(members, {}, [&](std::uint32_t u) { return study.units[u].rater; });
    gamma.alignment.push_back(std::move(members));
  };
  for (const std::vector<std::uint32_t>& group : aligned.groups) add(group);
  for (std::uint32_t i = 0; i < data.items.size(); ++i) {
    if (grouped[i] == 0) add({i});
  }
  return gamma;
}

}  // namespace consilium
