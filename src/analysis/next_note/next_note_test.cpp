#include "analysis/next_note/next_note.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace consilium;

TEST_CASE("of two notes the one that tells more in a minute is first, not the longer one") {
  const ReadingModel model;
  const std::vector<UnreadNote> notes = {
      {.entropy_nats = 10, .tokens = 2'000, .expected_spans = 40},
      {.entropy_nats = 6, .tokens = 200, .expected_spans = 5},
      {.entropy_nats = 0, .tokens = 100, .expected_spans = 1},
      {.entropy_nats = 6, .tokens = 200, .expected_spans = 5},
      {.entropy_nats = 3, .tokens = 0, .expected_spans = 0}};
  CHECK(order_of_gain(notes, model) == std::vector<std::size_t>{1, 3, 0, 2, 4});
  // 6 nats in 15 + 50 + 20 seconds.
  CHECK(gain_per_minute(notes[1], model) == doctest::Approx(6.0 * 60 / 85));
}

TEST_CASE("reading times are learnt from readings") {
  CHECK(fitted_reading_model({}) == ReadingModel{});
  std::vector<ReadingTime> readings;
  for (int i = 0; i < 3'000; ++i) {
    const double tokens = 50 + 7 * (i % 61);
    const double spans = i % 13;
    readings.push_back(
        {.seconds = 30 + 0.5 * tokens + 2 * spans, .tokens = tokens, .spans = spans});
  }
  readings.push_back({.seconds = 90'000, .tokens = 10, .spans = 0});
  readings.push_back({.seconds = -1, .tokens = 10, .spans = 0});
  const ReadingModel model = fitted_reading_model(readings);
  CHECK(model.seconds_a_note == doctest::Approx(30).epsilon(0.05));
  CHECK(model.seconds_a_token == doctest::Approx(0.5).epsilon(0.02));
  CHECK(model.seconds_a_span == doctest::Approx(2).epsilon(0.05));
}

TEST_CASE("no part of a reading's time is below zero") {
  std::vector<ReadingTime> readings;
  for (int i = 0; i < 100; ++i) {
    readings.push_back({.seconds = 1'000.0 - i * 9, .tokens = i * 10.0, .spans = 0});
  }
  const ReadingModel model = fitted_reading_model(readings);
  CHECK(model.seconds_a_token == 0);
  CHECK(model.seconds_a_note > 0);
}
