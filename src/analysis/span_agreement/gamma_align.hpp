// The best alignment of one continuum, and the sampled continua. Used by this module alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/span_agreement/gamma.hpp"
#include "base/random.hpp"

namespace consilium::gamma_detail {

struct Item {
  double begin = 0.0;
  double end = 0.0;
  std::uint32_t rater = 0;
  std::uint32_t category = 0;
};

// Distances in whole multiples of 2^-32, so that disorders are exact sums.
class Distances {
 public:
  Distances(const GammaOptions& options, std::uint32_t rater_count, std::uint32_t category_count,
            std::vector<double> category_distance);
  [[nodiscard]] std::int64_t of(const Item& a, const Item& b) const;
  [[nodiscard]] double positional(const Item& a, const Item& b) const;  // d_pos, by itself
  [[nodiscard]] double categorical(const Item& a, const Item& b) const;
  [[nodiscard]] std::int64_t empty_cost() const { return empty_cost_; }
  [[nodiscard]] std::uint32_t rater_count() const { return rater_count_; }
  [[nodiscard]] std::uint32_t category_count() const { return category_count_; }
  [[nodiscard]] std::int64_t pair_count() const {
    return std::int64_t{rater_count_} * (rater_count_ - 1) / 2;
  }
  // Two units further apart than this are in no group that is worth it.
  [[nodiscard]] std::int64_t limit() const {
    return empty_cost_ * (pair_count() + rater_count_ - 1);
  }
  // |begin difference| is less than this times the sum of the lengths, within `limit`; empty when
  // positions do not count.
  [[nodiscard]] std::optional<double> reach(std::int64_t limit) const;

 private:
  double positional_weight_;
  double categorical_weight_;
  std::int64_t empty_cost_;
  std::uint32_t rater_count_;
  std::uint32_t category_count_;
  std::vector<double> category_distance_;
};

struct Aligned {
  std::vector<std::vector<std::uint32_t>> groups;  // of two or more items; others are alone
  double disorder = 0.0;
  bool exact = false;
};

// `items` are sorted by begin, end, rater, category.
[[nodiscard]] Result<Aligned> align(std::span<const Item> items, const Distances& distances);

// Disorder of categories within the groups (2017): over the pairs of aligned units, weighted by
// closeness max(0, 1 - d_pos) and by 1 / (units of the group - 1). With `category`, only pairs that
// hold it. Empty when no pair has weight.
[[nodiscard]] std::optional<double> category_disorder(std::span<const Item> items,
                                                      const Aligned& aligned,
                                                      const Distances& distances,
                                                      std::optional<std::uint32_t> category);

// What the statistical continuum is drawn from.
struct ChanceModel {
  std::uint32_t rater_count = 0;
  double begin = 0.0;
  double count_mean = 0.0;
  double count_deviation = 0.0;
  double gap_mean = 0.0;
  double gap_deviation = 0.0;
  double length_mean = 0.0;
  double length_deviation = 0.0;
  std::vector<std::uint64_t> category_count;  // units of each
};

// `items` sorted as above, positions whole numbers.
[[nodiscard]] ChanceModel chance_model(std::span<const Item> items, std::uint32_t rater_count,
                                       std::uint32_t category_count, double begin);
[[nodiscard]] std::vector<Item> sample_items(const ChanceModel& model, SeededRandom& random);

void sort_items(std::vector<Item>& items);

}  // namespace consilium::gamma_detail
