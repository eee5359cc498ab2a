#include "analysis/span_agreement/event_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "analysis/matching/events.hpp"

namespace consilium {
namespace {

Status check_rule(const EventRule& rule, std::size_t reference, std::size_t test,
                  std::span<const std::uint32_t> reference_category,
                  std::span<const std::uint32_t> test_category) {
  if (rule.scored.begin > rule.scored.end || rule.window < 0 || rule.window > unit_position_max ||
      rule.scored.begin < -unit_position_max || rule.scored.end > unit_position_max) {
    return fail(ErrorCode::InvalidInput, "the scored range or the window makes no sense",
                fmt::format("[{}, {}), window {}", rule.scored.begin, rule.scored.end, rule.window),
                "give begin <= end within +-2^52 and a window of 0 or more");
  }
  const std::size_t expected_reference = rule.category_count == 0 ? 0 : reference;
  const std::size_t expected_test = rule.category_count == 0 ? 0 : test;
  const auto too_high = [&](std::uint32_t k) { return k >= rule.category_count; };
  if (reference_category.size() != expected_reference || test_category.size() != expected_test ||
      std::ranges::any_of(reference_category, too_high) ||
      std::ranges::any_of(test_category, too_high)) {
    return fail(ErrorCode::InvalidInput, "categories are missing or out of range", {},
                "give one below category_count for each event, or none and a count of 0");
  }
  return {};
}

// Whether a position lies in one of the sorted, merged parts.
bool inside(const std::vector<Part>& parts, std::int64_t at) {
  const auto after = std::ranges::upper_bound(parts, at, {}, &Part::begin);
  return after != parts.begin() && at < std::prev(after)->end;
}

}  // namespace

std::optional<double> EventScores::sensitivity() const {
  if (matched + missed == 0) return std::nullopt;
  return static_cast<double>(matched) / static_cast<double>(matched + missed);
}

std::optional<double> EventScores::positive_predictivity() const {
  if (matched + extra == 0) return std::nullopt;
  return static_cast<double>(matched) / static_cast<double>(matched + extra);
}

Result<EventScores> event_scores(std::span<const std::int64_t> reference,
                                 std::span<const std::int64_t> test,
                                 std::span<const std::uint32_t> reference_category,
                                 std::span<const std::uint32_t> test_category,
                                 const EventRule& rule) {
  CSL_TRY(check_rule(rule, reference.size(), test.size(), reference_category, test_category));
  if (rule.pairing == EventPairing::OnePass &&
      !(std::ranges::is_sorted(reference) && std::ranges::is_sorted(test))) {
    return fail(ErrorCode::InvalidInput, "the events are not in order", {}, "sort them by time");
  }
  const std::vector<Part> left_out = merged_parts(rule.left_out);
  const auto counts = [&](std::int64_t at, std::int64_t margin) {
    return at >= rule.scored.begin - margin && at < rule.scored.end + margin &&
           !inside(left_out, at);
  };
  std::vector<std::int64_t> a;
  std::vector<std::int64_t> b;
  std::vector<std::uint32_t> place_a;
  std::vector<std::uint32_t> place_b;
  for (std::uint32_t i = 0; i < reference.size(); ++i) {
    if (!counts(reference[i], 0)) continue;
    a.push_back(reference[i]);
    place_a.push_back(i);
  }
  for (std::uint32_t j = 0; j < test.size(); ++j) {
    if (!counts(test[j], rule.window)) continue;
    b.push_back(test[j]);
    place_b.push_back(j);
  }
  EventScores scores;
  const std::size_t side = std::size_t{rule.category_count} + 1;
  if (rule.category_count > 0) scores.confusion.assign(side * side, 0);
  const auto count = [&](std::size_t row, std::size_t column) {
    if (rule.category_count > 0) ++scores.confusion[row * side + column];
  };
  const auto category = [&](std::span<const std::uint32_t> of, std::uint32_t place) {
    return rule.category_count > 0 ? of[place] : 0;
  };
  std::vector<std::uint8_t> found(a.size(), 0);
  std::vector<std::uint8_t> used(b.size(), 0);
  const std::vector<Match> matches = rule.pairing == EventPairing::OnePass
                                         ? match_events_in_one_pass(a, b, rule.window)
                                         : CSL_TRY(match_events(a, b, rule.window));
  for (const Match& match : matches) {
    found[match.first] = 1;
    used[match.second] = 1;
    ++scores.matched;
    const Match pair{place_a[match.first], place_b[match.second]};
    scores.pairs.push_back(pair);
    count(category(reference_category, pair.first), category(test_category, pair.second));
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (found[i] != 0) continue;
    ++scores.missed;
    count(category(reference_category, place_a[i]), side - 1);
  }
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (used[j] != 0 || !counts(b[j], 0)) continue;
    ++scores.extra;
    count(side - 1, category(test_category, place_b[j]));
  }
  return scores;
}

}  // namespace consilium
