// The inner arithmetic of the E step on four lanes (GCC vectors: one AVX2 register, or two SSE2
// ones, with the same bits). Arguments go by pointer: vectors by value would change the ABI with
// the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace consilium::lanes {

using Four = double __attribute__((vector_size(32)));
using FourBits = std::int64_t __attribute__((vector_size(32)));

#define CSL_LANES [[gnu::always_inline]] inline

// exp of [-40, 0], in place: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor's series of exp r to the
// 13th power (remainder 5e-18), times 2^n set into the exponent. `count` is a multiple of 4.
CSL_LANES void exp_in_place(double* values, std::size_t count) {
  constexpr double to_integer = 0x1.8p52;
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    std::memcpy(&x, values + at, sizeof x);
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
    const Four result = sum * power;
    std::memcpy(values + at, &result, sizeof result);
  }
}

// log of positive normal numbers, in place: x = 2^e m with m in [sqrt 1/2, sqrt 2), and
// log m = 2 artanh f with f = (m - 1) / (m + 1), |f| <= 0.1716: the series to f^21 (remainder
// 1e-18). 0 gives -infinity. `count` is a multiple of 4.
CSL_LANES void log_in_place(double* values, std::size_t count) {
  constexpr std::int64_t root_half = 0x3FE6A09E667F3BCD;
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    std::memcpy(&x, values + at, sizeof x);
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
    Four result = e * 0x1.62e42fee00000p-1 + (e * 0x1.a39ef35793c76p-33 + sum);
    const FourBits is_zero = (x == Four{0.0, 0.0, 0.0, 0.0});
    FourBits result_bits;
    std::memcpy(&result_bits, &result, sizeof result_bits);
    constexpr auto minus_infinity = static_cast<std::int64_t>(0xFFF0000000000000);
    result_bits = (result_bits & ~is_zero) | (is_zero & minus_infinity);
    std::memcpy(values + at, &result_bits, sizeof result_bits);
  }
}

#undef CSL_LANES

}  // namespace consilium::lanes
