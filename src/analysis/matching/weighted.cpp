#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

#include "analysis/matching/bipartite.hpp"
#include "analysis/matching/disjoint_sets.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
constexpr Wide far = Wide{1} << 120;
constexpr std::uint64_t pairs_max = std::uint64_t{1} << 26U;

// One connected part. Costs are minus weights; right place m + i is the first mark i staying alone.
class ShortestPaths {
 public:
  ShortestPaths(std::uint32_t first_count, std::uint32_t second_count,
                std::span<const WeightedMatch> edges, Wide bonus)
      : edges_(edges),
        bonus_(bonus),
        second_count_(second_count),
        first_(first_count + std::size_t{1}, 0),
        potential_first_(first_count, 0),
        potential_second_(second_count + std::size_t{first_count}, 0),
        partner_of_second_(potential_second_.size(), none),
        partner_of_first_(first_count, none),
        distance_(potential_second_.size(), far),
        previous_(potential_second_.size(), none),
        done_(potential_second_.size(), 0) {
    for (const WeightedMatch& edge : edges) ++first_[edge.first + std::size_t{1}];
    for (std::size_t i = 0; i < first_count; ++i) first_[i + 1] += first_[i];
    for (const WeightedMatch& edge : edges) {
      potential_first_[edge.first] = std::min(potential_first_[edge.first], cost(edge));
    }
  }

  std::vector<Match> solve() {
    for (std::uint32_t i = 0; i < partner_of_first_.size(); ++i) augment(i);
    std::vector<Match> pairs;
    for (std::uint32_t i = 0; i < partner_of_first_.size(); ++i) {
      if (partner_of_first_[i] < second_count_) pairs.push_back({i, partner_of_first_[i]});
    }
    return pairs;
  }

 private:
  using Entry = std::pair<Wide, std::uint32_t>;

  Wide cost(const WeightedMatch& edge) const { return -(Wide{edge.weight} + bonus_); }

  void look_from(std::uint32_t i, Wide base) {
    for (std::size_t e = first_[i]; e < first_[i + std::size_t{1}]; ++e) {
      reach(i, edges_[e].second, base + cost(edges_[e]));
    }
    reach(i, second_count_ + i, base);
  }

  void reach(std::uint32_t i, std::uint32_t j, Wide cost_so_far) {
    const Wide distance = cost_so_far - potential_first_[i] - potential_second_[j];
    if (done_[j] != 0 || distance >= distance_[j]) return;
    if (distance_[j] == far) touched_.push_back(j);
    distance_[j] = distance;
    previous_[j] = i;
    heap_.emplace(distance, j);
  }

  void augment(std::uint32_t start) {
    look_from(start, 0);
    std::uint32_t end = none;
    while (end == none) {
      const auto [distance, j] = heap_.top();
      heap_.pop();
      if (done_[j] != 0) continue;
      done_[j] = 1;
      if (partner_of_second_[j] == none) {
        end = j;
      } else {
        look_from(partner_of_second_[j], distance);
      }
    }
    const Wide length = distance_[end];
    potential_first_[start] += length;
    for (const std::uint32_t j : touched_) {
      if (done_[j] != 0 && j != end) {
        potential_second_[j] += distance_[j] - length;
        potential_first_[partner_of_second_[j]] += length - distance_[j];
      }
    }
    for (std::uint32_t j = end; j != none;) {
      const std::uint32_t i = previous_[j];
      partner_of_second_[j] = i;
      std::swap(partner_of_first_[i], j);
    }
    for (const std::uint32_t j : touched_) {
      distance_[j] = far;
      done_[j] = 0;
    }
    touched_.clear();
    heap_ = {};
  }

  std::span<const WeightedMatch> edges_;
  Wide bonus_;
  std::uint32_t second_count_;
  std::vector<std::size_t> first_;
  std::vector<Wide> potential_first_;
  std::vector<Wide> potential_second_;
  std::vector<std::uint32_t> partner_of_second_;
  std::vector<std::uint32_t> partner_of_first_;
  std::vector<Wide> distance_;
  std::vector<std::uint32_t> previous_;
  std::vector<std::uint8_t> done_;
  std::vector<std::uint32_t> touched_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

// The connected part of each edge, known by its lowest first mark.
std::vector<std::uint32_t> parts_of(std::uint32_t first_count, std::uint32_t second_count,
                                    std::span<const WeightedMatch> edges) {
  matching::DisjointSets sets(first_count + std::size_t{second_count});
  for (const WeightedMatch& edge : edges) sets.join(edge.first, first_count + edge.second);
  std::vector<std::uint32_t> part(edges.size());
  for (std::size_t e = 0; e < edges.size(); ++e) part[e] = sets.root_of(edges[e].first);
  return part;
}

// Solves one part in numbers of its own.
void solve_part(std::span<const WeightedMatch> edges, WeightGoal goal, std::vector<Match>& pairs) {
  if (edges.size() == 1) {
    if (goal == WeightGoal::CardinalityFirst || edges[0].weight > 0) {
      pairs.push_back({edges[0].first, edges[0].second});
    }
    return;
  }
  std::vector<std::uint32_t> firsts;
  std::vector<std::uint32_t> seconds;
  for (const WeightedMatch& edge : edges) {
    if (firsts.empty() || firsts.back() != edge.first) firsts.push_back(edge.first);
    seconds.push_back(edge.second);
  }
  std::ranges::sort(seconds);
  seconds.erase(std::ranges::unique(seconds).begin(), seconds.end());
  const auto place = [](const std::vector<std::uint32_t>& list, std::uint32_t value) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(list, value) - list.begin());
  };
  std::vector<WeightedMatch> own(edges.begin(), edges.end());
  std::int64_t heaviest = 0;
  for (WeightedMatch& edge : own) {
    edge.first = place(firsts, edge.first);
    edge.second = place(seconds, edge.second);
    heaviest = std::max(heaviest, edge.weight);
  }
  // One more pair outweighs all that the weights of the others could lose.
  const Wide bonus = goal == WeightGoal::CardinalityFirst
                         ? Wide{heaviest} * static_cast<Wide>(firsts.size()) + 1
                         : Wide{0};
  for (const Match& match : ShortestPaths(static_cast<std::uint32_t>(firsts.size()),
                                          static_cast<std::uint32_t>(seconds.size()), own, bonus)
                                .solve()) {
    pairs.push_back({firsts[match.first], seconds[match.second]});
  }
}

Status check_edges(std::uint32_t first_count, std::uint32_t second_count,
                   std::span<const WeightedMatch> edges) {
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const WeightedMatch& edge = edges[e];
    if (edge.first >= first_count || edge.second >= second_count || edge.weight < 0 ||
        edge.weight > match_weight_max) {
      return fail(ErrorCode::InvalidInput,
                  "an edge ends outside of its list, or its weight is out of range",
                  fmt::format("edge {}", e), "mend its index; weights are 0 to 2^52");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Match>> maximum_weight_matching(std::uint32_t first_count,
                                                   std::uint32_t second_count,
                                                   std::span<const WeightedMatch> edges,
                                                   WeightGoal goal) {
  CSL_TRY(check_edges(first_count, second_count, edges));
  std::vector<WeightedMatch> sorted(edges.begin(), edges.end());
  std::ranges::sort(sorted);
  sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
  for (std::size_t e = 1; e < sorted.size(); ++e) {
    if (sorted[e].first == sorted[e - 1].first && sorted[e].second == sorted[e - 1].second) {
      return fail(ErrorCode::InvalidInput, "an edge stands twice with different weights",
                  fmt::format("{} to {}", sorted[e].first, sorted[e].second), "keep one of them");
    }
  }
  if (goal == WeightGoal::Weight) {
    std::erase_if(sorted, [](const WeightedMatch& edge) { return edge.weight == 0; });
  }
  const std::vector<std::uint32_t> part = parts_of(first_count, second_count, sorted);
  std::vector<std::size_t> order(sorted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t e) { return part[e]; });
  std::vector<Match> pairs;
  std::vector<WeightedMatch> own;
  for (std::size_t e = 0; e < order.size();) {
    const std::uint32_t here = part[order[e]];
    own.clear();
    for (; e < order.size() && part[order[e]] == here; ++e) own.push_back(sorted[order[e]]);
    solve_part(own, goal, pairs);
  }
  std::ranges::sort(pairs);
  return pairs;
}

Result<std::vector<Match>> match_by_weight(
    std::uint32_t first_count, std::uint32_t second_count,
    const std::function<double(std::uint32_t, std::uint32_t)>& weight, double weight_min,
    WeightGoal goal) {
  if (std::uint64_t{first_count} * second_count > pairs_max) {
    return fail(ErrorCode::TooLarge, "there are too many pairs to weigh",
                fmt::format("{} x {}", first_count, second_count),
                "give the pairs that may match as edges");
  }
  std::vector<WeightedMatch> edges;
  for (std::uint32_t i = 0; i < first_count; ++i) {
    for (std::uint32_t j = 0; j < second_count; ++j) {
      const double value = weight(i, j);
      if (!(value >= 0.0 && value <= 1024.0)) {
        return fail(ErrorCode::InvalidInput, "a weight is not between 0 and 1024",
                    fmt::format("pair ({}, {})", i, j), "scale the weights");
      }
      if (value < weight_min) continue;
      edges.push_back({i, j, static_cast<std::int64_t>(std::llround(std::ldexp(value, 40)))});
    }
  }
  return maximum_weight_matching(first_count, second_count, edges, goal);
}

}  // namespace consilium
