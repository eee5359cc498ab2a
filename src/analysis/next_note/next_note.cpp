#include "analysis/next_note/next_note.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace consilium {
namespace {

constexpr double prior_readings = 5;
constexpr double typical_tokens = 200;
constexpr double typical_spans = 8;
constexpr double pause_seconds = 3'600;

}  // namespace

ReadingModel fitted_reading_model(std::span<const ReadingTime> readings) {
  const ReadingModel prior;
  const std::array<double, 3> centre = {prior.seconds_a_note, prior.seconds_a_token,
                                        prior.seconds_a_span};
  // Of the differences to the prior: minimise sum of squares + the ridge that keeps each of them
  // as small as its size in a typical note asks.
  const std::array<double, 3> scale = {1, typical_tokens, typical_spans};
  std::array<std::array<double, 4>, 3> normal{};
  for (std::size_t i = 0; i < 3; ++i) normal[i][i] = prior_readings * scale[i] * scale[i];
  for (const ReadingTime& one : readings) {
    if (!(one.seconds > 0) || one.seconds > pause_seconds) continue;
    const std::array<double, 3> x = {1, one.tokens, one.spans};
    const double rest = one.seconds - prior.seconds(one.tokens, one.spans);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) normal[i][j] += x[i] * x[j];
      normal[i][3] += x[i] * rest;
    }
  }
  // Positive definite by the ridge: no pivoting needed.
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      if (j == i) continue;
      const double factor = normal[j][i] / normal[i][i];
      for (std::size_t k = i; k < 4; ++k) normal[j][k] -= factor * normal[i][k];
    }
  }
  const auto part = [&](std::size_t i) {
    return std::max(0.0, centre[i] + normal[i][3] / normal[i][i]);
  };
  return {.seconds_a_note = part(0), .seconds_a_token = part(1), .seconds_a_span = part(2)};
}

double gain_per_minute(const UnreadNote& note, const ReadingModel& model) {
  if (note.tokens <= 0) return 0;
  const double seconds = std::max(1.0, model.seconds(note.tokens, note.expected_spans));
  return note.entropy_nats * 60 / seconds;
}

std::vector<std::size_t> order_of_gain(std::span<const UnreadNote> notes,
                                       const ReadingModel& model) {
  std::vector<double> gains;
  for (const UnreadNote& note : notes) gains.push_back(gain_per_minute(note, model));
  std::vector<std::size_t> order(notes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>{}, [&](std::size_t i) { return gains[i]; });
  return order;
}

}  // namespace consilium
