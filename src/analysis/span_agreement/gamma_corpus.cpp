#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/span_agreement/gamma.hpp"

namespace consilium {
namespace {

// Weighted disorders in whole multiples of 2^-32: sums hang on no order.
struct Disorders {
  std::int64_t observed = 0;
  std::int64_t expected = 0;
  void add(const Disorders& other, std::int64_t times) {
    observed += times * other.observed;
    expected += times * other.expected;
  }
  [[nodiscard]] std::optional<double> gamma() const {
    if (expected <= 0) return std::nullopt;
    return 1.0 - static_cast<double>(observed) / static_cast<double>(expected);
  }
};

constexpr int bits = 32;

std::int64_t whole(double value) { return std::llround(std::ldexp(value, bits)); }

}  // namespace

Result<CorpusGamma> corpus_gamma(const UnitStudy& study, std::span<const std::uint32_t> cluster_of,
                                 const GammaOptions& options,
                                 const ClusterBootstrapOptions& bootstrap) {
  const UnitOrder order = CSL_TRY(order_units(study));
  CorpusGamma result;
  result.exact = true;
  std::vector<Disorders> of_continuum(study.extents.size());
  std::vector<std::vector<std::int64_t>> key(study.extents.size());
  Disorders sum;
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    const std::vector<std::uint32_t> readers = order.readers(c);
    std::size_t units = 0;
    for (const std::uint32_t r : readers) units += order.of(c, r).size();
    if (readers.size() < 2 || units == 0) continue;
    const Gamma gamma = CSL_TRY(gamma_agreement(study, c, options));
    const double weight = static_cast<double>(units) / static_cast<double>(readers.size());
    of_continuum[c] = {whole(weight * gamma.observed), whole(weight * gamma.expected)};
    key[c] = {of_continuum[c].observed, of_continuum[c].expected};
    sum.add(of_continuum[c], 1);
    ++result.continua;
    result.exact = result.exact && gamma.observed_is_exact && gamma.samples_exact == gamma.samples;
  }
  const std::optional<double> gamma = sum.gamma();
  if (!gamma) {
    return fail(ErrorCode::InvalidInput,
                "gamma is undefined: no continuum has units of two readers", {},
                "give the same texts to two raters or more");
  }
  result.gamma = *gamma;
  result.observed = std::ldexp(static_cast<double>(sum.observed), -bits);
  result.expected = std::ldexp(static_cast<double>(sum.expected), -bits);
  const std::vector<std::uint32_t> cluster = CSL_TRY(canonical_clusters(key, cluster_of));
  std::vector<Disorders> of_cluster(std::ranges::max(cluster) + std::size_t{1});
  for (std::size_t c = 0; c < cluster.size(); ++c) of_cluster[cluster[c]].add(of_continuum[c], 1);
  if (of_cluster.size() < 2) return result;
  result.interval =
      CSL_TRY(cluster_bootstrap(static_cast<std::uint32_t>(of_cluster.size()), bootstrap,
                                [&](std::span<const std::uint32_t> multiplicity) {
                                  Disorders drawn;
                                  for (std::size_t k = 0; k < of_cluster.size(); ++k) {
                                    drawn.add(of_cluster[k], multiplicity[k]);
                                  }
                                  return drawn.gamma();
                                }));
  return result;
}

}  // namespace consilium
