// Elementary and special functions whose results are the same on every machine and for every
// vector width: written out in plain double operations, none of them fused. Spans are worked
// through four at a time, by AVX2 where the processor has it; they may be the same one for argument
// and result, and all of a call are of one length.
#pragma once

#include <span>

namespace consilium {

// Natural logarithm in place; 0 gives -infinity. Relative error below 4e-16. Arguments are >= 0,
// finite and not subnormal (0 apart). Cost: 2 to 4 ns a value.
void log_in_place(std::span<double> values);
[[nodiscard]] double exact_log(double value);

// Exponential of numbers up to 0 in place, relative error below 3e-16; below -40, where it is below
// 5e-18, 0 is given.
void exp_in_place(std::span<double> values);

// The logistic function 1 / (1 + e^-x) and, if asked for, log(1 + e^x) of any finite x, to 1e-15
// absolute and, of the second, relative to max(1, x). Cost: 4 to 8 ns a value.
void logistic(std::span<const double> x, std::span<double> probability, std::span<double> softplus);
void logistic(std::span<const double> x, std::span<double> probability);

// The logarithm of the gamma function and its first and second derivative, for x > 0. Absolute
// error below 1e-13 x (1 + |result|) for x >= 1e-3 (trigamma: for all x > 0). Shifted upward to 10
// or more, then the asymptotic series (M. Abramowitz, I. Stegun, Handbook of Mathematical
// Functions, 1964, 6.1.41, 6.3.18 and 6.4.12). (std::lgamma writes a global and is not safe in
// threads.)
[[nodiscard]] double log_gamma(double x);
[[nodiscard]] double digamma(double x);
[[nodiscard]] double trigamma(double x);
// The first two of many numbers at once. Cost: 8 to 15 ns a value.
void gamma_functions(std::span<const double> x, std::span<double> log_gamma,
                     std::span<double> digamma);

}  // namespace consilium
