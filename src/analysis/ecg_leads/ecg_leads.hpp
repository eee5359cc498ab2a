// The ECG in a recording: which of its channels are leads, their samples in mV, and the engines run
// over a whole recording piece by piece: a day of twelve leads is never in memory whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/qrs_detection/qrs_detection.hpp"
#include "base/result.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// How many mV one unit is; none for what is no voltage.
[[nodiscard]] std::optional<double> millivolts_in(std::string_view unit);

struct EcgLeads {
  const SampleSource* samples = nullptr;  // outlives this
  std::vector<std::size_t> channels;      // at least one; all of one rate and length

  [[nodiscard]] const Channel& channel() const {
    return samples->header().channels[channels.front()];
  }
  [[nodiscard]] double rate_hz() const { return channel().rate.hz(); }
  // Samples [first, first + count) of each lead, in mV; NaN where nothing was measured.
  [[nodiscard]] Result<std::vector<std::vector<float>>> read(std::int64_t first,
                                                             std::int64_t count) const;
  // Of one channel of the recording.
  [[nodiscard]] Result<std::vector<float>> read_lead(std::size_t channel, std::int64_t first,
                                                     std::int64_t count) const;
};

// All channels in a unit of voltage that have the rate and length of the first such one; empty when
// there is none.
[[nodiscard]] std::vector<std::size_t> voltage_channels(const RecordHeader& header);

// The beats of all leads together (qrs_fusion.hpp; of a single lead qrs_detection.hpp). Reads the
// recording twice. Errors: those of reading; InvalidInput for a rate that holds no QRS.
[[nodiscard]] Result<std::vector<QrsComplex>> find_beats(const EcgLeads& leads);
// Of one channel of the recording alone; reads it once.
[[nodiscard]] Result<std::vector<QrsComplex>> find_beats(const EcgLeads& leads,
                                                         std::size_t channel);

// The shapes of beats at these samples, which rise, as append_beat_shape says them: beat by beat,
// of each every lead. Cost: the recording is read once; memory for the shapes and two minutes.
[[nodiscard]] Result<std::vector<float>> shapes_of_beats(const EcgLeads& leads,
                                                         std::span<const std::int64_t> beats);

// Ten seconds (the last maybe less) and which leads are not to be trusted in them.
struct LeadWindow {
  std::int64_t first = 0;  // samples [first, last)
  std::int64_t last = 0;
  std::vector<bool> is_poor;    // by lead
  std::vector<bool> is_silent;  // by lead: half of it or more missing or flat
};
inline constexpr std::size_t judged_leads_max = 12;
// Of the first `lead_count` leads (judged_leads_max at most); `all_beats`: of all leads together.
// Cost: the recording is read `lead_count` + 1 times.
[[nodiscard]] Result<std::vector<LeadWindow>> judge_leads(const EcgLeads& leads,
                                                          std::size_t lead_count,
                                                          std::span<const std::int64_t> all_beats);

}  // namespace consilium
