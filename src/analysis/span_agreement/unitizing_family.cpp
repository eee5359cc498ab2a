// The four coefficients of Krippendorff, Mathet, Bouvry and Widloecher (2016), in the notation of
// semantics.md, I5. Coincidences need no matrix: of l_ck only the sums over k, the diagonal and
// what meets any unit at all enter the formulas, and these add up in one pass over the boundaries
// of all raters' units, in whole numbers.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "analysis/span_agreement/unitizing_alpha.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::int64_t total_length_max = std::int64_t{1} << 40;

// What one category (or the gaps) adds up to. Lengths of coincidences are of ordered pairs of
// raters and still to be divided by the number of readers less one.
struct Tally {
  std::int64_t length = 0;  // l_c.: marked, over raters
  std::int64_t same = 0;    // l_cc: met by the same category
  std::int64_t met = 0;     // l*_c.: met by any unit
  Wide own = 0;             // S_c: sum of squared lengths of units
  Wide own_met = 0;         // S*_c: the same of what of each unit meets another rater's
  void add(const Tally& other, std::int64_t times) {
    length += times * other.length;
    same += times * other.same;
    met += times * other.met;
    own += static_cast<Wide>(times) * other.own;
    own_met += static_cast<Wide>(times) * other.own_met;
  }
};

// Of continua with one number of readers.
struct Stratum {
  std::int64_t length = 0;  // of the continua
  Tally gaps;               // `same`: gap against gap; `own` is their length (see below)
  std::map<std::uint32_t, Tally> category;
  void add(const Stratum& other, std::int64_t times) {
    length += times * other.length;
    gaps.add(other.gaps, times);
    for (const auto& [k, tally] : other.category) category[k].add(tally, times);
  }
};
using Strata = std::map<std::uint32_t, Stratum>;  // by number of readers

struct Edge {
  std::int64_t at = 0;
  std::uint32_t reader = 0;
  const Unit* unit = nullptr;
  bool begins = false;
};

Result<std::vector<Edge>> edges_of(const UnitStudy& study, const UnitOrder& order,
                                   std::uint32_t continuum,
                                   const std::vector<std::uint32_t>& readers) {
  std::vector<Edge> edges;
  for (std::uint32_t i = 0; i < readers.size(); ++i) {
    std::int64_t last_end = study.extents[continuum].begin;
    for (const std::uint32_t u : order.of(continuum, readers[i])) {
      const Unit& unit = study.units[u];
      const Part& part = unit.parts.front();
      const char* wrong = unit.parts.size() > 1    ? "a unit is discontinuous"
                          : part.begin == part.end ? "a unit is a point"
                          : part.begin < last_end  ? "units of one rater overlap"
                                                   : nullptr;
      if (wrong != nullptr) {
        return fail(ErrorCode::InvalidInput, wrong, fmt::format("unit {}", u),
                    "alpha gives every position one value; see with_hulls, or take gamma or F1");
      }
      last_end = part.end;
      edges.push_back({part.begin, i, &unit, true});
      edges.push_back({part.end, i, &unit, false});
    }
  }
  // At one position units end before others begin.
  std::ranges::stable_sort(edges, [](const Edge& a, const Edge& b) {
    return a.at != b.at ? a.at < b.at : !a.begins && b.begins;
  });
  return edges;
}

// One pass over the stretches between boundaries; within one, each reader says one thing.
Result<Stratum> tally_of(const UnitStudy& study, const UnitOrder& order, std::uint32_t continuum,
                         const std::vector<std::uint32_t>& readers) {
  const std::vector<Edge> edges = CSL_TRY(edges_of(study, order, continuum, readers));
  const Part& extent = study.extents[continuum];
  const auto m = static_cast<std::int64_t>(readers.size());
  Stratum result;
  result.length = extent.end - extent.begin;
  std::vector<const Unit*> open(readers.size(), nullptr);
  std::vector<std::int64_t> met(readers.size(), 0);
  std::map<std::uint32_t, std::int64_t> active;  // readers by category
  std::int64_t marking = 0;
  std::int64_t at = extent.begin;
  const auto pass = [&](std::int64_t to) {
    const std::int64_t length = to - at;
    at = to;
    if (length == 0) return;
    const std::int64_t silent = m - marking;
    result.gaps.length += length * silent;
    result.gaps.same += length * silent * (silent - 1);
    for (const auto& [k, count] : active) {
      Tally& tally = result.category[k];
      tally.length += length * count;
      tally.same += length * count * (count - 1);
      tally.met += length * count * (marking - 1);
    }
    if (marking < 2) return;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i] != nullptr) met[i] += length;
    }
  };
  for (const Edge& edge : edges) {
    pass(edge.at);
    const std::uint32_t k = edge.unit->category;
    if (edge.begins) {
      open[edge.reader] = edge.unit;
      met[edge.reader] = 0;
      ++active[k];
      ++marking;
    } else {
      open[edge.reader] = nullptr;
      const std::int64_t length = length_of(*edge.unit);
      Tally& tally = result.category[k];
      tally.own += Wide{length} * length;
      tally.own_met += Wide{met[edge.reader]} * met[edge.reader];
      if (--active[k] == 0) active.erase(k);
      --marking;
    }
  }
  pass(extent.end);
  // Gaps are no units: each position of one is by itself (own = sum of 1^2).
  result.gaps.own = result.gaps.length;
  return result;
}

struct ContinuumTally {
  std::uint32_t readers = 0;
  Stratum stratum;
};

Result<std::vector<ContinuumTally>> tallies_of(const UnitStudy& study) {
  const UnitOrder order = CSL_TRY(order_units(study));
  std::vector<ContinuumTally> result(study.extents.size());
  std::int64_t total = 0;
  bool any = false;
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    const std::vector<std::uint32_t> readers = order.readers(c);
    if (readers.size() < 2) continue;
    const auto length = (study.extents[c].end - study.extents[c].begin);
    const auto weighted = Wide{length} * static_cast<Wide>(readers.size() * readers.size());
    if (weighted > total_length_max - total) {
      return fail(ErrorCode::TooLarge, "the continua are too long together",
                  fmt::format("continuum {}", c),
                  "length times squared readers is at most 2^40; take a coarser unit of position");
    }
    total += static_cast<std::int64_t>(weighted);
    any = any || length > 0;
    result[c] = {static_cast<std::uint32_t>(readers.size()),
                 CSL_TRY(tally_of(study, order, c, readers))};
  }
  if (!any) {
    return fail(ErrorCode::InvalidInput, "no continuum with a length has two readers", {},
                "give the same texts to two raters or more");
  }
  return result;
}

// Sums over strata. Those of one number of readers were summed in whole numbers, and strata follow
// each other by that number, so the order of continua and raters does not show.
struct Sums {
  double total = 0.0;
  double gap_length = 0.0;
  double gap_same = 0.0;
  struct Category {
    double length = 0.0;
    double same = 0.0;
    double met = 0.0;
    double own = 0.0;
    double own_met = 0.0;
  };
  std::map<std::uint32_t, Category> category;
};

Sums sums_of(const Strata& strata) {
  Sums sums;
  for (const auto& [readers, stratum] : strata) {
    const double others = readers - 1.0;
    sums.total += static_cast<double>(stratum.length) * readers;
    sums.gap_length += static_cast<double>(stratum.gaps.length);
    sums.gap_same += static_cast<double>(stratum.gaps.same) / others;
    for (const auto& [k, tally] : stratum.category) {
      Sums::Category& category = sums.category[k];
      category.length += static_cast<double>(tally.length);
      category.same += static_cast<double>(tally.same) / others;
      category.met += static_cast<double>(tally.met) / others;
      category.own += static_cast<double>(tally.own);
      category.own_met += static_cast<double>(tally.own_met);
    }
  }
  return sums;
}

double sum_over(const Sums& sums, double Sums::Category::* member) {
  std::vector<double> values;
  for (const auto& [k, category] : sums.category) values.push_back(category.*member);
  return sorted_sum(values);
}

// Lengths expected by chance, e_ck of equations 32 and 33: what two values' lengths are expected to
// meet when all stretches of a pool are laid against each other at random, but none against itself.
// `total` is l_.. of the pool, `own` its S, the sum of squared lengths of what lies in one piece.
class Chance {
 public:
  Chance(double total, double own) : divisor_(total > 0.0 ? total - own / total : 0.0) {}
  // `pairs` is l_c. l_.k, less S_c where c = k.
  [[nodiscard]] double length(double pairs) const {
    return divisor_ > 0.0 ? pairs / divisor_ : 0.0;
  }

 private:
  double divisor_;
};

// Equations 34 and 35, over all positions: the gaps are a value beside the categories.
void compare_positions(const Sums& sums, AlphaUFamily& family) {
  using Category = Sums::Category;
  const Chance chance(sums.total, sum_over(sums, &Category::own) + sums.gap_length);
  std::vector<double> alike{sums.gap_length * sums.gap_length - sums.gap_length};
  for (const auto& [k, of] : sums.category) alike.push_back(of.length * of.length - of.own);
  family.all.observed = sums.total - sum_over(sums, &Category::same) - sums.gap_same;
  family.all.expected = sums.total - chance.length(sorted_sum(alike));
  const double marked = sum_over(sums, &Category::length);
  family.binary.observed = 2.0 * (sums.gap_length - sums.gap_same);
  family.binary.expected = chance.length(2.0 * sums.gap_length * marked);
  // One value alone leaves rounding noise where 0 is meant: nothing could disagree.
  if (sums.category.empty() || (sums.category.size() == 1 && sums.gap_length == 0.0)) {
    family.all.expected = 0.0;
  }
}

// Equations 36 to 38, where two raters both mark a unit: gaps take no part.
void compare_categories(const Sums& sums, AlphaUFamily& family) {
  using Category = Sums::Category;
  const double met = sum_over(sums, &Category::met);
  const Chance chance(met, sum_over(sums, &Category::own_met));
  std::vector<double> alike;
  for (const auto& [k, of] : sums.category) alike.push_back(of.met * of.met - of.own_met);
  family.category.observed = met - sum_over(sums, &Category::same);
  family.category.expected = met - chance.length(sorted_sum(alike));
  if (sums.category.size() < 2) family.category.expected = 0.0;  // see above
  for (const auto& [k, of] : sums.category) {
    CategoryAlpha& alpha = family.by_category[k];
    if (of.length > 0.0) alpha.coverage = of.met / of.length;
    // (38): l*_.k - l*_kk over l*_.k is observed, e*_.k - e*_kk over e*_.k expected. The divisor of
    // both expected lengths is one and leaves the fraction.
    const double expected_all = of.met * met - of.own_met;
    const double expected_other = of.met * (met - of.met);
    if (of.met > 0.0 && expected_other > 0.0) {
      alpha.alpha = 1.0 - (of.met - of.same) / of.met * expected_all / expected_other;
    }
  }
}

AlphaUFamily family_of(const Strata& strata, std::uint32_t category_count) {
  AlphaUFamily family;
  family.by_category.resize(category_count);
  const Sums sums = sums_of(strata);
  compare_positions(sums, family);
  compare_categories(sums, family);
  return family;
}

void append(std::vector<std::int64_t>& key, const Tally& tally) {
  for (const Wide wide :
       {Wide{tally.length}, Wide{tally.same}, Wide{tally.met}, tally.own, tally.own_met}) {
    key.push_back(static_cast<std::int64_t>(wide >> 62U));
    key.push_back(static_cast<std::int64_t>(wide & ((Wide{1} << 62U) - 1)));
  }
}

// What each continuum holds, in numbers of categories that depend on their own tallies alone.
std::vector<std::vector<std::int64_t>> continuum_keys(const std::vector<ContinuumTally>& tallies,
                                                      std::uint32_t category_count) {
  std::vector<std::vector<std::vector<std::int64_t>>> seen(category_count);
  for (const ContinuumTally& tally : tallies) {
    for (const auto& [k, of_category] : tally.stratum.category) {
      append(seen[k].emplace_back(), of_category);
    }
  }
  std::vector<std::vector<std::int64_t>> content(category_count);
  for (std::uint32_t k = 0; k < category_count; ++k) {
    std::ranges::sort(seen[k]);
    for (const auto& row : seen[k]) content[k].insert(content[k].end(), row.begin(), row.end());
  }
  const std::vector<std::uint32_t> rank = ranks_by_content(content);
  std::vector<std::vector<std::int64_t>> keys;
  for (const ContinuumTally& tally : tallies) {
    std::vector<std::int64_t>& key = keys.emplace_back();
    key.assign({tally.readers, tally.stratum.length});
    append(key, tally.stratum.gaps);
    std::vector<std::vector<std::int64_t>> rows;
    for (const auto& [k, of_category] : tally.stratum.category) {
      append(rows.emplace_back(1, rank[k]), of_category);
    }
    std::ranges::sort(rows);
    for (const auto& row : rows) key.insert(key.end(), row.begin(), row.end());
  }
  return keys;
}

}  // namespace

Result<AlphaUFamily> alpha_u_family(const UnitStudy& study) {
  Strata strata;
  for (const ContinuumTally& tally : CSL_TRY(tallies_of(study))) {
    if (tally.readers > 1) strata[tally.readers].add(tally.stratum, 1);
  }
  return family_of(strata, study.category_count);
}

Result<BootstrapInterval> bootstrap_alpha_u(const UnitStudy& study, AlphaMeasure measure,
                                            std::span<const std::uint32_t> cluster_of,
                                            const ClusterBootstrapOptions& options) {
  const std::vector<ContinuumTally> tallies = CSL_TRY(tallies_of(study));
  const std::vector<std::uint32_t> cluster =
      CSL_TRY(canonical_clusters(continuum_keys(tallies, study.category_count), cluster_of));
  std::vector<Strata> clusters(std::ranges::max(cluster) + std::size_t{1});
  for (std::size_t c = 0; c < tallies.size(); ++c) {
    if (tallies[c].readers > 1) {
      clusters[cluster[c]][tallies[c].readers].add(tallies[c].stratum, 1);
    }
  }
  return cluster_bootstrap(static_cast<std::uint32_t>(clusters.size()), options,
                           [&](std::span<const std::uint32_t> multiplicity) {
                             Strata strata;
                             for (std::size_t k = 0; k < clusters.size(); ++k) {
                               if (multiplicity[k] == 0) continue;
                               for (const auto& [readers, stratum] : clusters[k]) {
                                 strata[readers].add(stratum, multiplicity[k]);
                               }
                             }
                             const AlphaUFamily family = family_of(strata, study.category_count);
                             switch (measure) {
                               case AlphaMeasure::All:
                                 return family.all.alpha();
                               case AlphaMeasure::Binary:
                                 return family.binary.alpha();
                               case AlphaMeasure::Category:
                                 return family.category.alpha();
                             }
                             return std::optional<double>{};
                           });
}

}  // namespace consilium
