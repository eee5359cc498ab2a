#include <algorithm>
#include <cmath>

#include "analysis/qrs_detection/qrs_fusion.hpp"

namespace consilium {
namespace {

constexpr double block_s = 2;
constexpr std::size_t blocks_beside = 8;

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Result<LeadContrast> LeadContrast::create(double sampling_rate_hz) {
  CSL_TRY(check_qrs_rate(sampling_rate_hz));
  return LeadContrast(sampling_rate_hz);
}

LeadContrast::LeadContrast(double rate_hz)
    : block_size_(std::llround(block_s * rate_hz)),
      filter_(rate_hz),
      sum_(qrs::sum_over(qrs::qrs_ms, rate_hz)) {}

void LeadContrast::push(std::span<const float> samples_mv) {
  constexpr std::size_t at_once = 1 << 10;
  for (std::size_t begin = 0; begin < samples_mv.size(); begin += at_once) {
    filter_.push(samples_mv.subspan(begin, std::min(at_once, samples_mv.size() - begin)));
    take_filtered(false);
  }
}

void LeadContrast::take_filtered(bool is_last) {
  for (std::int64_t& value : filter_.band.values) value *= value;
  sum_.push(filter_.band.values, energy_.values);
  for (qrs::Track* track : {&filter_.band, &filter_.high}) track->drop_before(track->end());
  if (is_last) sum_.finish(energy_.values);
  const auto width = static_cast<double>(sum_.width());
  for (;;) {
    const std::int64_t begin = std::ssize(blocks_) * block_size_;
    const std::int64_t end = std::min(begin + block_size_, energy_.end());
    if (end <= begin || (end < begin + block_size_ && !is_last)) break;
    const auto part = energy_.part(begin, end);
    std::vector<double> sums(part.begin(), part.end());
    const double peak = *std::ranges::max_element(sums) / width;
    const double middle = median_of(sums) / width;
    blocks_.push_back({.peak = peak, .contrast = middle});  // the ratio is made in `finish`
    energy_.drop_before(end);
  }
}

std::vector<LeadBlock> LeadContrast::finish() {
  filter_.finish();
  take_filtered(true);
  std::vector<LeadBlock> smooth;
  std::vector<double> peaks;
  std::vector<double> middles;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    peaks.clear();
    middles.clear();
    const std::size_t begin = b < blocks_beside ? 0 : b - blocks_beside;
    for (std::size_t o = begin; o < std::min(blocks_.size(), b + blocks_beside + 1); ++o) {
      peaks.push_back(blocks_[o].peak);
      middles.push_back(blocks_[o].contrast);
    }
    const double peak = median_of(peaks);
    // A sixteenth of a microvolt is noise enough for any lead.
    smooth.push_back({.peak = peak, .contrast = peak / std::max(1.0, median_of(middles))});
  }
  return smooth;
}

}  // namespace consilium
