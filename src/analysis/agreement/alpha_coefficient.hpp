// What alpha on every scale has in common. Used inside this module; see alpha.hpp.
#pragma once

#include <span>

#include "analysis/agreement/agreement_model.hpp"

namespace consilium {

class AlphaCoefficient : public Coefficient {
 public:
  // Column 0 of every alpha counts codings, and is the first entry of every row.
  static constexpr std::uint32_t codings_column = 0;

  [[nodiscard]] Result<CoefficientValue> evaluate(std::span<const double> sums) const final;
  // Gwet's formula, as irrCAC computes it, centres the units' agreement by the observed agreement
  // with its small-sample correction, the units' size by the one without. The difference is of
  // order 1 / N.
  void add_published_shift(std::span<const double> sums, const SummandRows& rows,
                           std::span<double> deviation) const final;

 protected:
  struct Parts {
    double disagreement = 0;  // the sum of units' disagreements
    double product = 0;       // sum_kl n_k n_l d2(k, l); 0 when all codings are of one value
  };
  [[nodiscard]] virtual Parts parts(std::span<const double> sums) const = 0;
};

}  // namespace consilium
