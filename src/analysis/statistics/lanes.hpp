// Elementary and special functions on four lanes (GCC vectors: one AVX2 register, or two SSE2 ones,
// with the same bits): plain double operations, none of them fused, so that a result does not hang
// on the machine. For inner loops; special_functions.hpp has them for whole spans. Arguments go by
// reference: vectors by value would change the ABI with the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace consilium::lanes {

using Four = double __attribute__((vector_size(32)));
using FourBits = std::int64_t __attribute__((vector_size(32)));

#define CSL_LANES [[gnu::always_inline]] inline

CSL_LANES void load(const double* values, Four& x) { std::memcpy(&x, values, sizeof x); }
CSL_LANES void store(const Four& x, double* values) { std::memcpy(values, &x, sizeof x); }

// Where `choice` has all bits set the first, where it has none the second.
CSL_LANES void choose(const FourBits& choice, const Four& first, const Four& second, Four& result) {
  FourBits a;
  FourBits b;
  std::memcpy(&a, &first, sizeof a);
  std::memcpy(&b, &second, sizeof b);
  a = (a & choice) | (b & ~choice);
  std::memcpy(&result, &a, sizeof result);
}

// exp of [-40, 0]: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor's series of exp r to the 13th power
// (remainder 5e-18), times 2^n set into the exponent.
CSL_LANES void exp(Four& x) {
  constexpr double to_integer = 0x1.8p52;
  const Four shifted = x * 1.4426950408889634 + to_integer;
  const Four n = shifted - to_integer;
  const Four r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
  Four sum = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  FourBits bits;
  std::memcpy(&bits, &shifted, sizeof bits);  // the low bits of the significand hold n
  bits = (bits + 1023) << 52;
  Four power;
  std::memcpy(&power, &bits, sizeof power);
  x = sum * power;
}

// exp of numbers up to 0; 0 for those below -40, whose exponential is below 5e-18.
CSL_LANES void exp_or_zero(Four& x) {
  const FourBits is_small = x < -40.0;
  const Four zero{0.0, 0.0, 0.0, 0.0};
  Four held;
  choose(is_small, zero, x, held);
  exp(held);
  choose(is_small, zero, held, x);
}

// log of positive normal numbers: x = 2^e m with m in [sqrt 1/2, sqrt 2), and log m = 2 artanh f
// with f = (m - 1) / (m + 1), |f| <= 0.1716: the series to f^21 (remainder 1e-18). 0 gives
// -infinity.
CSL_LANES void log(Four& x) {
  constexpr std::int64_t root_half = 0x3FE6A09E667F3BCD;
  FourBits bits;
  std::memcpy(&bits, &x, sizeof bits);
  // The exponent as a double: its bits are put under the significand of 2^52 + 2^51.
  const FourBits above = bits - root_half;
  const FourBits exponent_bits = (above & static_cast<std::int64_t>(0xFFF0000000000000));
  const FourBits mantissa_bits = bits - exponent_bits;
  const FourBits biased = (exponent_bits + static_cast<std::int64_t>(0x4000000000000000));
  using FourUnsigned = std::uint64_t __attribute__((vector_size(32)));
  FourUnsigned small;
  std::memcpy(&small, &biased, sizeof small);
  small = (small >> 52) | 0x4330000000000000ULL;
  Four e;
  std::memcpy(&e, &small, sizeof e);
  e = e - (0x1p52 + 1024.0);
  Four m;
  std::memcpy(&m, &mantissa_bits, sizeof m);
  const Four f = (m - 1.0) / (m + 1.0);
  const Four g = f * f;
  Four sum = g * (1.0 / 21.0) + 1.0 / 19.0;
  sum = sum * g + 1.0 / 17.0;
  sum = sum * g + 1.0 / 15.0;
  sum = sum * g + 1.0 / 13.0;
  sum = sum * g + 1.0 / 11.0;
  sum = sum * g + 1.0 / 9.0;
  sum = sum * g + 1.0 / 7.0;
  sum = sum * g + 1.0 / 5.0;
  sum = sum * g + 1.0 / 3.0;
  sum = (sum * g) * (f + f) + (f + f);
  const Four result = e * 0x1.62e42fee00000p-1 + (e * 0x1.a39ef35793c76p-33 + sum);
  const FourBits is_zero = (x == Four{0.0, 0.0, 0.0, 0.0});
  FourBits result_bits;
  std::memcpy(&result_bits, &result, sizeof result_bits);
  constexpr auto minus_infinity = static_cast<std::int64_t>(0xFFF0000000000000);
  result_bits = (result_bits & ~is_zero) | (is_zero & minus_infinity);
  std::memcpy(&x, &result_bits, sizeof x);
}

// 1 / (1 + e^-x); e^-|x| and 1 + e^-|x| are handed out too.
CSL_LANES void logistic(const Four& x, Four& probability, Four& part, Four& whole) {
  const FourBits is_positive = x >= 0.0;
  choose(is_positive, -x, x, part);
  exp_or_zero(part);
  whole = 1.0 + part;
  const Four one{1.0, 1.0, 1.0, 1.0};
  Four above;
  choose(is_positive, one, part, above);
  probability = above / whole;
}
CSL_LANES void logistic(const Four& x, Four& probability) {
  Four part;
  Four whole;
  logistic(x, probability, part, whole);
}
// The same and log(1 + e^x), from one exponential.
CSL_LANES void logistic(const Four& x, Four& probability, Four& softplus) {
  Four part;
  logistic(x, probability, part, softplus);
  log(softplus);
  const Four zero{0.0, 0.0, 0.0, 0.0};
  Four above;
  choose(x >= 0.0, x, zero, above);
  softplus = above + softplus;
}

// The logarithm of the gamma function and its derivative for x >= 1e-3. Below 10 the ten steps up
// to x + 10 are taken as one product P and its derivative: log Gamma(x) = log Gamma(x + 10) -
// log P, digamma(x) = digamma(x + 10) - P' / P. From 10 on the asymptotic series (M. Abramowitz, I.
// Stegun, 6.1.41 and 6.3.18).
CSL_LANES void gamma(const Four& x, Four& log_gamma, Four& digamma) {
  const FourBits is_small = x < 10.0;
  Four product = x;
  Four rise{1.0, 1.0, 1.0, 1.0};
  for (int step = 1; step < 10; ++step) {
    const Four next = x + static_cast<double>(step);
    rise = rise * next + product;
    product = product * next;
  }
  const Four zero{0.0, 0.0, 0.0, 0.0};
  choose(is_small, product, zero + 1.0, product);
  choose(is_small, rise, zero, rise);
  Four y;
  choose(is_small, x + 10.0, x, y);
  const Four inverse = 1.0 / y;
  const Four i = inverse * inverse;
  const Four of_log_gamma =
      1.0 / 12 -
      i * (1.0 / 360 -
           i * (1.0 / 1260 - i * (1.0 / 1680 - i * (1.0 / 1188 - i * (691.0 / 360360 - i / 156)))));
  const Four of_digamma =
      1.0 / 12 -
      i * (1.0 / 120 -
           i * (1.0 / 252 - i * (1.0 / 240 - i * (1.0 / 132 - i * (691.0 / 32760 - i / 12)))));
  Four log_y = y;
  log(log_y);
  Four log_product = product;
  log(log_product);
  constexpr double half_log_two_pi = 0.91893853320467274178;
  log_gamma = ((y - 0.5) * log_y - y + half_log_two_pi + of_log_gamma * inverse) - log_product;
  digamma = (log_y - 0.5 * inverse - i * of_digamma) - rise / product;
}

// exp of [-40, 0] and log of numbers in place; `count` is a multiple of 4.
CSL_LANES void exp_in_place(double* values, std::size_t count) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load(values + at, x);
    exp(x);
    store(x, values + at);
  }
}
CSL_LANES void log_in_place(double* values, std::size_t count) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load(values + at, x);
    log(x);
    store(x, values + at);
  }
}

#undef CSL_LANES

}  // namespace consilium::lanes
