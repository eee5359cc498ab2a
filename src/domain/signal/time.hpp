// Time in a recording: whole ticks from its first sample, gaps counted. The tick rate is the least
// common multiple of the channels' rates, so every sample of every channel lies on a tick and no
// time is ever rounded inside. Nanoseconds exist at the API's edge alone.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium {

struct Tick {
  std::int64_t value = 0;
  friend auto operator<=>(const Tick&, const Tick&) = default;
};

// The n-th sample of one channel, 0-based, gaps counted: sample i lies on tick i x
// ticks_per_sample.
struct SampleIndex {
  std::int64_t value = 0;
  friend auto operator<=>(const SampleIndex&, const SampleIndex&) = default;
};

// Half open: [first, last).
struct TickSpan {
  Tick first;
  Tick last;
  friend auto operator<=>(const TickSpan&, const TickSpan&) = default;
};

// Something per second as a fraction in lowest terms, greater than 0: 62.4725 Hz is 24989 / 400.
class Rate {
 public:
  Rate() = default;  // 1 / 1
  // Errors: InvalidInput unless both are greater than 0.
  [[nodiscard]] static Result<Rate> of(std::int64_t numerator, std::int64_t denominator);
  // A decimal number as files write it ("360", "62.4725", "1e3"), taken exactly.
  // Errors: Corrupt when it is none or not greater than 0, Unsupported past 18 digits.
  [[nodiscard]] static Result<Rate> parse(std::string_view text);

  [[nodiscard]] std::int64_t numerator() const { return numerator_; }
  [[nodiscard]] std::int64_t denominator() const { return denominator_; }
  [[nodiscard]] double hz() const {
    return static_cast<double>(numerator_) / static_cast<double>(denominator_);
  }
  // Errors: Unsupported when a term leaves 63 bits.
  [[nodiscard]] Result<Rate> times(std::int64_t factor) const;
  friend bool operator==(const Rate&, const Rate&) = default;

 private:
  std::int64_t numerator_ = 1;
  std::int64_t denominator_ = 1;
};

using TickRate = Rate;

// The slowest rate of which all are whole parts. Errors: InvalidInput for none; Unsupported past
// 10^10 ticks a second (rates without any sensible common measure).
[[nodiscard]] Result<TickRate> common_tick_rate(std::span<const Rate> rates);
// How many ticks lie between two samples of a channel at `rate`.
// Errors: InvalidInput when that is not a whole number.
[[nodiscard]] Result<std::int64_t> ticks_per_sample(TickRate ticks, Rate rate);

// The nearest tick (halves away from 0), and back. Empty when it leaves 63 bits.
[[nodiscard]] std::optional<Tick> tick_of_ns(std::int64_t ns, TickRate rate);
[[nodiscard]] std::optional<std::int64_t> ns_of_tick(Tick tick, TickRate rate);
// For display and export: ticks as seconds.
[[nodiscard]] double seconds_of(Tick tick, TickRate rate);

}  // namespace consilium
