// Tails of the distributions that reader studies are tested by. Degrees of freedom may be infinite
// (`std::numeric_limits<double>::infinity()`): Student's t is then the normal distribution and F
// with df1 and infinity is chi-square with df1 over df1, as an analysis with fixed readers has it.
//
// Accuracy: about 1e-14 absolute for degrees of freedom up to 1e6; checked against tables and
// SciPy.
#pragma once

namespace consilium {

// P(T > t) of Student's t; `df` > 0, any t.
[[nodiscard]] double student_t_upper_tail(double t, double df);

// P(|T| > |t|), the two-sided p value.
[[nodiscard]] double student_t_two_sided(double t, double df);

// The t with P(T > t) = `tail`, for a tail in (0, 1). Cost: some hundred tail evaluations.
[[nodiscard]] double student_t_critical(double tail, double df);

// P(F > f) for f >= 0; `df1` finite and > 0, `df2` > 0.
[[nodiscard]] double f_upper_tail(double f, double df1, double df2);

}  // namespace consilium
