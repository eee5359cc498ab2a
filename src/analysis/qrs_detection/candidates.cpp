#include "analysis/qrs_detection/candidates.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "analysis/qrs_detection/moving_sum.hpp"

namespace consilium::qrs {
namespace {

// Set on the records named in bench/signals.
constexpr double beat_ms = 720;
constexpr double level_ms = 10'000;
constexpr double stretch_ms_min = 59;
constexpr double refractory_ms = 250;

// One over the number of a centred window's samples that lie within the series.
double share_at(std::int64_t i, std::int64_t half, std::int64_t count) {
  if (i >= half && i + half < count) return 1 / static_cast<double>(2 * half + 1);
  return 1 / static_cast<double>(std::min(i + half, count - 1) -
                                 std::max<std::int64_t>(0, i - half) + 1);
}

std::int64_t half_of(double width_ms, double rate_hz) {
  return static_cast<std::int64_t>(sum_over(width_ms, rate_hz).width() / 2);
}

constexpr std::int64_t unknown_count = std::numeric_limits<std::int64_t>::max() / 2;

}  // namespace

void CandidateFinder::Totals::push(std::span<const std::int64_t> energy) {
  auto& values = before.values;
  const std::size_t begin = values.size();
  values.resize(begin + energy.size());
  std::int64_t* to = values.data() + begin;
  std::uint64_t sum = all;  // its own: else each store might change it
  for (const std::int64_t one : energy) {
    *to++ = std::bit_cast<std::int64_t>(sum);
    sum += std::bit_cast<std::uint64_t>(one);
  }
  all = sum;
}

std::int64_t CandidateFinder::Totals::sum(std::int64_t i, std::int64_t half,
                                          std::int64_t count) const {
  const std::int64_t end = i + half + 1;
  const std::uint64_t until =
      end < std::min(before.end(), count) ? std::bit_cast<std::uint64_t>(before.at(end)) : all;
  const std::uint64_t from =
      std::bit_cast<std::uint64_t>(before.at(std::max(before.first, i - half)));
  return std::bit_cast<std::int64_t>(until - from);
}

CandidateFinder::CandidateFinder(double rate_hz, double level_share)
    : rate_hz_(rate_hz),
      level_share_(level_share),
      half_{half_of(qrs_ms, rate_hz), half_of(beat_ms, rate_hz), half_of(level_ms, rate_hz)} {}

void CandidateFinder::push(std::span<const std::int64_t> energy,
                           std::span<const std::int64_t> high_energy) {
  energy_.push(energy);
  high_.push(high_energy);
  pushed_ += std::ssize(energy);
  decide(pushed_ - half_.level, unknown_count);
}

void CandidateFinder::finish() {
  decide(pushed_, pushed_);
  if (open_.begin >= 0) close_stretch(pushed_);
}

bool CandidateFinder::is_above(std::int64_t i, std::int64_t count) const {
  const auto mean = [&](std::int64_t half) {
    return static_cast<double>(energy_.sum(i, half, count)) * share_at(i, half, count);
  };
  return mean(half_.qrs) > mean(half_.beat) + level_share_ * mean(half_.level);
}

void CandidateFinder::take(std::int64_t i, bool is_above, std::int64_t count) {
  if (!is_above) {
    if (open_.begin >= 0) close_stretch(i);
    return;
  }
  if (open_.begin < 0) open_ = {.begin = i};
  const std::int64_t here = energy_.sum(i, 0, count);
  if (here > open_.peak) {
    open_.peak = here;
    open_.peak_index = i;
  }
  open_.energy = std::max(open_.energy, energy_.sum(i, half_.qrs, count));
  open_.high_energy = std::max(open_.high_energy, high_.sum(i, half_.qrs, count));
}

void CandidateFinder::decide(std::int64_t end, std::int64_t count) {
  if (end <= decided_) return;
  // Where all windows lie inside of what is known, which is nearly everywhere.
  const std::int64_t inner = std::max(decided_, half_.level);
  const std::int64_t inner_end = std::min(end, pushed_ - half_.level - 1);
  for (; decided_ < std::min(end, inner); ++decided_) {
    take(decided_, is_above(decided_, count), count);
  }
  const double of_qrs = share_at(half_.level, half_.qrs, unknown_count);
  const double of_beat = share_at(half_.level, half_.beat, unknown_count);
  const double of_level = share_at(half_.level, half_.level, unknown_count);
  const std::int64_t* before = energy_.before.values.data();
  const std::int64_t first = energy_.before.first;
  const auto sum = [before, first](std::int64_t at, std::int64_t half) {
    const std::int64_t k = at - first;
    return static_cast<double>(
        std::bit_cast<std::int64_t>(std::bit_cast<std::uint64_t>(before[k + half + 1]) -
                                    std::bit_cast<std::uint64_t>(before[k - half])));
  };
  const auto [half_qrs, half_beat, half_level] = half_;
  const double level_share = level_share_;
  bool is_open = open_.begin >= 0;
  std::int64_t i = decided_;
  for (; i < inner_end; ++i) {
    const bool here = sum(i, half_qrs) * of_qrs >
                      sum(i, half_beat) * of_beat + level_share * (sum(i, half_level) * of_level);
    if (here || is_open) {
      take(i, here, count);
      is_open = here;
    }
  }
  decided_ = i;
  for (; decided_ < end; ++decided_) take(decided_, is_above(decided_, count), count);
  for (Totals* totals : {&energy_, &high_}) totals->before.drop_before(decided_ - half_.level);
}

void CandidateFinder::close_stretch(std::int64_t end) {
  const Stretch stretch = open_;
  open_ = {};
  const double ms = 1000 / rate_hz_;
  if (static_cast<double>(end - stretch.begin) * ms < stretch_ms_min) return;
  const auto strength = [&](std::int64_t sum) {
    return std::sqrt(static_cast<double>(sum) / static_cast<double>(2 * half_.qrs + 1));
  };
  const Candidate candidate{.sample_index = stretch.peak_index,
                            .strength = strength(stretch.energy),
                            .high_strength = strength(stretch.high_energy)};
  if (!found.empty() &&
      static_cast<double>(candidate.sample_index - found.back().sample_index) * ms <
          refractory_ms) {
    if (candidate.strength > found.back().strength) found.back() = candidate;
    return;
  }
  found.push_back(candidate);
}

}  // namespace consilium::qrs
