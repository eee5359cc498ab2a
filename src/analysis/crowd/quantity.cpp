#include "analysis/crowd/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <tuple>

#include "analysis/crowd/signature.hpp"
#include "analysis/statistics/distributions.hpp"

namespace consilium::crowd {
namespace {

// A symmetric positive definite matrix, brought to its inverse in place. Returns the log of its
// determinant.
class Square {
 public:
  explicit Square(std::size_t size) : size_(size), cells_(size * size) {}
  double& at(std::size_t i, std::size_t j) { return cells_[i * size_ + j]; }
  [[nodiscard]] double at(std::size_t i, std::size_t j) const { return cells_[i * size_ + j]; }

  double invert() {
    double log_determinant = 0;
    for (std::size_t j = 0; j < size_; ++j) {  // Cholesky: the lower triangle becomes the factor
      for (std::size_t i = j; i < size_; ++i) {
        double rest = at(i, j);
        for (std::size_t k = 0; k < j; ++k) rest -= at(i, k) * at(j, k);
        at(i, j) = i == j ? std::sqrt(std::max(rest, 1e-300)) : rest / at(j, j);
      }
      log_determinant += 2 * std::log(at(j, j));
    }
    for (std::size_t j = 0; j < size_; ++j) {  // the factor becomes its inverse
      at(j, j) = 1 / at(j, j);
      for (std::size_t i = j + 1; i < size_; ++i) {
        double sum = 0;
        for (std::size_t k = j; k < i; ++k) sum -= at(i, k) * at(k, j);
        at(i, j) = sum / at(i, i);
      }
    }
    for (std::size_t i = 0; i < size_; ++i) {  // inverse = transposed factor times factor
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (std::size_t k = i; k < size_; ++k) sum += at(k, i) * at(k, j);
        at(j, i) = sum;
      }
    }
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < i; ++j) at(i, j) = at(j, i);
    }
    return log_determinant;
  }

 private:
  std::size_t size_;
  std::vector<double> cells_;
};

// Measurements under canonical numbers, by item; only things with measurements take part.
struct Ordered {
  std::vector<std::uint32_t> item_of;  // original number by canonical one
  std::vector<std::uint32_t> rater_of;
  std::vector<std::size_t> first;  // by canonical item, one more
  std::vector<std::size_t> rater;  // canonical, by measurement
  std::vector<double> value;       // less the shift
  std::vector<double> votes_of_rater;
  double shift = 0;
  double variance = 0;
};

std::vector<std::uint32_t> seen_in_order(const std::vector<std::uint64_t>& signature,
                                         const std::vector<bool>& seen,
                                         std::vector<std::size_t>& number) {
  std::vector<std::uint32_t> kept;
  number.assign(signature.size(), 0);
  for (const std::uint32_t i : canonical_order(signature)) {
    if (!seen[i]) continue;
    number[i] = kept.size();
    kept.push_back(i);
  }
  return kept;
}

Ordered in_order(std::span<const Measurement> measurements, std::uint32_t item_count,
                 std::uint32_t rater_count) {
  std::vector<SignedEdge> edges;
  std::vector<bool> item_seen(item_count);
  std::vector<bool> rater_seen(rater_count);
  for (const Measurement& m : measurements) {
    edges.push_back({m.item, m.rater, std::bit_cast<std::uint64_t>(m.value + 0.0)});
    item_seen[m.item] = rater_seen[m.rater] = true;
  }
  const EdgeSignatures signatures = edge_signatures(edges, item_count, rater_count);
  Ordered data;
  std::vector<std::size_t> item_number;
  std::vector<std::size_t> rater_number;
  data.item_of = seen_in_order(signatures.a, item_seen, item_number);
  data.rater_of = seen_in_order(signatures.b, rater_seen, rater_number);
  std::vector<std::tuple<std::size_t, std::size_t, double>> sorted;
  for (const Measurement& m : measurements) {
    sorted.emplace_back(item_number[m.item], rater_number[m.rater], m.value);
  }
  std::ranges::sort(sorted);
  data.first.assign(data.item_of.size() + 1, 0);
  data.votes_of_rater.assign(data.rater_of.size(), 0);
  const auto count = static_cast<double>(sorted.size());
  for (const auto& [item, rater, value] : sorted) {
    ++data.first[item + 1];
    data.rater.push_back(rater);
    data.value.push_back(value);
    data.votes_of_rater[rater] += 1;
    data.shift += value / count;
  }
  for (std::size_t i = 0; i < data.item_of.size(); ++i) data.first[i + 1] += data.first[i];
  for (double& value : data.value) {
    value -= data.shift;
    data.variance += value * value / count;
  }
  return data;
}

class Fit {
 public:
  Fit(const Ordered& data, const QuantityOptions& options)
      : data_(data),
        options_(options),
        items_(data.item_of.size()),
        raters_(data.rater_of.size()),
        item_variance_(data.variance / 2),
        bias_variance_(data.variance / 10),
        common_(data.variance / 4),
        noise_(raters_, data.variance / 4),
        inverse_(raters_ + 1) {}

  void run(QuantityResult& result) {
    for (int iteration = 0; iteration < options_.iterations_max; ++iteration) {
      solve();
      result.objective_of.push_back(log_likelihood_ + noise_prior());
      const std::size_t done = result.objective_of.size();
      if (done > 1 &&
          result.objective_of[done - 1] - result.objective_of[done - 2] < options_.gain_min) {
        result.converged = true;
        break;
      }
      if (iteration + 1 < options_.iterations_max) maximise();
    }
    tell(result);
  }

 private:
  // Column 0 of the equations is the mean of all, column 1 + r the bias of rater r.
  void solve() {
    inverse_ = Square(raters_ + 1);
    solution_.assign(raters_ + 1, 0);
    std::vector<double> right(raters_ + 1);
    for (std::size_t r = 0; r < raters_; ++r) inverse_.at(r + 1, r + 1) = 1 / bias_variance_;
    double squares = 0;
    double log_terms = 0;
    weight_.assign(items_, 1 / item_variance_);
    sum_.assign(items_, 0);
    for (std::size_t i = 0; i < items_; ++i) {
      double of_raters = 0;
      for (std::size_t v = data_.first[i]; v < data_.first[i + 1]; ++v) {
        const std::size_t r = data_.rater[v];
        const double w = 1 / noise_[r];
        const double y = data_.value[v];
        of_raters += w;
        sum_[i] += w * y;
        squares += w * y * y;
        log_terms += std::log(2 * std::numbers::pi * noise_[r]);
        inverse_.at(0, r + 1) += w;
        inverse_.at(r + 1, r + 1) += w;
        right[r + 1] += w * y;
      }
      weight_[i] += of_raters;
      inverse_.at(0, 0) += of_raters;
      right[0] += sum_[i];
      squares -= sum_[i] * sum_[i] / weight_[i];
      log_terms += std::log(weight_[i]);
      eliminate(i, of_raters, right);
    }
    for (std::size_t r = 0; r < raters_; ++r) inverse_.at(r + 1, 0) = inverse_.at(0, r + 1);
    const double log_determinant = inverse_.invert();
    for (std::size_t a = 0; a <= raters_; ++a) {
      for (std::size_t b = 0; b <= raters_; ++b) solution_[a] += inverse_.at(a, b) * right[b];
      squares -= solution_[a] * right[a];
    }
    log_likelihood_ = -0.5 * (log_terms + static_cast<double>(items_) * std::log(item_variance_) +
                              static_cast<double>(raters_) * std::log(bias_variance_) +
                              log_determinant + squares - std::log(2 * std::numbers::pi));
  }

  // Item i's own mean is taken out of the equations.
  void eliminate(std::size_t i, double of_raters, std::vector<double>& right) {
    const double scale = 1 / weight_[i];
    inverse_.at(0, 0) -= scale * of_raters * of_raters;
    right[0] -= scale * of_raters * sum_[i];
    for (std::size_t v = data_.first[i]; v < data_.first[i + 1]; ++v) {
      const std::size_t r = data_.rater[v] + 1;
      const double w = 1 / noise_[r - 1];
      inverse_.at(0, r) -= scale * of_raters * w;
      right[r] -= scale * w * sum_[i];
      for (std::size_t u = data_.first[i]; u < data_.first[i + 1]; ++u) {
        const std::size_t s = data_.rater[u] + 1;
        inverse_.at(r, s) -= scale * w / noise_[s - 1];
      }
    }
  }

  // What the equations say of item i: its deviation from the mean of all, and how the errors of the
  // solution enter: (inverse x g) at column 0 and the item's raters, and g' inverse g.
  struct ItemView {
    double mean = 0;
    double of_mean = 0;           // (inverse g) at column 0
    std::vector<double> of_vote;  // (inverse g) at the rater of each vote
    double all = 0;               // g' inverse g
    double of_raters = 0;         // g at column 0
  };
  void view(std::size_t i, ItemView& item) const {
    const std::size_t begin = data_.first[i];
    const std::size_t end = data_.first[i + 1];
    item.of_raters = 0;
    for (std::size_t v = begin; v < end; ++v) item.of_raters += 1 / noise_[data_.rater[v]];
    const auto row_times_g = [&](std::size_t row) {
      double sum = item.of_raters * inverse_.at(row, 0);
      for (std::size_t v = begin; v < end; ++v) {
        sum += inverse_.at(row, data_.rater[v] + 1) / noise_[data_.rater[v]];
      }
      return sum;
    };
    item.of_mean = row_times_g(0);
    item.of_vote.clear();
    item.all = item.of_raters * item.of_mean;
    double told = sum_[i] - item.of_raters * solution_[0];
    for (std::size_t v = begin; v < end; ++v) {
      const double w = 1 / noise_[data_.rater[v]];
      item.of_vote.push_back(row_times_g(data_.rater[v] + 1));
      item.all += w * item.of_vote.back();
      told -= w * solution_[data_.rater[v] + 1];
    }
    item.mean = told / weight_[i];
  }

  void maximise() {
    std::vector<double> squares(raters_);
    double of_items = 0;
    ItemView item;
    for (std::size_t i = 0; i < items_; ++i) {
      view(i, item);
      const double d = weight_[i];
      of_items += item.mean * item.mean + 1 / d + item.all / (d * d);
      for (std::size_t v = data_.first[i]; v < data_.first[i + 1]; ++v) {
        const std::size_t r = data_.rater[v];
        const double rest = data_.value[v] - solution_[0] - solution_[r + 1] - item.mean;
        const double of_vote = item.of_mean + item.of_vote[v - data_.first[i]];
        const double own =
            inverse_.at(0, 0) + 2 * inverse_.at(0, r + 1) + inverse_.at(r + 1, r + 1);
        squares[r] += rest * rest + own - 2 * of_vote / d + item.all / (d * d) + 1 / d;
      }
    }
    const double least = data_.variance * 1e-9;
    double of_biases = 0;
    double precision = 0;
    for (std::size_t r = 0; r < raters_; ++r) {
      of_biases += solution_[r + 1] * solution_[r + 1] + inverse_.at(r + 1, r + 1);
      noise_[r] = std::max(least, (squares[r] + options_.noise_prior_votes * common_) /
                                      (data_.votes_of_rater[r] + options_.noise_prior_votes));
      precision += 1 / noise_[r];
    }
    common_ = static_cast<double>(raters_) / precision;
    item_variance_ = std::max(least, of_items / static_cast<double>(items_));
    bias_variance_ = std::max(least, of_biases / static_cast<double>(raters_));
  }

  // Log density of the log noise variances under a scaled inverse chi-square, without constants.
  [[nodiscard]] double noise_prior() const {
    double sum = 0;
    for (const double noise : noise_) {
      sum += options_.noise_prior_votes / 2 * (std::log(common_ / noise) - common_ / noise);
    }
    return sum;
  }

  void tell(QuantityResult& result) const {
    result.mean = data_.shift + solution_[0];
    result.item_variance = item_variance_;
    result.bias_variance = bias_variance_;
    result.noise_variance = common_;
    result.log_likelihood = log_likelihood_;
    std::ranges::fill(result.item_mean, result.mean);
    std::ranges::fill(result.item_deviation, std::sqrt(item_variance_ + inverse_.at(0, 0)));
    std::ranges::fill(result.rater_deviation, std::sqrt(common_));
    std::ranges::fill(result.rater_bias_deviation, std::sqrt(bias_variance_));
    ItemView item;
    for (std::size_t i = 0; i < items_; ++i) {
      view(i, item);
      const double d = weight_[i];
      // The item's value is mean of all plus own deviation; their errors go together.
      const double variance = inverse_.at(0, 0) - 2 * item.of_mean / d + item.all / (d * d) + 1 / d;
      result.item_mean[data_.item_of[i]] = result.mean + item.mean;
      result.item_deviation[data_.item_of[i]] = std::sqrt(std::max(0.0, variance));
    }
    for (std::size_t r = 0; r < raters_; ++r) {
      const std::uint32_t rater = data_.rater_of[r];
      result.rater_bias[rater] = solution_[r + 1];
      result.rater_bias_deviation[rater] = std::sqrt(inverse_.at(r + 1, r + 1));
      result.rater_deviation[rater] = std::sqrt(noise_[r]);
    }
    const double z = normal_quantile(0.5 + options_.level / 2);
    for (std::size_t i = 0; i < result.item_mean.size(); ++i) {
      result.item_low.push_back(result.item_mean[i] - z * result.item_deviation[i]);
      result.item_high.push_back(result.item_mean[i] + z * result.item_deviation[i]);
    }
  }

  const Ordered& data_;
  const QuantityOptions& options_;
  std::size_t items_;
  std::size_t raters_;
  double item_variance_;
  double bias_variance_;
  double common_;
  std::vector<double> noise_;
  Square inverse_;                // of the equations of mean and biases
  std::vector<double> solution_;  // mean (less the shift) and biases
  std::vector<double> weight_;    // by item: precision of its deviation
  std::vector<double> sum_;       // by item: weighted measurements
  double log_likelihood_ = 0;
};

Status check(std::span<const Measurement> measurements, std::uint32_t item_count,
             std::uint32_t rater_count, const QuantityOptions& options) {
  constexpr std::uint32_t rater_count_max = 2000;
  if (!(options.noise_prior_votes > 0 && options.noise_prior_votes <= 1e6) ||
      !(options.level > 0 && options.level < 1) || !(options.gain_min >= 0) ||
      options.iterations_max < 1) {
    return fail(ErrorCode::InvalidInput, "an option of the model is out of range", {},
                "a noise prior above 0, a level between 0 and 1, at least one iteration");
  }
  if (rater_count > rater_count_max) {
    return fail(ErrorCode::TooLarge, "there are over 2,000 raters", fmt::format("{}", rater_count),
                "fit groups of raters apart");
  }
  for (std::size_t v = 0; v < measurements.size(); ++v) {
    const Measurement& m = measurements[v];
    if (m.item >= item_count || m.rater >= rater_count || !(std::fabs(m.value) <= 1e100)) {
      return fail(ErrorCode::InvalidInput,
                  "a measurement's item or rater is not there, or its value is no number",
                  fmt::format("measurement {}", v), "leave it out, or mend it");
    }
  }
  return {};
}

}  // namespace

Result<QuantityResult> fit_quantity(std::span<const Measurement> measurements,
                                    std::uint32_t item_count, std::uint32_t rater_count,
                                    const QuantityOptions& options) {
  CSL_TRY(check(measurements, item_count, rater_count, options));
  const Ordered data = in_order(measurements, item_count, rater_count);
  const bool repeated = data.value.size() > data.item_of.size();
  if (data.item_of.size() < 2 || data.rater_of.size() < 2 || !repeated) {
    return fail(ErrorCode::InvalidInput, "the measurements cannot tell raters from items", {},
                "have at least two raters measure at least two items, one of them twice");
  }
  if (!(data.variance > 0)) {
    return fail(ErrorCode::InvalidInput, "all measurements are equal", {},
                "there is nothing to estimate: the value is the one measured");
  }
  QuantityResult result;
  for (auto* of_item : {&result.item_mean, &result.item_deviation}) of_item->resize(item_count);
  for (auto* of_rater :
       {&result.rater_bias, &result.rater_bias_deviation, &result.rater_deviation}) {
    of_rater->resize(rater_count);
  }
  Fit(data, options).run(result);
  return result;
}

}  // namespace consilium::crowd
