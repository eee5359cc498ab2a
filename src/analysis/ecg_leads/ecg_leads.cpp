#include "analysis/ecg_leads/ecg_leads.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/beat_clusters/beat_shapes.hpp"
#include "analysis/ecg_rhythm/ecg_quality.hpp"
#include "analysis/qrs_detection/qrs_fusion.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::int64_t at_once = 1 << 15;

void append_mv(const Channel& lead, std::span<const std::int32_t> stored, std::vector<float>& out) {
  const double scale = millivolts_in(lead.unit).value_or(1.0);
  out.reserve(out.size() + stored.size());
  for (const std::int32_t sample : stored) {
    out.push_back(static_cast<float>(physical_value(lead, sample) * scale));
  }
}

// Hands `take` the leads' samples, piece by piece.
template <class Take>
Status each_piece(const EcgLeads& leads, Take take) {
  const std::int64_t count = leads.channel().sample_count;
  for (std::int64_t first = 0; first < count; first += at_once) {
    take(CSL_TRY(leads.read(first, std::min(at_once, count - first))));
  }
  return {};
}

}  // namespace

std::optional<double> millivolts_in(std::string_view unit) {
  if (unit == "mV") return 1.0;
  if (unit == "uV" || unit == "µV" || unit == "μV") return 1e-3;
  if (unit == "V") return 1e3;
  if (unit == "nV") return 1e-6;
  return std::nullopt;
}

std::vector<std::size_t> voltage_channels(const RecordHeader& header) {
  const auto& channels = header.channels;
  std::vector<std::size_t> leads;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (!millivolts_in(channels[c].unit)) continue;
    if (leads.empty() || (channels[c].rate == channels[leads[0]].rate &&
                          channels[c].sample_count == channels[leads[0]].sample_count)) {
      leads.push_back(c);
    }
  }
  return leads;
}

Result<std::vector<float>> EcgLeads::read_lead(std::size_t channel, std::int64_t first,
                                               std::int64_t count) const {
  std::vector<std::int32_t> stored(static_cast<std::size_t>(count));
  CSL_TRY(samples->read(channel, SampleIndex{first}, stored));
  std::vector<float> lead_mv;
  append_mv(samples->header().channels[channel], stored, lead_mv);
  return lead_mv;
}

Result<std::vector<std::vector<float>>> EcgLeads::read(std::int64_t first,
                                                       std::int64_t count) const {
  std::vector<std::vector<float>> leads_mv;
  if (channels.size() == 1) {
    leads_mv.push_back(CSL_TRY(read_lead(channels.front(), first, count)));
    return leads_mv;
  }
  // Formats interleave channels: together each byte is decoded once.
  const std::int64_t ticks = channel().ticks_per_sample;
  SignalBlock block;
  CSL_TRY(samples->read_block({{first * ticks}, {(first + count) * ticks}}, block));
  for (const std::size_t c : channels) {
    CSL_CHECK(block.first[c].value == first && std::ssize(block.channels[c]) == count);
    append_mv(samples->header().channels[c], block.channels[c], leads_mv.emplace_back());
  }
  return leads_mv;
}

Result<std::vector<QrsComplex>> find_beats(const EcgLeads& leads, std::size_t channel) {
  const Channel& lead = leads.samples->header().channels[channel];
  QrsDetector detector = CSL_TRY(QrsDetector::create(lead.rate.hz()));
  for (std::int64_t first = 0; first < lead.sample_count; first += at_once) {
    detector.push(
        CSL_TRY(leads.read_lead(channel, first, std::min(at_once, lead.sample_count - first))));
  }
  return detector.finish();
}

Result<std::vector<QrsComplex>> find_beats(const EcgLeads& leads) {
  if (leads.channels.size() == 1) return find_beats(leads, leads.channels.front());
  std::vector<LeadContrast> contrasts;
  for (std::size_t l = 0; l < leads.channels.size(); ++l) {
    contrasts.push_back(CSL_TRY(LeadContrast::create(leads.rate_hz())));
  }
  CSL_TRY(each_piece(leads, [&](const auto& leads_mv) {
    for (std::size_t l = 0; l < contrasts.size(); ++l) contrasts[l].push(leads_mv[l]);
  }));
  std::vector<std::vector<LeadBlock>> blocks;
  for (LeadContrast& contrast : contrasts) blocks.push_back(contrast.finish());
  QrsFusion fusion = CSL_TRY(QrsFusion::create(leads.rate_hz(), std::move(blocks)));
  CSL_TRY(each_piece(leads, [&](const auto& leads_mv) {
    fusion.push(std::vector<std::span<const float>>(leads_mv.begin(), leads_mv.end()));
  }));
  return fusion.finish();
}

Result<std::vector<float>> shapes_of_beats(const EcgLeads& leads,
                                           std::span<const std::int64_t> beats) {
  const double rate_hz = leads.rate_hz();
  const auto margin = static_cast<std::int64_t>(std::ceil(rate_hz / 2));
  const auto piece = static_cast<std::int64_t>(std::ceil(120 * rate_hz));
  const std::int64_t count = leads.channel().sample_count;
  std::vector<float> shapes;
  shapes.reserve(beats.size() * leads.channels.size() * beat_shape_size);
  std::int64_t first = 0;
  std::vector<std::vector<float>> leads_mv;
  for (const std::int64_t beat : beats) {
    const std::int64_t last = leads_mv.empty() ? 0 : first + std::ssize(leads_mv[0]);
    if (leads_mv.empty() || (beat + margin > last && last < count)) {
      first = std::clamp<std::int64_t>(beat - margin, 0, std::max<std::int64_t>(0, count - 1));
      leads_mv = CSL_TRY(leads.read(first, std::min(piece, count - first)));
    }
    for (const auto& lead : leads_mv) append_beat_shape(lead, first, rate_hz, beat, shapes);
  }
  return shapes;
}

Result<std::vector<LeadWindow>> judge_leads(const EcgLeads& leads, std::size_t lead_count,
                                            std::span<const std::int64_t> all_beats) {
  constexpr double silent_share = 0.5;
  lead_count = std::min({lead_count, judged_leads_max, leads.channels.size()});
  const double rate_hz = leads.rate_hz();
  const auto window = static_cast<std::int64_t>(std::llround(quality_window_s * rate_hz));
  std::vector<std::vector<std::int64_t>> lead_beats(lead_count);
  for (std::size_t l = 0; l < lead_count; ++l) {
    for (const QrsComplex& beat : CSL_TRY(find_beats(leads, leads.channels[l]))) {
      lead_beats[l].push_back(beat.sample_index);
    }
  }
  const auto part = [](std::span<const std::int64_t> beats, std::int64_t begin, std::int64_t end) {
    const auto first = std::ranges::lower_bound(beats, begin);
    return std::span(first, std::lower_bound(first, beats.end(), end));
  };
  std::vector<LeadWindow> windows;
  const std::int64_t count = leads.channel().sample_count;
  for (std::int64_t begin = 0; begin < count; begin += window) {
    const std::int64_t end = std::min(begin + window, count);
    const auto leads_mv = CSL_TRY(leads.read(begin, end - begin));
    LeadWindow& one = windows.emplace_back(
        LeadWindow{.first = begin, .last = end, .is_poor = {}, .is_silent = {}});
    for (std::size_t l = 0; l < lead_count; ++l) {
      const LeadQuality quality = lead_quality(
          leads_mv[l], rate_hz, part(lead_beats[l], begin, end), part(all_beats, begin, end));
      one.is_poor.push_back(is_poor(quality));
      one.is_silent.push_back(quality.missing + quality.flat >= silent_share);
    }
  }
  return windows;
}

}  // namespace consilium
