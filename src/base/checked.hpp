// Arithmetic on numbers that a file declares: overflow is an answer, not an accident.
#pragma once

#include <concepts>
#include <optional>

namespace consilium {

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}
template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}
template <std::integral T, class... Rest>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, T b, Rest... rest) {
  const std::optional<T> product = checked_multiply(a, b);
  if (!product) return std::nullopt;
  return checked_multiply(*product, static_cast<T>(rest)...);
}

}  // namespace consilium
