// The distributions that intervals and tests need, by the incomplete beta and gamma functions.
// Sources: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions (1964), 6.5, 26.5; the
// continued fraction of the gamma function is evaluated by the method of W. Lentz, Appl. Opt. 15
// (1976) 668, that of the beta function as said beside it.
//
// Accuracy: 1e-12 relative in the probabilities and 1e-10 in the quantiles, for degrees of freedom
// from 0.5 to 1e9; upper tails keep their digits where they are small. Arguments outside the stated
// ranges are the caller's fault and end the process. Cost: 1 to 20 microseconds a call.
#pragma once

namespace consilium {

// The standard normal distribution: density, P(Z <= z), and its inverse for 0 < probability < 1.
[[nodiscard]] double normal_density(double z);
[[nodiscard]] double normal_probability(double z);
[[nodiscard]] double normal_quantile(double probability);

// The regularised incomplete beta function I_x(a, b), the share of Beta(a, b) below x, for a, b > 0
// and 0 <= x <= 1. `y` is 1 - x, given apart since one of the two may be too close to 1 to hold it.
[[nodiscard]] double incomplete_beta(double a, double b, double x, double y);
// The x below which Beta(a, b) has the share `probability`, in (0, 1).
[[nodiscard]] double beta_quantile(double a, double b, double probability);

// Student's distribution: P(T <= t), P(T > t), P(|T| >= |t|), and the inverse of the first.
// `degrees` > 0; infinitely many make it the normal distribution.
[[nodiscard]] double student_probability(double t, double degrees);
[[nodiscard]] double student_upper_tail(double t, double degrees);
[[nodiscard]] double student_two_sided(double t, double degrees);
[[nodiscard]] double student_quantile(double probability, double degrees);

// Fisher's distribution with `above` and `below` degrees of freedom, both > 0: P(F <= f), P(F > f)
// and the inverse of the first. For the tail `below` may be infinite: F is then chi-square with
// `above` degrees over `above`.
[[nodiscard]] double fisher_probability(double f, double above, double below);
[[nodiscard]] double fisher_upper_tail(double f, double above, double below);
[[nodiscard]] double fisher_quantile(double probability, double above, double below);

// The chi-square distribution: P(X <= value), P(X > value), and the inverse of the first.
[[nodiscard]] double chi_square_probability(double value, double degrees);
[[nodiscard]] double chi_square_upper_tail(double value, double degrees);
[[nodiscard]] double chi_square_quantile(double probability, double degrees);

}  // namespace consilium
