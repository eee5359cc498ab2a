#include "analysis/qrs_detection/qrs_fusion.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr double level_share = 0.1;
constexpr double block_s = 2;
constexpr double shape_step_ms = 8;
constexpr std::int64_t shape_half = 12;  // steps to either side that are compared
constexpr std::int64_t slack = 2;        // steps by which shapes are shifted
constexpr double strength_ms = 50;       // a lead's own peak lies this near
constexpr std::size_t beside = 8;        // neighbours whose shapes are compared
constexpr double energy_unit = 1 << 24;  // of the sum; that of a beat is about 1
constexpr double kept_s = 20;            // later candidates are never decided upon

double median_of(std::vector<double>& values, double otherwise) {
  if (values.empty()) return otherwise;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::size_t before(std::size_t i, std::size_t count) { return i < count ? 0 : i - count; }

// Correlation of the middle of `one` with `other`, shifted.
double likeness_of(std::span<const float> one, std::span<const float> other, std::int64_t shift) {
  double product = 0;
  double first = 0;
  double second = 0;
  for (std::int64_t i = slack; i < std::ssize(one) - slack; ++i) {
    const auto a = static_cast<double>(one[static_cast<std::size_t>(i + shift)]);
    const auto b = static_cast<double>(other[static_cast<std::size_t>(i)]);
    product += a * b;
    first += a * a;
    second += b * b;
  }
  return product / std::max(1e-9, std::sqrt(first * second));
}

}  // namespace

Result<QrsFusion> QrsFusion::create(double sampling_rate_hz,
                                    std::vector<std::vector<LeadBlock>> leads) {
  CSL_TRY(check_qrs_rate(sampling_rate_hz));
  const bool is_even = !leads.empty() && std::ranges::all_of(leads, [&](const auto& blocks) {
    return blocks.size() == leads.front().size();
  });
  if (!is_even) {
    return fail(ErrorCode::InvalidInput, "beats of several leads need leads of one length", "leads",
                "give at least one lead, all of the same rate and length");
  }
  return QrsFusion(sampling_rate_hz, std::move(leads));
}

QrsFusion::QrsFusion(double rate_hz, std::vector<std::vector<LeadBlock>> leads)
    : sampling_rate_hz_(rate_hz),
      step_(std::max<std::int64_t>(1, std::llround(shape_step_ms * rate_hz / 1000))),
      candidates_(rate_hz, level_share) {
  for (auto& blocks : leads) {
    leads_.push_back({.blocks = std::move(blocks),
                      .filter = qrs::LeadFilter(rate_hz),
                      .sum = qrs::sum_over(qrs::qrs_ms, rate_hz),
                      .energy = {}});
  }
}

void QrsFusion::push(std::span<const std::span<const float>> leads_mv) {
  CSL_CHECK(leads_mv.size() == leads_.size());
  constexpr std::size_t at_once = 1 << 10;
  const std::size_t count = leads_mv[0].size();
  for (const auto& lead : leads_mv) CSL_CHECK(lead.size() == count);
  for (std::size_t begin = 0; begin < count; begin += at_once) {
    for (std::size_t l = 0; l < leads_.size(); ++l) {
      leads_[l].filter.push(leads_mv[l].subspan(begin, std::min(at_once, count - begin)));
    }
    add_energies();
    if (candidates_.found.size() > beside) look(candidates_.found.size() - 1);
  }
}

// Between the middles of two blocks, weights change evenly.
std::vector<double> QrsFusion::weights_at(std::int64_t i) const {
  const double at = (static_cast<double>(i) + 0.5) / (block_s * sampling_rate_hz_) - 0.5;
  const auto last = static_cast<double>(leads_[0].blocks.size() - 1);
  const double place = std::clamp(at, 0.0, std::max(0.0, last));
  const auto first = static_cast<std::size_t>(place);
  const std::size_t second = std::min(first + 1, leads_[0].blocks.size() - 1);
  const double share = place - static_cast<double>(first);
  std::vector<double> weights(leads_.size(), 0);
  for (const auto& [block, part] : {std::pair{first, 1 - share}, std::pair{second, share}}) {
    double total = 0;
    for (const Lead& lead : leads_) total += lead.blocks[block].contrast;
    for (std::size_t l = 0; l < leads_.size() && total > 0; ++l) {
      weights[l] += part * leads_[l].blocks[block].contrast / total;
    }
  }
  return weights;
}

void QrsFusion::add_energies() {
  const std::int64_t end = leads_[0].filter.band.end();
  if (end <= added_) return;
  constexpr std::int64_t weights_hold = 16;  // samples
  const auto count = static_cast<std::size_t>(end - added_);
  std::vector<double> band(count, 0);
  std::vector<double> high(count, 0);
  std::vector<double> gains(leads_.size());
  for (std::int64_t i = added_; i < end; ++i) {
    if (i == added_ || i % weights_hold == 0) {
      const std::int64_t hold = i - i % weights_hold;
      gains = weights_at(hold);
      const auto block = std::min(
          static_cast<std::size_t>(static_cast<double>(hold) / (block_s * sampling_rate_hz_)),
          leads_[0].blocks.size() - 1);
      for (std::size_t l = 0; l < leads_.size(); ++l) {
        gains[l] *= energy_unit / std::max(1.0, leads_[l].blocks[block].peak);
      }
    }
    const auto k = static_cast<std::size_t>(i - added_);
    for (std::size_t l = 0; l < leads_.size(); ++l) {
      const auto low = static_cast<double>(leads_[l].filter.band.at(i));
      const auto above = static_cast<double>(leads_[l].filter.high.at(i));
      band[k] += gains[l] * low * low;
      high[k] += gains[l] * above * above;
    }
  }
  // Whole numbers, so that sums over windows are exact.
  const auto whole = [](double value) { return static_cast<std::int64_t>(std::min(value, 1e14)); };
  std::vector<std::int64_t> energy(count);
  std::vector<std::int64_t> high_energy(count);
  std::ranges::transform(band, energy.begin(), whole);
  std::ranges::transform(high, high_energy.begin(), whole);
  for (Lead& lead : leads_) {
    std::vector<std::int64_t> squares;
    for (const std::int64_t value : lead.filter.band.part(added_, end)) {
      squares.push_back(value * value);
    }
    lead.sum.push(squares, lead.energy.values);
    const std::int64_t old = end - static_cast<std::int64_t>(kept_s * sampling_rate_hz_);
    for (qrs::Track* track : {&lead.filter.band, &lead.filter.high, &lead.energy}) {
      track->drop_before(old);
    }
  }
  added_ = end;
  candidates_.push(energy, high_energy);
}

void QrsFusion::look(std::size_t candidate_count) {
  const auto near = static_cast<std::int64_t>(strength_ms * sampling_rate_hz_ / 1000);
  for (std::size_t c = looks_.size(); c < candidate_count; ++c) {
    const std::int64_t i = candidates_.found[c].sample_index;
    Look look{.strength = {}, .weight = weights_at(i), .shapes = {}};
    for (const Lead& lead : leads_) {
      std::int64_t energy = 0;
      const std::int64_t begin = std::max(lead.energy.first, i - near);
      for (std::int64_t k = begin; k < std::min(lead.energy.end(), i + near + 1); ++k) {
        energy = std::max(energy, lead.energy.at(k));
      }
      look.strength.push_back(std::sqrt(static_cast<double>(energy)));
      std::vector<float> shape;
      for (std::int64_t k = -(shape_half + slack); k <= shape_half + slack; ++k) {
        const std::int64_t at = i + k * step_;
        const bool is_held = at >= lead.filter.band.first && at < lead.filter.band.end();
        shape.push_back(is_held ? static_cast<float>(lead.filter.band.at(at)) : 0.0F);
      }
      look.shapes.push_back(std::move(shape));
    }
    looks_.push_back(std::move(look));
  }
  liken_until(before(looks_.size(), beside));
}

void QrsFusion::liken_until(std::size_t end) {
  for (; likened_ < end; ++likened_) {
    liken(likened_);
    if (likened_ >= beside) looks_[likened_ - beside].shapes = {};
  }
}

void QrsFusion::liken(std::size_t i) {
  std::vector<double> likenesses;
  for (std::size_t l = 0; l < leads_.size(); ++l) {
    likenesses.clear();
    for (std::size_t o = before(i, beside); o < std::min(looks_.size(), i + beside + 1); ++o) {
      if (o == i) continue;
      double best = -1;
      for (std::int64_t shift = -slack; shift <= slack; ++shift) {
        best = std::max(best, likeness_of(looks_[i].shapes[l], looks_[o].shapes[l], shift));
      }
      likenesses.push_back(best);
    }
    looks_[i].likeness = std::max(looks_[i].likeness, median_of(likenesses, 1));
  }
}

std::vector<QrsComplex> QrsFusion::finish() {
  for (Lead& lead : leads_) lead.filter.finish();
  add_energies();
  candidates_.finish();
  for (Lead& lead : leads_) lead.sum.finish(lead.energy.values);
  look(candidates_.found.size());
  liken_until(looks_.size());
  return kept();
}

std::vector<QrsComplex> QrsFusion::kept() const {
  constexpr std::size_t reach = 6;
  constexpr double never_below = 0.24;  // of the neighbours' strength
  constexpr double hardly = 0.11;       // in the lead that shows it least...
  constexpr double unlike = 0.779;
  constexpr double weak_beside = 0.249;
  constexpr double beside_ms = 450;  // with another within...
  constexpr double weak_between = 0.35;
  constexpr double between_rr = 1.28;  // with its neighbours nearer to one another than...
  constexpr double somewhat_unlike = 0.87;
  constexpr double far = 1e12;
  const double weight_min = 0.2 / static_cast<double>(leads_.size());
  const auto& found = candidates_.found;
  std::vector<QrsComplex> beats;
  std::vector<double> values;
  const auto interval_ms = [&](std::size_t i) {  // to the one before
    return static_cast<double>(found[i].sample_index - found[i - 1].sample_index) * 1000 /
           sampling_rate_hz_;
  };
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t begin = before(i, reach);
    const std::size_t end = std::min(found.size(), i + reach + 1);
    const auto share = [&](auto strength_of) {
      values.clear();
      for (std::size_t o = begin; o < end; ++o) {
        if (o != i) values.push_back(strength_of(o));
      }
      return strength_of(i) / std::max(1e-9, median_of(values, strength_of(i)));
    };
    const double of_sum = share([&](std::size_t o) { return found[o].strength; });
    double least = of_sum;
    for (std::size_t l = 0; l < leads_.size(); ++l) {
      if (looks_[i].weight[l] < weight_min) continue;
      least = std::min(least, share([&](std::size_t o) { return looks_[o].strength[l]; }));
    }
    values.clear();
    for (std::size_t o = before(i, reach + 1) + 1; o < std::min(found.size(), i + reach + 2); ++o) {
      values.push_back(interval_ms(o));
    }
    const double usual = median_of(values, far);
    const double back = i > 0 ? interval_ms(i) : far;
    const double on = i + 1 < found.size() ? interval_ms(i + 1) : far;
    const double likeness = looks_[i].likeness;
    const bool is_dropped =
        of_sum < never_below || (least < hardly && likeness < unlike) ||
        (likeness < somewhat_unlike && ((least < weak_beside && std::min(back, on) < beside_ms) ||
                                        (least < weak_between && back + on < between_rr * usual)));
    if (!is_dropped) {
      beats.push_back({found[i].sample_index, found[i].strength / std::sqrt(energy_unit)});
    }
  }
  return beats;
}

Result<std::vector<QrsComplex>> detect_qrs_in_leads(
    std::span<const std::span<const float>> leads_mv, double sampling_rate_hz) {
  std::vector<std::vector<LeadBlock>> blocks;
  for (const auto& lead : leads_mv) {
    LeadContrast contrast = CSL_TRY(LeadContrast::create(sampling_rate_hz));
    contrast.push(lead);
    blocks.push_back(contrast.finish());
  }
  QrsFusion fusion = CSL_TRY(QrsFusion::create(sampling_rate_hz, std::move(blocks)));
  fusion.push(leads_mv);
  return fusion.finish();
}

}  // namespace consilium
