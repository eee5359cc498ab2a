#include "base/clock.hpp"

#include <fmt/format.h>

#include <chrono>

namespace consilium {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
  }
};

// The decimal number in text[begin, begin + digits), or -1.
int digits_at(std::string_view text, std::size_t begin, std::size_t digits) {
  if (begin + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t i = begin; i < begin + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::unique_ptr<Clock> system_clock() { return std::make_unique<SystemClock>(); }

std::string to_rfc3339(Timestamp time) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> point{std::chrono::milliseconds(time.ms)};
  const auto day = floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{point - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::InvalidInput, "not a date and time of RFC 3339", std::string(text),
                "write it as 2026-03-11T09:58:01Z");
  };
  const int year = digits_at(text, 0, 4);
  const int month = digits_at(text, 5, 2);
  const int day = digits_at(text, 8, 2);
  const int hour = digits_at(text, 11, 2);
  const int minute = digits_at(text, 14, 2);
  const int second = digits_at(text, 17, 2);
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':' || year < 0 ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
      month < 0 || day < 0) {
    return bad();
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return bad();
  std::size_t at = 19;
  std::int64_t ms = 0;
  if (text[at] == '.') {
    std::int64_t unit = 100;
    ++at;
    if (at >= text.size() || text[at] < '0' || text[at] > '9') return bad();
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      ms += unit * (text[at] - '0');
      unit /= 10;
    }
  }
  std::int64_t offset_minutes = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int offset_hour = digits_at(text, at + 1, 2);
    const int offset_minute = digits_at(text, at + 4, 2);
    if (offset_hour < 0 || offset_minute < 0 || text[at + 3] != ':') return bad();
    offset_minutes = (offset_hour * 60 + offset_minute) * (text[at] == '-' ? -1 : 1);
    at += 6;
  } else {
    return bad();
  }
  if (at != text.size()) return bad();
  const std::chrono::sys_days days{date};
  const std::int64_t minutes =
      std::int64_t{days.time_since_epoch().count()} * 1440 + hour * 60 + minute - offset_minutes;
  return Timestamp{minutes * 60'000 + second * 1000 + ms};
}

}  // namespace consilium
