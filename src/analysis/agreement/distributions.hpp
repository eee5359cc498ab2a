// The distributions that intervals and tests need, by the incomplete beta and gamma functions.
// Sources: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions (1964), 6.5, 26.5; the
// continued fractions are evaluated by the method of W. Lentz, Appl. Opt. 15 (1976) 668.
//
// Accuracy: 1e-12 relative in the probabilities and 1e-10 in the quantiles, for degrees of freedom
// from 0.5 to 1e9. Arguments outside the stated ranges are the caller's fault and end the process.
// Cost: 1 to 20 microseconds a call.
#pragma once

namespace consilium {

// P(Z <= z) of the standard normal distribution, and its inverse for 0 < probability < 1.
[[nodiscard]] double normal_probability(double z);
[[nodiscard]] double normal_quantile(double probability);

// The regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1. `y` is 1 - x,
// given apart since one of the two may be too close to 1 to hold it.
[[nodiscard]] double incomplete_beta(double a, double b, double x, double y);

// P(T <= t) of Student's distribution, and its inverse; infinite degrees of freedom are the normal
// distribution.
[[nodiscard]] double student_probability(double t, double degrees);
[[nodiscard]] double student_quantile(double probability, double degrees);
// P(|T| >= |t|), accurate in the far tail too.
[[nodiscard]] double student_two_sided(double t, double degrees);

// The inverse of Fisher's distribution P(F <= f) with `above` and `below` degrees of freedom.
[[nodiscard]] double fisher_probability(double f, double above, double below);
[[nodiscard]] double fisher_quantile(double probability, double above, double below);

// The inverse of the chi-square distribution.
[[nodiscard]] double chi_square_probability(double value, double degrees);
[[nodiscard]] double chi_square_quantile(double probability, double degrees);

}  // namespace consilium
