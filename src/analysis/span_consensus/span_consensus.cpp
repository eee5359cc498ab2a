#include "analysis/span_consensus/span_consensus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/span_consensus/cluster.hpp"

namespace consilium {
namespace {

constexpr int weight_bits = 20;
constexpr double weight_max = 1000.0;

// Weights as whole numbers, so that their sums hang on no order.
Result<std::vector<std::int64_t>> whole_weights(const UnitStudy& study,
                                                const std::vector<double>& weights) {
  if (weights.empty()) return std::vector<std::int64_t>(study.rater_count, 1 << weight_bits);
  if (weights.size() != study.rater_count) {
    return fail(ErrorCode::InvalidInput, "weights are not given for every rater",
                fmt::format("{} for {} raters", weights.size(), study.rater_count),
                "give one a rater, or none at all");
  }
  std::vector<std::int64_t> result;
  for (std::size_t r = 0; r < weights.size(); ++r) {
    if (!(weights[r] >= 0.0 && weights[r] <= weight_max)) {
      return fail(ErrorCode::InvalidInput, "a rater's weight is not between 0 and 1000",
                  fmt::format("rater {}", r), "scale the weights");
    }
    result.push_back(std::llround(std::ldexp(weights[r], weight_bits)));
  }
  return result;
}

struct Member {
  const Unit* unit = nullptr;
  std::int64_t weight = 0;
};

// The least value that half of the weight does not exceed.
std::int64_t weighted_median(std::vector<std::pair<std::int64_t, std::int64_t>> values) {
  std::ranges::sort(values);
  std::int64_t total = 0;
  for (const auto& [value, weight] : values) total += weight;
  std::int64_t below = 0;
  for (const auto& [value, weight] : values) {
    below += weight;
    if (2 * below >= total) return value;
  }
  return values.back().first;
}

std::vector<Part> covered_by_most(const std::vector<Member>& members) {
  std::map<std::int64_t, std::int64_t> change;
  std::int64_t total = 0;
  for (const Member& member : members) {
    total += member.weight;
    for (const Part& part : member.unit->parts) {
      change[part.begin] += member.weight;
      change[part.end] -= member.weight;
    }
  }
  std::int64_t weight = 0;
  std::int64_t greatest = 0;
  for (const auto& [at, by] : change) greatest = std::max(greatest, weight += by);
  const std::int64_t needed = std::min(greatest, total / 2 + 1);
  std::vector<Part> parts;
  weight = 0;
  for (const auto& [at, by] : change) {
    const bool was_in = weight >= needed;
    weight += by;
    const bool is_in = weight >= needed;
    if (is_in && !was_in) parts.push_back({at, at});
    if (was_in && !is_in) parts.back().end = at;
  }
  return parts;
}

std::vector<Part> voted_parts(std::vector<Member> members) {
  const bool all_weigh_nothing =
      std::ranges::all_of(members, [](const Member& m) { return m.weight == 0; });
  if (all_weigh_nothing) {
    for (Member& member : members) member.weight = 1;
  }
  const bool contiguous =
      std::ranges::all_of(members, [](const Member& m) { return m.unit->parts.size() == 1; });
  if (!contiguous) return covered_by_most(members);
  std::vector<std::pair<std::int64_t, std::int64_t>> begins;
  std::vector<std::pair<std::int64_t, std::int64_t>> ends;
  for (const Member& member : members) {
    begins.emplace_back(member.unit->parts.front().begin, member.weight);
    ends.emplace_back(member.unit->parts.front().end, member.weight);
  }
  return {{weighted_median(std::move(begins)), weighted_median(std::move(ends))}};
}

void vote_on_category(const std::vector<Member>& members, std::int64_t present,
                      ConsensusUnit& result) {
  std::map<std::uint32_t, std::int64_t> weight;
  for (const Member& member : members) weight[member.unit->category] += member.weight;
  std::vector<std::pair<std::int64_t, std::uint32_t>> order;
  for (const auto& [category, sum] : weight) {
    if (sum > 0) order.emplace_back(-sum, category);
  }
  std::ranges::sort(order);
  for (const auto& [minus, category] : order) {
    result.categories.push_back(
        {category, static_cast<double>(-minus) / static_cast<double>(present)});
  }
  const bool is_clear = order.size() == 1 || (order.size() > 1 && order[0].first < order[1].first);
  if (is_clear) result.category = order.front().second;
}

ConsensusUnit voted(const UnitStudy& study, std::uint32_t continuum,
                    const std::vector<std::uint32_t>& cluster,
                    const std::vector<std::uint32_t>& readers,
                    const std::vector<std::int64_t>& weight) {
  ConsensusUnit result;
  result.continuum = continuum;
  std::vector<Member> members;
  std::int64_t present = 0;
  std::int64_t all = 0;
  std::size_t next = 0;
  for (const std::uint32_t rater : readers) {
    all += weight[rater];
    ClusterVote& vote = result.votes.emplace_back(ClusterVote{rater, std::nullopt});
    if (next == cluster.size() || study.units[cluster[next]].rater != rater) continue;
    vote.unit = cluster[next];
    members.push_back({&study.units[cluster[next]], weight[rater]});
    present += weight[rater];
    ++next;
  }
  result.existence = static_cast<double>(present) / static_cast<double>(all);
  vote_on_category(members, present, result);
  result.parts = voted_parts(std::move(members));
  return result;
}

Result<VoteTable> vote_table(const UnitStudy& study, const std::vector<ConsensusUnit>& units) {
  VoteColumns columns;
  for (ItemIndex i = 0; i < units.size(); ++i) {
    for (const ClusterVote& vote : units[i].votes) {
      columns.item.push_back(i);
      columns.rater.push_back(vote.rater);
      columns.label.push_back(vote.unit
                                  ? static_cast<ClassIndex>(study.units[*vote.unit].category + 1)
                                  : ClassIndex{0});
    }
  }
  return make_vote_table(std::move(columns), static_cast<std::uint32_t>(units.size()),
                         study.rater_count, study.category_count + 1);
}

}  // namespace

Result<SpanConsensus> span_consensus(const UnitStudy& study, const SpanConsensusOptions& options) {
  const UnitOrder order = CSL_TRY(order_units(study));
  CSL_TRY(check_closeness(options.closeness));
  const std::vector<std::int64_t> weight = CSL_TRY(whole_weights(study, options.rater_weight));
  if (study.category_count >= vote_class_count_max) {
    return fail(ErrorCode::TooLarge, "there are too many categories for votes",
                fmt::format("{} categories", study.category_count), "65,534 are the most");
  }
  SpanConsensus result;
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    const std::vector<std::uint32_t> readers = order.readers(c);
    const auto clusters =
        CSL_TRY(span_consensus_detail::cluster_units(study, order, c, options.closeness));
    result.exact = result.exact && clusters.exact;
    const bool nobody_weighs =
        std::ranges::all_of(readers, [&](std::uint32_t r) { return weight[r] == 0; });
    if (!clusters.members.empty() && nobody_weighs) {
      return fail(ErrorCode::InvalidInput, "all who read a continuum weigh 0",
                  fmt::format("continuum {}", c), "give one of them a weight");
    }
    const auto first = static_cast<std::ptrdiff_t>(result.units.size());
    for (const std::vector<std::uint32_t>& cluster : clusters.members) {
      result.units.push_back(voted(study, c, cluster, readers, weight));
    }
    // Stable: clusters voted to one place stay in the order of their first units.
    std::stable_sort(
        result.units.begin() + first, result.units.end(),
        [](const ConsensusUnit& a, const ConsensusUnit& b) { return a.parts < b.parts; });
  }
  result.votes = CSL_TRY(vote_table(study, result.units));
  return result;
}

}  // namespace consilium
