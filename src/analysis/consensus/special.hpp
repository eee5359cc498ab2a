// Elementary and special functions whose results are the same on every machine and for every
// vector width: written out in plain double operations, none of them fused.
#pragma once

#include <cstddef>
#include <span>

namespace consilium {

// Natural logarithm in place; 0 gives -infinity. Relative error below 4e-16. Arguments are >= 0,
// finite and not subnormal (0 apart).
void log_in_place(std::span<double> values);
[[nodiscard]] double exact_log(double value);

// The digamma function and the logarithm of the gamma function for x > 0; absolute error below
// 1e-13 x (1 + |result|) for x >= 1e-3. (std::lgamma writes a global and is not safe in threads.)
[[nodiscard]] double digamma(double x);
[[nodiscard]] double log_gamma(double x);

// Quantile of the Beta(a, b) distribution, a and b > 0, `probability` in (0, 1); absolute error
// below 1e-9. Continued fraction (Abramowitz & Stegun 26.5.8, by Lentz), Newton steps kept in a
// bracket.
[[nodiscard]] double beta_quantile(double a, double b, double probability);

}  // namespace consilium
