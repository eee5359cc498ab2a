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

// The logarithm of the gamma function and its first and second derivative, for x > 0. Absolute
// error below 1e-13 x (1 + |result|) for x >= 1e-3. Recurrence up to 10, then the asymptotic series
// (M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 1964, 6.1.41, 6.3.18 and 6.4.12).
// (std::lgamma writes a global and is not safe in threads.)
[[nodiscard]] double log_gamma(double x);
[[nodiscard]] double digamma(double x);
[[nodiscard]] double trigamma(double x);

}  // namespace consilium
