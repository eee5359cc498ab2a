#include "analysis/span_agreement/scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

#include "analysis/statistics/exact_sum.hpp"

namespace consilium {
namespace {

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::optional<double> mean_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto count = static_cast<double>(values.size());
  return sorted_sum(values) / count;
}

void add(MatchCounts& sum, const MatchCounts& counts, std::uint64_t times = 1) {
  sum.matched += times * counts.matched;
  sum.first += times * counts.first;
  sum.second += times * counts.second;
}

using CountsOfContinuum =
    std::function<Status(std::uint32_t continuum, std::vector<MatchCounts>& by_category)>;

// What is common to units and positions: the continua of both raters, summed up. Without categories
// `count` uses by_category[0].
Result<SpanScores> scores_over(const UnitStudy& study, const UnitOrder& order, std::uint32_t first,
                               std::uint32_t second, bool by_category,
                               const CountsOfContinuum& count) {
  if (first >= study.rater_count || second >= study.rater_count || first == second) {
    return fail(ErrorCode::InvalidInput, "two different raters of the study are needed",
                fmt::format("raters {} and {} of {}", first, second, study.rater_count),
                "mend their indices");
  }
  const std::size_t categories = by_category ? study.category_count : 1;
  SpanScores scores;
  scores.by_continuum.resize(study.extents.size());
  scores.by_category.resize(categories);
  std::vector<MatchCounts> here(categories);
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    if (!order.was_read(c, first) || !order.was_read(c, second)) continue;
    ++scores.continua_read;
    std::ranges::fill(here, MatchCounts{});
    CSL_TRY(count(c, here));
    for (std::size_t k = 0; k < categories; ++k) {
      add(scores.by_continuum[c], here[k]);
      add(scores.by_category[k], here[k]);
    }
    add(scores.all, scores.by_continuum[c]);
  }
  if (scores.continua_read == 0) {
    return fail(ErrorCode::InvalidInput, "the raters read no continuum in common",
                fmt::format("raters {} and {}", first, second), "give both the same texts");
  }
  if (!by_category) scores.by_category.clear();
  return scores;
}

Result<SpanScores> unit_scores(const UnitStudy& study, const UnitOrder& order, std::uint32_t first,
                               std::uint32_t second, const Closeness& closeness) {
  const auto count = [&](std::uint32_t c, std::vector<MatchCounts>& here) -> Status {
    const auto category = [&](std::uint32_t u) {
      return closeness.same_category ? study.units[u].category : 0;
    };
    const auto a = order.of(c, first);
    const auto b = order.of(c, second);
    for (const std::uint32_t u : a) ++here[category(u)].first;
    for (const std::uint32_t u : b) ++here[category(u)].second;
    std::vector<Match> edges;
    for (const WeightedMatch& pair : CSL_TRY(close_pairs(study.units, a, b, closeness))) {
      edges.push_back({pair.first, pair.second});
    }
    for (const Match& match : CSL_TRY(maximum_matching(
             static_cast<std::uint32_t>(a.size()), static_cast<std::uint32_t>(b.size()), edges))) {
      ++here[category(a[match.first])].matched;
    }
    return {};
  };
  return scores_over(study, order, first, second, closeness.same_category, count);
}

// The tokens that a part touches, as a range of their places.
Part token_range(const std::vector<Part>& tokens, const Part& part) {
  const auto begin = std::ranges::upper_bound(tokens, part.begin, {}, &Part::end);
  const auto end = std::ranges::lower_bound(tokens, part.end, {}, &Part::begin);
  return {begin - tokens.begin(), std::max(begin, end) - tokens.begin()};
}

std::uint64_t length_of_parts(const std::vector<Part>& parts) {
  std::uint64_t length = 0;
  for (const Part& part : parts) length += static_cast<std::uint64_t>(part.end - part.begin);
  return length;
}

Status check_tokens(const UnitStudy& study, const PositionRule& rule) {
  if (rule.tokens.empty()) return {};
  if (rule.tokens.size() != study.extents.size()) {
    return fail(ErrorCode::InvalidInput, "tokens are not given for every continuum", {},
                "give a list for each, or none at all");
  }
  for (std::size_t c = 0; c < rule.tokens.size(); ++c) {
    std::int64_t last = study.extents[c].begin;
    for (const Part& token : rule.tokens[c]) {
      if (token.begin < last || token.end <= token.begin) {
        return fail(ErrorCode::InvalidInput, "tokens are not sorted, disjoint and non-empty",
                    fmt::format("continuum {}", c), "sort them");
      }
      last = token.end;
    }
  }
  return {};
}

using Rows = std::vector<std::array<std::int64_t, 5>>;

std::vector<std::vector<std::int64_t>> flattened(std::vector<Rows> tables) {
  std::vector<std::vector<std::int64_t>> result;
  for (Rows& rows : tables) {
    std::ranges::sort(rows);
    std::vector<std::int64_t>& flat = result.emplace_back();
    for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  }
  return result;
}

// What each continuum holds, in numbers of raters that depend on their own counts alone: raters are
// told apart by what they have in which continua, and continua by what which raters have there, in
// turns (as colours are refined in a graph).
std::vector<std::vector<std::int64_t>> continuum_keys(const PairwiseScores& scores,
                                                      std::size_t continua) {
  std::uint32_t raters = 0;
  for (const RaterPairScore& pair : scores.pairs) raters = std::max(raters, pair.second + 1);
  std::vector<std::uint32_t> rank(raters, 0);
  std::vector<std::uint32_t> place(continua, 0);
  std::vector<std::vector<std::int64_t>> key;
  for (int turn = 0; turn < 4; ++turn) {
    std::vector<Rows> of_rater(raters);
    std::vector<Rows> of_continuum(continua);
    for (const RaterPairScore& pair : scores.pairs) {
      for (std::size_t c = 0; c < continua; ++c) {
        const MatchCounts& counts = pair.scores.by_continuum[c];
        const auto matched = static_cast<std::int64_t>(counts.matched);
        const auto first = static_cast<std::int64_t>(counts.first);
        const auto second = static_cast<std::int64_t>(counts.second);
        of_rater[pair.first].push_back({place[c], rank[pair.second], matched, first, second});
        of_rater[pair.second].push_back({place[c], rank[pair.first], matched, second, first});
        of_continuum[c].push_back({rank[pair.first], rank[pair.second], matched, first, second});
        of_continuum[c].push_back({rank[pair.second], rank[pair.first], matched, second, first});
      }
    }
    key = flattened(std::move(of_continuum));
    place = ranks_by_content(key);
    rank = ranks_by_content(flattened(std::move(of_rater)));
  }
  return key;
}

}  // namespace

std::optional<double> MatchCounts::precision() const { return share(matched, second); }
std::optional<double> MatchCounts::recall() const { return share(matched, first); }
std::optional<double> MatchCounts::f1() const { return share(2 * matched, first + second); }

std::optional<double> SpanScores::macro_f1() const {
  std::vector<double> values;
  for (const MatchCounts& counts : by_category) {
    if (const auto f1 = counts.f1()) values.push_back(*f1);
  }
  return mean_of(std::move(values));
}

Result<SpanScores> span_scores(const UnitStudy& study, std::uint32_t first, std::uint32_t second,
                               const Closeness& closeness) {
  CSL_TRY(check_closeness(closeness));
  const UnitOrder order = CSL_TRY(order_units(study));
  return unit_scores(study, order, first, second, closeness);
}

Result<SpanScores> position_scores(const UnitStudy& study, std::uint32_t first,
                                   std::uint32_t second, const PositionRule& rule) {
  const UnitOrder order = CSL_TRY(order_units(study));
  CSL_TRY(check_tokens(study, rule));
  const std::size_t categories = rule.same_category ? study.category_count : 1;
  const auto count = [&](std::uint32_t c, std::vector<MatchCounts>& here) -> Status {
    std::array<std::vector<std::vector<Part>>, 2> covered;
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      covered[side].resize(categories);
      for (const std::uint32_t u : order.of(c, side == 0 ? first : second)) {
        for (const Part& part : study.units[u].parts) {
          covered[side][rule.same_category ? study.units[u].category : 0].push_back(
              rule.tokens.empty() || part.begin == part.end ? part
                                                            : token_range(rule.tokens[c], part));
        }
      }
    }
    for (std::size_t k = 0; k < categories; ++k) {
      const std::vector<Part> a = merged_parts(std::move(covered[0][k]));
      const std::vector<Part> b = merged_parts(std::move(covered[1][k]));
      here[k] = {static_cast<std::uint64_t>(shared_length(a, b)), length_of_parts(a),
                 length_of_parts(b)};
    }
    return {};
  };
  return scores_over(study, order, first, second, rule.same_category, count);
}

Result<PairwiseScores> pairwise_scores(const UnitStudy& study, const Closeness& closeness) {
  CSL_TRY(check_closeness(closeness));
  const UnitOrder order = CSL_TRY(order_units(study));
  std::vector<std::uint8_t> meet(std::size_t{study.rater_count} * study.rater_count, 0);
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    const std::vector<std::uint32_t> readers = order.readers(c);
    for (std::size_t i = 0; i < readers.size(); ++i) {
      for (std::size_t j = i + 1; j < readers.size(); ++j) {
        meet[std::size_t{readers[i]} * study.rater_count + readers[j]] = 1;
      }
    }
  }
  PairwiseScores result;
  std::vector<double> f1;
  std::vector<double> macro;
  for (std::uint32_t i = 0; i < study.rater_count; ++i) {
    for (std::uint32_t j = i + 1; j < study.rater_count; ++j) {
      if (meet[std::size_t{i} * study.rater_count + j] == 0) continue;
      RaterPairScore pair{i, j, CSL_TRY(unit_scores(study, order, i, j, closeness))};
      if (const auto value = pair.scores.all.f1()) {
        f1.push_back(*value);
      } else {
        ++result.undefined_pairs;
      }
      if (const auto value = pair.scores.macro_f1()) macro.push_back(*value);
      result.pairs.push_back(std::move(pair));
    }
  }
  if (result.pairs.empty()) {
    return fail(ErrorCode::InvalidInput, "no two raters read a continuum in common", {},
                "give the same texts to two raters or more");
  }
  result.mean_f1 = mean_of(std::move(f1));
  result.mean_macro_f1 = mean_of(std::move(macro));
  return result;
}

Result<BootstrapInterval> bootstrap_f1(const PairwiseScores& scores,
                                       std::span<const std::uint32_t> cluster_of,
                                       const ClusterBootstrapOptions& options) {
  const std::size_t continua =
      scores.pairs.empty() ? 0 : scores.pairs.front().scores.by_continuum.size();
  const std::vector<std::vector<std::int64_t>> key = continuum_keys(scores, continua);
  const std::vector<std::uint32_t> cluster = CSL_TRY(canonical_clusters(key, cluster_of));
  const std::uint32_t clusters = cluster.empty() ? 0 : std::ranges::max(cluster) + 1;
  std::vector<std::vector<MatchCounts>> counts(scores.pairs.size(),
                                               std::vector<MatchCounts>(clusters));
  for (std::size_t p = 0; p < scores.pairs.size(); ++p) {
    for (std::size_t c = 0; c < continua; ++c) {
      add(counts[p][cluster[c]], scores.pairs[p].scores.by_continuum[c]);
    }
  }
  return cluster_bootstrap(
      clusters, options, [&](std::span<const std::uint32_t> multiplicity) -> std::optional<double> {
        std::vector<double> f1;
        for (const std::vector<MatchCounts>& of_pair : counts) {
          MatchCounts sum;
          for (std::uint32_t k = 0; k < clusters; ++k) add(sum, of_pair[k], multiplicity[k]);
          if (const auto value = sum.f1()) f1.push_back(*value);
        }
        return mean_of(std::move(f1));
      });
}

}  // namespace consilium
