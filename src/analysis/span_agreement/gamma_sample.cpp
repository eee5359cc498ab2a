#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/span_agreement/gamma_align.hpp"
#include "base/wide_integer.hpp"

namespace consilium::gamma_detail {
namespace {

// Mean and (population) standard deviation of whole numbers, from whole sums: no order shows.
class Moments {
 public:
  void add(std::int64_t value) {
    ++count_;
    sum_ += value;
    squares_ += Wide{value} * value;
  }
  [[nodiscard]] double mean() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }
  [[nodiscard]] double deviation() const {
    if (count_ == 0) return 0.0;
    const Wide spread = squares_ * count_ - sum_ * sum_;
    return std::sqrt(static_cast<double>(spread)) / static_cast<double>(count_);
  }

 private:
  Wide sum_ = 0;
  Wide squares_ = 0;
  Wide count_ = 0;
};

std::uint32_t drawn_category(const std::vector<std::uint64_t>& counts, std::uint64_t total,
                             SeededRandom& random) {
  std::uint64_t left = random.below(total);
  std::uint32_t category = 0;
  while (left >= counts[category]) left -= counts[category++];
  return category;
}

}  // namespace

ChanceModel chance_model(std::span<const Item> items, std::uint32_t rater_count,
                         std::uint32_t category_count, double begin) {
  ChanceModel model;
  model.rater_count = rater_count;
  model.begin = begin;
  model.category_count.assign(category_count, 0);
  std::vector<std::int64_t> units(rater_count, 0);
  std::vector<double> last_end(rater_count, begin);
  Moments gaps;
  Moments lengths;
  for (const Item& item : items) {
    ++units[item.rater];
    ++model.category_count[item.category];
    gaps.add(static_cast<std::int64_t>(item.begin - last_end[item.rater]));
    lengths.add(static_cast<std::int64_t>(item.end - item.begin));
    last_end[item.rater] = item.end;
  }
  Moments counts;
  for (const std::int64_t count : units) counts.add(count);
  model.count_mean = counts.mean();
  model.count_deviation = counts.deviation();
  model.gap_mean = gaps.mean();
  model.gap_deviation = gaps.deviation();
  model.length_mean = lengths.mean();
  model.length_deviation = lengths.deviation();
  return model;
}

std::vector<Item> sample_items(const ChanceModel& model, SeededRandom& random) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : model.category_count) total += count;
  const auto drawn = [&](double mean, double deviation) {
    return mean + deviation * random.normal();
  };
  std::vector<Item> items;
  for (std::uint32_t rater = 0; rater < model.rater_count; ++rater) {
    auto count = static_cast<std::uint64_t>(
        std::llround(std::abs(drawn(model.count_mean, model.count_deviation))));
    // A continuum without any unit has no disorder to take a mean of.
    if (rater + 1 == model.rater_count && items.empty()) count = std::max<std::uint64_t>(count, 1);
    double end = model.begin;
    for (std::uint64_t u = 0; u < count; ++u) {
      const double begin = end + drawn(model.gap_mean, model.gap_deviation);
      // A unit has a length: shorter ones than a thousandth of the mean are drawn again.
      double length = 0.0;
      while (length < 1e-3 * model.length_mean) {
        length = std::abs(drawn(model.length_mean, model.length_deviation));
      }
      end = begin + length;
      items.push_back({begin, end, rater, drawn_category(model.category_count, total, random)});
    }
  }
  sort_items(items);
  return items;
}

}  // namespace consilium::gamma_detail
