// Scores of point events against a reference, such as a beat detector's against a cardiologist's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/matching/bipartite.hpp"
#include "analysis/matching/unit.hpp"
#include "base/result.hpp"

namespace consilium {

// ANSI/AAMI EC57 compares beats within 150 ms, leaves out the first five minutes as learning period
// and leaves out ventricular flutter or fibrillation; this rule says the same of any events.
enum class EventPairing { Best, OnePass };  // match_events, match_events_in_one_pass
struct EventRule {
  std::int64_t window = 0;           // two events at most so far apart may be the same
  Part scored;                       // [begin, end): where events count
  std::vector<Part> left_out;        // where they do not; any order, may overlap
  std::uint32_t category_count = 0;  // 0: events have no categories
  EventPairing pairing = EventPairing::Best;
};

struct EventScores {
  std::uint64_t matched = 0;  // reference events that were found
  std::uint64_t missed = 0;   // reference events that were not (FN)
  std::uint64_t extra = 0;    // test events that answer none (FP)
  std::vector<Match> pairs;   // places in the two lists
  // With categories, (category_count + 1) squared, row by row: row is the reference's category,
  // column the test's. The last row holds extra, the last column missed ones.
  std::vector<std::uint64_t> confusion;
  // Empty where undefined: no event to find, or none reported.
  [[nodiscard]] std::optional<double> sensitivity() const;            // matched / all to find
  [[nodiscard]] std::optional<double> positive_predictivity() const;  // matched / (matched + extra)
};

// Matches by the rule's pairing and counts. Reference events count inside `scored` and outside
// `left_out`. A test event up to a window beyond may match one of them, but where it stays alone it
// is extra only if it lies inside `scored` (and outside `left_out`) itself, so that an edge makes
// no errors. Categories play no part in the matching (EC57: first position, then type).
// `*_category[i]` is the category of event i; both empty when the rule has no categories.
// Errors: those of match_events; InvalidInput when categories are missing or out of range, or
// `scored` is reversed, or events are not in order that are paired in one pass.
// Cost: as match_events.
[[nodiscard]] Result<EventScores> event_scores(std::span<const std::int64_t> reference,
                                               std::span<const std::int64_t> test,
                                               std::span<const std::uint32_t> reference_category,
                                               std::span<const std::uint32_t> test_category,
                                               const EventRule& rule);

}  // namespace consilium
