// Functions of mathematics that the standard library lacks.
#pragma once

namespace consilium::crowd {

// Derivatives of log Gamma for x > 0: error below 1e-12 relative to max(1, |value|). Recurrence up
// to 8, then the asymptotic series (M. Abramowitz, I. Stegun, 6.3.18 and 6.4.12).
[[nodiscard]] double digamma(double x);
[[nodiscard]] double trigamma(double x);

// The standard normal: density, share below x, and the x with share p below (0 < p < 1).
[[nodiscard]] double normal_density(double x);
[[nodiscard]] double normal_share_below(double x);
[[nodiscard]] double normal_quantile(double p);

// Regularised incomplete beta function: the share of Beta(a, b) below x. a, b > 0; x in [0, 1].
// Continued fraction (Abramowitz, Stegun 26.5.8).
[[nodiscard]] double beta_share_below(double a, double b, double x);
[[nodiscard]] double beta_quantile(double a, double b, double p);

// The share of the chi-square distribution with `freedom` degrees above x >= 0.
[[nodiscard]] double chi_square_share_above(double x, double freedom);

}  // namespace consilium::crowd
