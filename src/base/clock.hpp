// Time, passed in so that a test replays any run. Times are UTC; at every edge RFC 3339 with
// milliseconds ("2026-03-11T09:58:01.250Z").
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium {

struct Timestamp {
  std::int64_t ms = 0;  // since 1970-01-01T00:00:00Z, leap seconds not counted
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

[[nodiscard]] std::string to_rfc3339(Timestamp time);
// Errors: InvalidInput on anything but a full date-time with Z or an offset.
[[nodiscard]] Result<Timestamp> parse_rfc3339(std::string_view text);

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
};

[[nodiscard]] std::unique_ptr<Clock> system_clock();

// Stands still until told: for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start) {}
  [[nodiscard]] Timestamp now() const override { return now_; }
  void advance_ms(std::int64_t ms) { now_.ms += ms; }

 private:
  Timestamp now_;
};

}  // namespace consilium
