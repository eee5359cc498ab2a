// Which note to read next: the one from which the tagger would learn most in a minute of reading.
//
// What a note tells is what the tagger does not know of it: the entropy of its tokens' states. A
// long note holds more of it and takes longer, so it is divided by the time that reading takes (the
// nurses of Y. Chen et al., J. Biomed. Inform. 2017, gained nothing from the unsurest sentences,
// for these took longer). The time is learnt from the readings so far: seconds = a + b x tokens +
// c x spans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace consilium {

struct ReadingTime {
  double seconds = 0;
  double tokens = 0;
  double spans = 0;  // labelled, or expected
};

struct ReadingModel {
  double seconds_a_note = 15;
  double seconds_a_token = 0.25;  // 240 words a minute
  double seconds_a_span = 4;
  [[nodiscard]] double seconds(double tokens, double spans) const {
    return seconds_a_note + seconds_a_token * tokens + seconds_a_span * spans;
  }
  friend bool operator==(const ReadingModel&, const ReadingModel&) = default;
};

// Least squares with the default model as a prior that weighs as much as five readings; no part is
// below zero. Readings without a positive time and those over an hour are left out (a pause).
// Cost: O(readings).
[[nodiscard]] ReadingModel fitted_reading_model(std::span<const ReadingTime> readings);

struct UnreadNote {
  double entropy_nats = 0;  // of the tagger on it
  double tokens = 0;
  double expected_spans = 0;  // sum of the probabilities of what the tagger finds
};

// Nats a minute. 0 for a note without tokens.
[[nodiscard]] double gain_per_minute(const UnreadNote& note, const ReadingModel& model);

// Places of the notes, the most gain a minute first; equal ones in their order.
[[nodiscard]] std::vector<std::size_t> order_of_gain(std::span<const UnreadNote> notes,
                                                     const ReadingModel& model);

}  // namespace consilium
