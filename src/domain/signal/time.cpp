#include "domain/signal/time.hpp"

#include <fmt/format.h>

#include <numeric>

#include "base/check.hpp"
#include "base/checked.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::int64_t tick_rate_max_hz = 10'000'000'000;
constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr int digits_max = 18;

std::optional<std::int64_t> narrow(Wide value) {
  constexpr Wide limit = std::numeric_limits<std::int64_t>::max();
  if (value > limit || value < -limit) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// a x b / c to the nearest whole number, halves away from 0.
std::optional<std::int64_t> scale(std::int64_t value, std::int64_t factor, std::int64_t divisor) {
  const Wide product = static_cast<Wide>(value) * factor;
  const Wide half = divisor / 2;
  return narrow((product >= 0 ? product + half : product - half) / divisor);
}

struct Decimal {
  std::int64_t digits = 0;
  int exponent = 0;
};

// digits x 10^exponent; empty when `text` is not a plain number greater than or equal to 0.
std::optional<Decimal> parse_mantissa(std::string_view& text) {
  Decimal number;
  int digit_count = 0;
  bool any = false;
  bool after_point = false;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '.' && !after_point) {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (number.digits != 0 || c != '0') ++digit_count;
      if (digit_count > digits_max) return std::nullopt;
      number.digits = number.digits * 10 + (c - '0');
      if (after_point) --number.exponent;
    } else {
      break;
    }
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return number;
}

std::optional<int> parse_exponent(std::string_view text) {
  text.remove_prefix(1);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text.size() > 2) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

}  // namespace

Result<Rate> Rate::of(std::int64_t numerator, std::int64_t denominator) {
  if (numerator <= 0 || denominator <= 0) {
    return fail(ErrorCode::InvalidInput, "a rate must be greater than 0");
  }
  const std::int64_t divisor = std::gcd(numerator, denominator);
  Rate rate;
  rate.numerator_ = numerator / divisor;
  rate.denominator_ = denominator / divisor;
  return rate;
}

Result<Rate> Rate::parse(std::string_view text) {
  std::optional<Decimal> number = parse_mantissa(text);
  if (number && !text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    const std::optional<int> exponent = parse_exponent(text);
    if (!exponent) return fail(ErrorCode::Corrupt, "a rate is not a number");
    number->exponent += *exponent;
    text = {};
  }
  if (!number || !text.empty()) return fail(ErrorCode::Corrupt, "a rate is not a number");
  if (number->digits == 0) return fail(ErrorCode::Corrupt, "a rate is 0");
  std::int64_t numerator = number->digits;
  std::int64_t denominator = 1;
  while (number->exponent < 0 && numerator % 10 == 0) {
    numerator /= 10;
    ++number->exponent;
  }
  for (; number->exponent != 0; number->exponent += number->exponent < 0 ? 1 : -1) {
    std::int64_t& term = number->exponent < 0 ? denominator : numerator;
    const std::optional<std::int64_t> raised = checked_multiply<std::int64_t>(term, 10);
    if (!raised) return fail(ErrorCode::Unsupported, "a rate has too many digits");
    term = *raised;
  }
  return of(numerator, denominator);
}

Result<Rate> Rate::times(std::int64_t factor) const {
  if (factor <= 0) return fail(ErrorCode::InvalidInput, "a rate must be greater than 0");
  const std::int64_t divisor = std::gcd(factor, denominator_);
  const auto numerator = checked_multiply<std::int64_t>(numerator_, factor / divisor);
  if (!numerator) return fail(ErrorCode::Unsupported, "a rate has too many digits");
  return of(*numerator, denominator_ / divisor);
}

Result<TickRate> common_tick_rate(std::span<const Rate> rates) {
  if (rates.empty()) return fail(ErrorCode::InvalidInput, "there is no channel to take time from");
  const auto too_fine = [] {
    return fail(ErrorCode::Unsupported, "the sampling rates have no common measure",
                fmt::format("more than {} ticks a second", tick_rate_max_hz),
                "correct the sampling rates in the header");
  };
  std::int64_t numerator = rates.front().numerator();
  std::int64_t denominator = rates.front().denominator();
  for (const Rate& rate : rates.subspan(1)) {
    // lcm(a/b, c/d) = lcm(a, c) / gcd(b, d) for fractions in lowest terms.
    const std::int64_t step = rate.numerator() / std::gcd(numerator, rate.numerator());
    const auto raised = checked_multiply<std::int64_t>(numerator, step);
    if (!raised) return too_fine();
    numerator = *raised;
    denominator = std::gcd(denominator, rate.denominator());
  }
  if (numerator / denominator >= tick_rate_max_hz) return too_fine();
  return Rate::of(numerator, denominator);
}

Result<std::int64_t> ticks_per_sample(TickRate ticks, Rate rate) {
  const Wide above = static_cast<Wide>(ticks.numerator()) * rate.denominator();
  const Wide below = static_cast<Wide>(ticks.denominator()) * rate.numerator();
  const std::optional<std::int64_t> count = narrow(above / below);
  if (above % below != 0 || !count) {
    return fail(ErrorCode::InvalidInput, "the tick rate is no multiple of a sampling rate");
  }
  return *count;
}

std::optional<Tick> tick_of_ns(std::int64_t ns, TickRate rate) {
  // In two steps, so that the product of a day and a fine rate keeps to 128 bits.
  const std::int64_t whole_s = ns / ns_per_second;
  const Wide whole = static_cast<Wide>(whole_s) * rate.numerator();
  const Wide rest = static_cast<Wide>(ns % ns_per_second) * rate.numerator();
  const Wide above = whole * ns_per_second + rest;
  const Wide below = static_cast<Wide>(ns_per_second) * rate.denominator();
  const Wide half = below / 2;
  const std::optional<std::int64_t> value =
      narrow((above >= 0 ? above + half : above - half) / below);
  if (!value) return std::nullopt;
  return Tick{*value};
}

std::optional<std::int64_t> ns_of_tick(Tick tick, TickRate rate) {
  const Wide ticks = static_cast<Wide>(tick.value) * rate.denominator();
  const Wide whole_s = ticks / rate.numerator();
  const std::optional<std::int64_t> rest =
      scale(static_cast<std::int64_t>(ticks % rate.numerator()), ns_per_second, rate.numerator());
  if (!rest || whole_s > std::numeric_limits<std::int64_t>::max() / ns_per_second ||
      whole_s < std::numeric_limits<std::int64_t>::min() / ns_per_second) {
    return std::nullopt;
  }
  return narrow(whole_s * ns_per_second + *rest);
}

double seconds_of(Tick tick, TickRate rate) {
  return static_cast<double>(tick.value) * static_cast<double>(rate.denominator()) /
         static_cast<double>(rate.numerator());
}

}  // namespace consilium
