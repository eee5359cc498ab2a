// The gamma measures: agreement of raters who both cut a continuum into units and classify them.
// Units are aligned across all raters at once (one unit of each at most), in the way that leaves
// the least disorder; gamma is 1 less the ratio of that disorder to the one expected by chance.
// Source: Y. Mathet, A. Widloecher, J.-P. Metivier, Computational Linguistics 41 (2015) 437-479;
// gamma-cat and gamma-k: Y. Mathet, Computational Linguistics 43 (2017) 661-681.
//
// Unlike alpha, units of one rater may overlap or nest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/matching/unit.hpp"
#include "analysis/statistics/cluster_bootstrap.hpp"
#include "base/result.hpp"

namespace consilium {

struct GammaOptions {
  // d(u, v) = positional_weight x d_pos + categorical_weight x d_cat, both times empty_cost;
  //   d_pos = ((|begin_u - begin_v| + |end_u - end_v|) / (length_u + length_v))^2,
  //   d_cat = 0 for one category, else 1, or what `category_distance` says;
  // a unit beside an empty place costs `empty_cost`.
  double positional_weight = 1.0;
  double categorical_weight = 1.0;
  double empty_cost = 1.0;
  // category_count squared, row by row, symmetric, zeros on the diagonal, 0 to 1. Empty: nominal.
  std::vector<double> category_distance{};
  // Chance: this many continua are sampled at first ...
  std::uint32_t samples = 30;
  // ... and then as many as the expected disorder needs to be known within this share of itself
  // with 95% confidence: (1.96 cv / precision)^2 (2015, section 5.3). 0: no more.
  double precision = 0.0;
  std::uint32_t samples_max = 2000;
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

// One aligned group of units, as places in `study.units`, in rising order of the rater.
using UnitaryAlignment = std::vector<std::uint32_t>;

struct Gamma {
  double gamma = 0.0;
  double observed = 0.0;   // disorder of the best alignment
  double expected = 0.0;   // mean over the samples
  double precision = 0.0;  // reached: 1.96 standard errors of `expected`, as a share of it
  std::uint32_t samples = 0;
  // Whether every alignment is proved to be the best one. Where one is not, its disorder is an
  // upper bound: of the observed one, gamma is then too low.
  bool observed_is_exact = false;
  std::uint32_t samples_exact = 0;
  // gamma-cat: the categories alone, where units are aligned. Empty when nothing is aligned in the
  // data or in any sample, or no category differs by chance.
  std::optional<double> gamma_cat;
  std::vector<std::optional<double>> gamma_k;  // the same of each category
  std::vector<UnitaryAlignment> alignment;     // single units too
};

// Gamma of one continuum, over the raters who read it. Chance is the statistical continuum: each
// rater's number of units, the gaps before units and their lengths are drawn from normal
// distributions with the mean and standard deviation that the data have over all raters, and
// categories by their shares. One seed gives one result, for any number of threads; numbering
// raters, units or categories otherwise does not change it.
// Alignments are exact where `*_exact` says so: for two raters always (bipartite matching), for
// more by the packing of groups (analysis/matching/packing.hpp). A continuum with more than 2^21
// possible groups is aligned from its closest pairs alone, and then not called exact.
//
// Errors: those of order_units; InvalidInput when there is no such continuum, fewer than two raters
// read it or nobody marked a unit, a unit is a point or discontinuous (see with_hulls), an option
// is out of range, or the expected disorder is 0: gamma is then undefined. TooLarge past 64 raters.
// Cost: (1 + samples) alignments. One is about linear in the units, and grows with the number of
// groups: steeply with the raters where many units overlap.
[[nodiscard]] Result<Gamma> gamma_agreement(const UnitStudy& study, std::uint32_t continuum,
                                            const GammaOptions& options);

struct CorpusGamma {
  double gamma = 0.0;
  double observed = 0.0;  // sums over continua, of disorder times the mean units of a rater
  double expected = 0.0;
  std::uint32_t continua = 0;  // that took part
  bool exact = false;          // every alignment, of data and samples
  // Over clusters of continua; empty when there are fewer than two of them.
  std::optional<BootstrapInterval> interval;
};

// Gamma of several continua: 1 less the ratio of their summed disorders, each weighted by the mean
// number of units that a rater marked there, so that every unit counts alike. (Ours: the papers
// measure one continuum.) Continua that fewer than two raters read, or on which nobody marked a
// unit, take no part. `cluster_of[c]` is the patient of continuum c; empty: each is its own. The
// interval resamples clusters; the error of the expected disorders (`precision`) is not in it.
// Errors: as gamma_agreement, and when no continuum takes part; as cluster_bootstrap.
// Cost: that of gamma_agreement for each continuum.
[[nodiscard]] Result<CorpusGamma> corpus_gamma(const UnitStudy& study,
                                               std::span<const std::uint32_t> cluster_of,
                                               const GammaOptions& options,
                                               const ClusterBootstrapOptions& bootstrap);

}  // namespace consilium
