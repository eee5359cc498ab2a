// Krippendorff's alpha for unitizing, in its two published forms. Both ask how far raters who cut
// a continuum into units agree on where the units lie and what they are, beyond chance. They are
// different measures with different values: name the one that was used with the number.
//
// Texts are laid end to end; units and gaps end with their text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/matching/unit.hpp"
#include "analysis/statistics/cluster_bootstrap.hpp"
#include "base/result.hpp"

namespace consilium {

// Observed and expected disagreement; alpha is 1 - observed / expected.
struct Disagreement {
  double observed = 0.0;
  double expected = 0.0;
  // Empty where nothing is expected to disagree (no units, or one that fills everything): alpha is
  // then undefined, not 1.
  [[nodiscard]] std::optional<double> alpha() const;
  friend bool operator==(const Disagreement&, const Disagreement&) = default;
};

struct AlphaU {
  std::vector<Disagreement> by_category;  // u-alpha of each category
  Disagreement all;                       // sums over categories: the joint alpha
};

// The first form. Source: K. Krippendorff, Sociological Methodology 25 (1995) 47-76, as restated in
// Quality & Quantity 38 (2004) 787-800, whose formula for the expected disagreement is taken (the
// sign in the first one is a misprint). For category c, with m raters, length L, N_c units:
//   d2 = (b_g - b_h)^2 + (e_g - e_h)^2  for units g, h of two raters that intersect,
//        length_g^2                     for a unit of one rater wholly in a gap of the other,
//   observed = sum over ordered pairs of raters of d2 / (m (m-1) L^2)
//   expected = (2/L) sum over units g of [ (N_c - 1)/3 (2 l^3 - 3 l^2 + l)
//                + l^2 sum over gaps h with l_h >= l of (l_h - l + 1) ]
//              / ( m L (m L - 1) - sum over units of l (l - 1) ).
// Units of different categories may overlap; those of one category and rater may not.
//
// Errors: those of order_units; InvalidInput for fewer than 2 raters, no length, a continuum that a
// rater did not read, a unit that is a point or discontinuous (see with_hulls), and overlapping
// units of one rater and category. TooLarge past a total length of 2^32 or 256 raters.
// Cost: O(raters^2 x units + units log units).
[[nodiscard]] Result<AlphaU> alpha_u(const UnitStudy& study);

struct CategoryAlpha {
  std::optional<double> alpha;     // (k)u-alpha
  std::optional<double> coverage;  // the share of the category's length that meets other units
};

struct AlphaUFamily {
  Disagreement all;       // u-alpha: units and gaps, with categories
  Disagreement binary;    // |u-alpha: unit or gap alone
  Disagreement category;  // cu-alpha: categories where units of two raters meet
  std::vector<CategoryAlpha> by_category;
};

// The second form: four measures of one kind. Source: K. Krippendorff, Y. Mathet, S. Bouvry,
// A. Widloecher, Quality & Quantity 50 (2016) 2347-2364; equations 32 to 38 of K. Krippendorff,
// Content Analysis, 4th ed. 2019, section 12.6. See semantics.md for what exactly is computed.
// Observed and expected disagreements are lengths. Continua that fewer than two raters read take no
// part; raters need not have read all of them.
// Units of one rater may not overlap, since every position has one value there.
//
// Errors: those of order_units; InvalidInput when no continuum has two readers, a unit is a point
// or discontinuous, or units of one rater overlap. TooLarge past a total length of 2^40. Cost:
// O(raters x units + units log units).
[[nodiscard]] Result<AlphaUFamily> alpha_u_family(const UnitStudy& study);

enum class AlphaMeasure { All, Binary, Category };

// Interval of one of the family over clusters of continua. `cluster_of[c]` is the patient of
// continuum c; empty: each continuum is its own.
[[nodiscard]] Result<BootstrapInterval> bootstrap_alpha_u(const UnitStudy& study,
                                                          AlphaMeasure measure,
                                                          std::span<const std::uint32_t> cluster_of,
                                                          const ClusterBootstrapOptions& options);

}  // namespace consilium
