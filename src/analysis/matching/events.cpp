#include "analysis/matching/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "analysis/matching/unit.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::size_t cells_max = std::size_t{1} << 25U;

struct Sorted {
  std::vector<std::int64_t> at;
  std::vector<std::uint32_t> place;
};

Sorted sorted_events(std::span<const std::int64_t> events) {
  Sorted result;
  result.place.resize(events.size());
  std::iota(result.place.begin(), result.place.end(), 0U);
  if (!std::ranges::is_sorted(events)) {
    std::ranges::stable_sort(result.place, {}, [&](std::uint32_t i) { return events[i]; });
  }
  result.at.reserve(events.size());
  for (const std::uint32_t i : result.place) result.at.push_back(events[i]);
  return result;
}

// How good the best matching of the events from here on is.
struct Value {
  std::int64_t pairs = 0;
  std::int64_t distance = 0;
  friend bool operator==(const Value&, const Value&) = default;
};

bool better(const Value& a, const Value& b) {
  return a.pairs != b.pairs ? a.pairs > b.pairs : a.distance < b.distance;
}

// Events [a0, a1) of the first list and [b0, b1) of the second one, which hang together. On a line
// a best matching without crossing pairs exists (uncrossing two pairs lengthens neither the longer
// of the distances nor their sum), so an alignment of the sorted lists is enough. Of row i only the
// events within the window of event i are kept: before them nothing changes, after them row i + 1
// holds.
class Chain {
 public:
  Chain(const Sorted& first, const Sorted& second, std::int64_t window)
      : a_(first.at), b_(second.at), window_(window) {}

  // False when the rows would not fit.
  bool solve(std::size_t a0, std::size_t a1, std::size_t b0, std::size_t b1) {
    a0_ = a0;
    low_.clear();
    high_.clear();
    offset_.assign(1, 0);
    std::size_t low = b0;
    std::size_t high = b0;
    for (std::size_t i = a0; i < a1; ++i) {
      while (low < b1 && b_[low] < a_[i] - window_) ++low;
      while (high < b1 && b_[high] <= a_[i] + window_) ++high;
      low_.push_back(low);
      high_.push_back(high);
      offset_.push_back(offset_.back() + high - low + 1);
      if (offset_.back() > cells_max) return false;
    }
    cells_.assign(offset_.back(), {});
    for (std::size_t i = a1; i-- > a0;) {
      for (std::size_t j = high_[i - a0] + 1; j-- > low_[i - a0];) {
        Value best = value(i + 1, j);
        if (j < high_[i - a0]) {
          if (const Value other = value(i, j + 1); better(other, best)) best = other;
          if (const Value other = paired(i, j); better(other, best)) best = other;
        }
        cells_[offset_[i - a0] + j - low_[i - a0]] = best;
      }
    }
    return true;
  }

  template <class Add>
  void walk(std::size_t a0, std::size_t a1, std::size_t b0, Add add) const {
    std::size_t i = a0;
    std::size_t j = b0;
    while (i < a1) {
      j = std::max(j, low_[i - a0]);
      const Value here = value(i, j);
      if (j < high_[i - a0] && paired(i, j) == here) {
        add(i++, j++);
      } else if (j >= high_[i - a0]) {
        ++i;
      } else {
        // The earlier of the two stays alone, if that loses nothing.
        const bool first_earlier = a_[i] <= b_[j];
        const bool can_leave_first = value(i + 1, j) == here;
        const bool can_leave_second = value(i, j + 1) == here;
        if (can_leave_first && (first_earlier || !can_leave_second)) {
          ++i;
        } else {
          ++j;
        }
      }
    }
  }

 private:
  Value value(std::size_t i, std::size_t j) const {
    const std::size_t row = i - a0_;
    if (row == low_.size()) return {};
    const std::size_t clamped = std::max(j, low_[row]);
    if (clamped > high_[row]) return value(i + 1, j);
    return cells_[offset_[row] + clamped - low_[row]];
  }

  Value paired(std::size_t i, std::size_t j) const {
    Value rest = value(i + 1, j + 1);
    const std::int64_t distance = a_[i] < b_[j] ? b_[j] - a_[i] : a_[i] - b_[j];
    return {rest.pairs + 1, rest.distance + distance};
  }

  const std::vector<std::int64_t>& a_;
  const std::vector<std::int64_t>& b_;
  std::int64_t window_;
  std::size_t a0_ = 0;
  std::vector<std::size_t> low_;
  std::vector<std::size_t> high_;
  std::vector<std::size_t> offset_;
  std::vector<Value> cells_;
};

}  // namespace

Result<std::vector<Match>> match_events(std::span<const std::int64_t> first,
                                        std::span<const std::int64_t> second, std::int64_t window) {
  const auto out_of_range = [](std::int64_t at) {
    return at < -unit_position_max || at > unit_position_max;
  };
  if (window < 0 || std::ranges::any_of(first, out_of_range) ||
      std::ranges::any_of(second, out_of_range)) {
    return fail(ErrorCode::InvalidInput, "the window is negative or an event is out of range",
                fmt::format("window {}", window), "events lie within +-2^52");
  }
  window = std::min(window, 2 * unit_position_max);
  const Sorted a = sorted_events(first);
  const Sorted b = sorted_events(second);
  Chain chain(a, b, window);
  std::vector<Match> pairs;
  pairs.reserve(std::min(first.size(), second.size()));
  const auto add = [&](std::size_t i, std::size_t j) { pairs.push_back({a.place[i], b.place[j]}); };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.at.size() && j < b.at.size()) {
    if (b.at[j] < a.at[i] - window) {
      ++j;
    } else if (b.at[j] > a.at[i] + window) {
      ++i;
    } else {
      // All that hangs together with this pair.
      std::size_t a1 = i + 1;
      std::size_t b1 = j + 1;
      while (true) {
        if (b1 < b.at.size() && b.at[b1] <= a.at[a1 - 1] + window) {
          ++b1;
        } else if (a1 < a.at.size() && a.at[a1] <= b.at[b1 - 1] + window) {
          ++a1;
        } else {
          break;
        }
      }
      if (a1 == i + 1 && b1 == j + 1) {
        add(i, j);
      } else if (chain.solve(i, a1, j, b1)) {
        chain.walk(i, a1, j, add);
      } else {
        return fail(ErrorCode::TooLarge, "too many events lie within one window",
                    fmt::format("window {}", window), "take a smaller window");
      }
      i = a1;
      j = b1;
    }
  }
  if (!std::ranges::is_sorted(pairs)) std::ranges::sort(pairs);
  return pairs;
}

std::vector<Match> match_events_in_one_pass(std::span<const std::int64_t> first,
                                            std::span<const std::int64_t> second,
                                            std::int64_t window) {
  CSL_CHECK(std::ranges::is_sorted(first) && std::ranges::is_sorted(second));
  constexpr std::int64_t never = std::int64_t{1} << 60;  // an event past a list's end
  const auto at = [](std::span<const std::int64_t> events, std::size_t i) {
    return i < events.size() ? events[i] : never;
  };
  std::vector<Match> pairs;
  for (std::size_t i = 0, j = 0; i < first.size() && j < second.size();) {
    const bool is_second_earlier = second[j] < first[i];
    const std::int64_t apart = std::abs(first[i] - second[j]);
    const std::int64_t next_first = at(first, i + 1);
    const std::int64_t next_second = at(second, j + 1);
    // Of the later event to the rival of the earlier one.
    const std::int64_t rival =
        is_second_earlier ? std::abs(next_second - first[i]) : std::abs(next_first - second[j]);
    if (apart <= window && (apart < rival || std::abs(next_first - next_second) < rival)) {
      pairs.push_back({static_cast<std::uint32_t>(i++), static_cast<std::uint32_t>(j++)});
    } else if (is_second_earlier) {
      ++j;
    } else {
      ++i;
    }
  }
  return pairs;
}

}  // namespace consilium
