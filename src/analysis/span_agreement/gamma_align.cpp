#include "analysis/span_agreement/gamma_align.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>

#include "analysis/matching/bipartite.hpp"
#include "analysis/matching/packing.hpp"
#include "base/wide_integer.hpp"

namespace consilium::gamma_detail {
namespace {

constexpr int distance_bits = 32;
constexpr std::size_t groups_max = std::size_t{1} << 21U;

// The later items near an item, with their distances.
struct Near {
  std::uint32_t item = 0;
  std::int64_t distance = 0;
};
using NearLists = std::vector<std::vector<Near>>;

NearLists near_lists(std::span<const Item> items, const Distances& distances, std::int64_t limit) {
  double longest = 0.0;
  for (const Item& item : items) longest = std::max(longest, item.end - item.begin);
  const std::optional<double> reach = distances.reach(limit);
  NearLists lists(items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const double length = items[i].end - items[i].begin;
    for (std::uint32_t j = i + 1; j < items.size(); ++j) {
      if (reach && items[j].begin - items[i].begin > *reach * (length + longest)) break;
      if (items[j].rater == items[i].rater) continue;
      const std::int64_t distance = distances.of(items[i], items[j]);
      if (distance < limit) lists[i].push_back({j, distance});
    }
  }
  return lists;
}

// All groups that are worth it: none saves more when cut in two, as no group of a best alignment
// does. (The other groups are many, and all work after this grows with their number.)
class Groups {
 public:
  Groups(std::span<const Item> items, const Distances& distances, const NearLists& near)
      : items_(items), near_(near), distances_(distances) {}

  // False when there are too many.
  bool collect(GroupList& groups) {
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      members_.assign(1, i);
      sums_.assign(1, 0);
      pairs_.clear();
      if (!extend(0, groups)) return false;
    }
    return true;
  }

 private:
  bool extend(std::size_t from, GroupList& groups) {
    const std::vector<Near>& first = near_[members_.front()];
    for (std::size_t n = from; n < first.size(); ++n) {
      if (!add(first[n].item, first[n].distance)) continue;
      keep(groups);
      if (groups.size() > groups_max || !extend(n + 1, groups)) return false;
      remove_last();
    }
    return true;
  }

  // Adds an item unless its rater is there already or a member would be too far from the rest.
  bool add(std::uint32_t item, std::int64_t distance_to_first) {
    const std::size_t begin = pairs_.size();
    std::int64_t own = 0;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const std::optional<std::int64_t> distance =
          m == 0 ? distance_to_first : distance_of(members_[m], item);
      if (items_[members_[m]].rater == items_[item].rater || !distance ||
          sums_[m] + *distance >= distances_.limit()) {
        pairs_.resize(begin);
        return false;
      }
      own += *distance;
      pairs_.push_back(*distance);
    }
    if (own >= distances_.limit()) {
      pairs_.resize(begin);
      return false;
    }
    for (std::size_t m = 0; m < members_.size(); ++m) sums_[m] += pairs_[begin + m];
    members_.push_back(item);
    sums_.push_back(own);
    return true;
  }

  // Of an item and a later one, where it is within the limit.
  [[nodiscard]] std::optional<std::int64_t> distance_of(std::uint32_t item,
                                                        std::uint32_t later) const {
    const std::vector<Near>& list = near_[item];
    const auto found = std::ranges::lower_bound(list, later, {}, &Near::item);
    if (found == list.end() || found->item != later) return std::nullopt;
    return found->distance;
  }

  void remove_last() {
    members_.pop_back();
    sums_.pop_back();
    const std::size_t begin = pairs_.size() - members_.size();
    for (std::size_t m = 0; m < members_.size(); ++m) sums_[m] -= pairs_[begin + m];
    pairs_.resize(begin);
  }

  // What the group saves, times the number of pairs of raters: (k - 1) pairs x empty cost, and for
  // each pair of members the empty cost less their distance.
  void keep(GroupList& groups) const {
    const auto k = static_cast<std::int64_t>(members_.size());
    const std::int64_t empty = distances_.empty_cost();
    std::int64_t twice = 0;
    for (const std::int64_t sum : sums_) {
      // Without this member: pairs x empty cost and its distances are saved.
      if (empty * (distances_.pair_count() + k - 1) <= sum) return;
      twice += sum;
    }
    const std::int64_t saving =
        (k - 1) * distances_.pair_count() * empty + k * (k - 1) / 2 * empty - twice / 2;
    if (saving > 0 && !saves_more_cut()) groups.add(members_, saving);
  }

  // Whether two parts of two members or more save more apart: a and b members are together worth
  // (pairs of raters + a b) x empty cost, and cost the distances from the ones to the others. Each
  // cut is looked at once, the last member on the second side.
  [[nodiscard]] bool saves_more_cut() const {
    constexpr std::size_t members_max = 8;  // 127 cuts
    const std::size_t k = members_.size();
    if (k < 4 || k > members_max) return false;
    for (std::uint32_t side = 1; side < 1U << (k - 1); ++side) {
      const auto first = static_cast<std::size_t>(std::popcount(side));
      if (first < 2 || k - first < 2) continue;
      std::int64_t across = 0;
      std::size_t pair = 0;
      for (std::size_t i = 1; i < k; ++i) {
        for (std::size_t j = 0; j < i; ++j, ++pair) {
          if (((side >> i ^ side >> j) & 1U) != 0) across += pairs_[pair];
        }
      }
      const auto worth = distances_.pair_count() + static_cast<std::int64_t>(first * (k - first));
      if (across > worth * distances_.empty_cost()) return true;
    }
    return false;
  }

  std::span<const Item> items_;
  const NearLists& near_;
  const Distances& distances_;
  std::vector<std::uint32_t> members_;
  std::vector<std::int64_t> sums_;   // of each member, its distances to the others
  std::vector<std::int64_t> pairs_;  // of members (1, 0), (2, 0), (2, 1), (3, 0), ...
};

struct Chosen {
  std::vector<std::vector<std::uint32_t>> groups;
  std::int64_t saving = 0;
  bool exact = true;
};

Result<Chosen> choose_pairs(std::span<const Item> items, const Distances& distances) {
  // Items of each rater in numbers of their own.
  std::vector<std::uint32_t> number(items.size());
  std::vector<std::vector<std::uint32_t>> of_rater(2);
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    number[i] = static_cast<std::uint32_t>(of_rater[items[i].rater].size());
    of_rater[items[i].rater].push_back(i);
  }
  std::vector<WeightedMatch> edges;
  const NearLists near = near_lists(items, distances, distances.limit());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    for (const Near& other : near[i]) {
      const std::int64_t saving = 2 * distances.empty_cost() - other.distance;
      const bool is_first = items[i].rater == 0;
      edges.push_back(
          {number[is_first ? i : other.item], number[is_first ? other.item : i], saving});
    }
  }
  Chosen chosen;
  const auto count = [&](std::size_t r) { return static_cast<std::uint32_t>(of_rater[r].size()); };
  for (const Match& match : CSL_TRY(maximum_weight_matching(count(0), count(1), edges))) {
    const std::uint32_t a = of_rater[0][match.first];
    const std::uint32_t b = of_rater[1][match.second];
    chosen.groups.push_back({std::min(a, b), std::max(a, b)});
    chosen.saving += 2 * distances.empty_cost() - distances.of(items[a], items[b]);
  }
  std::ranges::sort(chosen.groups);
  return chosen;
}

Result<Chosen> choose_groups(std::span<const Item> items, const Distances& distances) {
  GroupList groups;
  Chosen chosen;
  std::int64_t limit = distances.limit();
  while (true) {
    const NearLists near = near_lists(items, distances, limit);
    groups = {};
    if (Groups(items, distances, near).collect(groups)) break;
    chosen.exact = false;
    limit /= 2;
  }
  const Packing packing = CSL_TRY(pack_groups(static_cast<std::uint32_t>(items.size()), groups));
  for (const std::uint32_t g : packing.groups) {
    const auto members = groups.members(g);
    chosen.groups.emplace_back(members.begin(), members.end());
  }
  chosen.saving = packing.saving;
  chosen.exact = chosen.exact && packing.saving == packing.saving_bound;
  return chosen;
}

}  // namespace

Distances::Distances(const GammaOptions& options, std::uint32_t rater_count,
                     std::uint32_t category_count, std::vector<double> category_distance)
    : positional_weight_(options.positional_weight),
      categorical_weight_(options.categorical_weight),
      empty_cost_(std::int64_t{1} << distance_bits),
      rater_count_(rater_count),
      category_count_(category_count),
      category_distance_(std::move(category_distance)) {}

double Distances::positional(const Item& a, const Item& b) const {
  const double moved = std::abs(a.begin - b.begin) + std::abs(a.end - b.end);
  const double ratio = moved / ((a.end - a.begin) + (b.end - b.begin));
  return ratio * ratio;
}

double Distances::categorical(const Item& a, const Item& b) const {
  if (category_distance_.empty()) return a.category == b.category ? 0.0 : 1.0;
  return category_distance_[std::size_t{a.category} * category_count_ + b.category];
}

std::int64_t Distances::of(const Item& a, const Item& b) const {
  const double distance =
      positional_weight_ * positional(a, b) + categorical_weight_ * categorical(a, b);
  // What is far beyond any limit needs no exact value, and must not overflow.
  return std::llround(std::ldexp(std::min(distance, 65'536.0), distance_bits));
}

std::optional<double> Distances::reach(std::int64_t limit) const {
  if (positional_weight_ <= 0.0) return std::nullopt;
  const double bound = std::ldexp(static_cast<double>(limit), -distance_bits);
  return std::sqrt(bound / positional_weight_) * (1.0 + 1e-9);
}

Result<Aligned> align(std::span<const Item> items, const Distances& distances) {
  Chosen chosen = CSL_TRY(distances.rater_count() == 2 ? choose_pairs(items, distances)
                                                       : choose_groups(items, distances));
  const std::int64_t pairs = distances.pair_count();
  const Wide alone = static_cast<Wide>(items.size()) * pairs * distances.empty_cost();
  const double mean_units =
      static_cast<double>(items.size()) / static_cast<double>(distances.rater_count());
  Aligned aligned;
  aligned.disorder = std::ldexp(static_cast<double>(alone - chosen.saving), -distance_bits) /
                     (static_cast<double>(pairs) * mean_units);
  aligned.groups = std::move(chosen.groups);
  aligned.exact = chosen.exact;
  return aligned;
}

std::optional<double> category_disorder(std::span<const Item> items, const Aligned& aligned,
                                        const Distances& distances,
                                        std::optional<std::uint32_t> category) {
  double weight_sum = 0.0;
  double disorder_sum = 0.0;
  for (const std::vector<std::uint32_t>& group : aligned.groups) {
    const double share = 1.0 / static_cast<double>(group.size() - 1);
    for (std::size_t i = 0; i < group.size(); ++i) {
      for (std::size_t j = i + 1; j < group.size(); ++j) {
        const Item& a = items[group[i]];
        const Item& b = items[group[j]];
        if (category && a.category != *category && b.category != *category) continue;
        const double weight = share * std::max(0.0, 1.0 - distances.positional(a, b));
        weight_sum += weight;
        disorder_sum += weight * distances.categorical(a, b);
      }
    }
  }
  if (!(weight_sum > 0.0)) return std::nullopt;
  return disorder_sum / weight_sum;
}

void sort_items(std::vector<Item>& items) {
  std::ranges::sort(items, [](const Item& a, const Item& b) {
    return std::tie(a.begin, a.end, a.rater, a.category) <
           std::tie(b.begin, b.end, b.rater, b.category);
  });
}

}  // namespace consilium::gamma_detail
