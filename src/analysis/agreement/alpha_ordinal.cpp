#include "analysis/agreement/alpha_ordinal.hpp"

#include <algorithm>
#include <numeric>

#include "analysis/agreement/alpha_coefficient.hpp"
#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

// Columns: codings; n_k by rank; ordered pairs of codings of two classes, divided by r - 1.
constexpr std::uint32_t first_class_column = 1;

class OrdinalAlpha final : public AlphaCoefficient {
 public:
  OrdinalAlpha(std::size_t class_count, std::vector<std::uint64_t> pairs)
      : class_count_(class_count), pairs_(std::move(pairs)) {}

  // As for the fixed metrics, without the factor N - 1; the mid-ranks move with the counts.
  void gradient(std::span<const double> sums, std::span<double> by_sum) const override {
    const std::vector<double> rank = mid_ranks(sums);
    const double codings = sums[0];
    const double apart = disagreement(sums, rank);
    const double total = product(sums, rank);
    const double by_disagreement = -codings / total;
    const double by_product = codings * apart / (total * total);
    by_sum[0] = -apart / total;
    const std::vector<double> of_disagreement = disagreement_by_count(sums, rank);
    const std::vector<double> of_product = product_by_count(sums, rank);
    for (std::size_t k = 0; k < class_count_; ++k) {
      by_sum[first_class_column + k] =
          by_disagreement * of_disagreement[k] + by_product * of_product[k];
    }
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const double d = rank[high(p)] - rank[low(p)];
      by_sum[first_class_column + class_count_ + p] = by_disagreement * d * d;
    }
  }

 protected:
  Parts parts(std::span<const double> sums) const override {
    const std::vector<double> rank = mid_ranks(sums);
    return {disagreement(sums, rank), product(sums, rank)};
  }

 private:
  [[nodiscard]] std::size_t low(std::size_t pair) const { return pairs_[pair] >> 32U; }
  [[nodiscard]] std::size_t high(std::size_t pair) const { return pairs_[pair] & 0xFFFFFFFFU; }

  // Counted from the middle, so that their weighted mean is 0. All are halves of whole numbers.
  [[nodiscard]] std::vector<double> mid_ranks(std::span<const double> sums) const {
    std::vector<double> rank(class_count_);
    double before = -sums[0] / 2;
    for (std::size_t k = 0; k < class_count_; ++k) {
      rank[k] = before + sums[first_class_column + k] / 2;
      before += sums[first_class_column + k];
    }
    return rank;
  }
  [[nodiscard]] double disagreement(std::span<const double> sums,
                                    std::span<const double> rank) const {
    return order_free_sum(pairs_.size(), [&](std::size_t p) {
      const double d = rank[high(p)] - rank[low(p)];
      return sums[first_class_column + class_count_ + p] * (d * d);
    });
  }
  [[nodiscard]] double product(std::span<const double> sums, std::span<const double> rank) const {
    return 2 * sums[0] * order_free_sum(class_count_, [&](std::size_t k) {
             return sums[first_class_column + k] * (rank[k] * rank[k]);
           });
  }
  // A pair's distance grows by 1 with each coding between its classes, by 1/2 with each in them.
  [[nodiscard]] std::vector<double> disagreement_by_count(std::span<const double> sums,
                                                          std::span<const double> rank) const {
    std::vector<double> change(class_count_ + 1, 0);
    std::vector<double> ends(class_count_, 0);
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const double slope =
          2 * sums[first_class_column + class_count_ + p] * (rank[high(p)] - rank[low(p)]);
      change[low(p) + 1] += slope;
      change[high(p)] -= slope;
      ends[low(p)] += slope / 2;
      ends[high(p)] += slope / 2;
    }
    double between = 0;
    for (std::size_t k = 0; k < class_count_; ++k) {
      between += change[k];
      ends[k] += between;
    }
    return ends;
  }
  [[nodiscard]] std::vector<double> product_by_count(std::span<const double> sums,
                                                     std::span<const double> rank) const {
    const double codings = sums[0];
    const double squares = product(sums, rank) / (2 * codings);
    std::vector<double> result(class_count_);
    double above = 0;  // sum of n R over higher ranks
    for (std::size_t k = class_count_; k-- > 0;) {
      const double own = sums[first_class_column + k] * rank[k];
      result[k] = 2 * (codings * rank[k] * rank[k] + squares) + 4 * codings * (above + own / 2);
      above += own;
    }
    return result;
  }

  std::size_t class_count_;
  std::vector<std::uint64_t> pairs_;
};

}  // namespace

OrdinalScale::OrdinalScale(const RatingPatterns& patterns, std::span<const double> class_values)
    : rank_(class_values.size()) {
  std::vector<std::uint32_t> order(class_values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t k) { return class_values[k]; });
  for (std::uint32_t r = 0; r < order.size(); ++r) rank_[order[r]] = r;
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    const auto symbols = patterns.symbols_of(p);
    for (std::size_t a = 0; a < symbols.size(); ++a) {
      for (std::size_t b = a + 1; b < symbols.size(); ++b) {
        const auto [low, high] = std::minmax(rank_[symbols[a]], rank_[symbols[b]]);
        pairs_.push_back(std::uint64_t{low} << 32U | high);
      }
    }
    if (pairs_.size() > 1U << 22U) {  // many patterns repeat few pairs
      std::ranges::sort(pairs_);
      pairs_.erase(std::ranges::unique(pairs_).begin(), pairs_.end());
    }
  }
  std::ranges::sort(pairs_);
  pairs_.erase(std::ranges::unique(pairs_).begin(), pairs_.end());
}

void OrdinalScale::add_summands(const RatingPatterns& patterns, std::size_t pattern, double codings,
                                SummandRows& rows) const {
  const auto symbols = patterns.symbols_of(pattern);
  const auto times = patterns.times_of(pattern);
  rows.add(0, codings);
  for (std::size_t a = 0; a < symbols.size(); ++a) {
    rows.add(first_class_column + rank_[symbols[a]], times[a]);
  }
  for (std::size_t a = 0; a < symbols.size(); ++a) {
    for (std::size_t b = a + 1; b < symbols.size(); ++b) {
      const auto [low, high] = std::minmax(rank_[symbols[a]], rank_[symbols[b]]);
      const auto place = std::ranges::lower_bound(pairs_, std::uint64_t{low} << 32U | high);
      rows.add(static_cast<std::uint32_t>(first_class_column + rank_.size() +
                                          static_cast<std::size_t>(place - pairs_.begin())),
               2.0 * times[a] * times[b] / (codings - 1));
    }
  }
}

void OrdinalScale::mark(AgreementModel& model) const {
  // Ranks, unlike class numbers, are the same however the classes are numbered.
  model.column_mark.resize(column_count());
  std::iota(model.column_mark.begin(), model.column_mark.end(), std::uint64_t{1});
  model.column_class.assign(column_count(), no_row);
}

std::shared_ptr<const Coefficient> OrdinalScale::coefficient() const {
  return std::make_shared<const OrdinalAlpha>(rank_.size(), pairs_);
}

}  // namespace consilium
