// What our detectors say of a recording, as labels of a protocol: which of its labels are meant
// follows from their WFDB mapping (code 1: a normal beat; 28 with "(AFIB" and so on: a rhythm; 14:
// noise).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/protocol/protocol.hpp"
#include "domain/signal/sample_source.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

enum class SignalDetector { Beats, Rhythm, Quality };
inline constexpr std::array all_signal_detectors{SignalDetector::Beats, SignalDetector::Rhythm,
                                                 SignalDetector::Quality};
[[nodiscard]] std::string_view name_of(SignalDetector detector);  // "beats"
[[nodiscard]] std::optional<SignalDetector> signal_detector_named(std::string_view name);

// The rater that its labels are of, whatever its version.
[[nodiscard]] ToolName tool_of(SignalDetector detector);
// A new one where the same recording may get other labels.
[[nodiscard]] std::string_view version_of(SignalDetector detector);
// Begins the evidence of each of its labels.
[[nodiscard]] std::string evidence_start(SignalDetector detector);

// The protocol's labels that the detector can give, by id; empty: it has nothing to say here.
[[nodiscard]] std::vector<std::string> labels_of(SignalDetector detector, const Protocol& protocol);

// Whether there are leads in a unit of voltage, sampled fast enough to hold QRS complexes.
[[nodiscard]] bool holds_ecg(const RecordHeader& header);

// What some detectors say of a recording that holds an ECG; a set for each, in their order. Beats
// are found once for all of them. Cost: the beats of an hour of 12 leads at 500 Hz take about a
// second. Errors: those of reading.
[[nodiscard]] Result<std::vector<LabelSet>> detected(const std::vector<SignalDetector>& detectors,
                                                     const Protocol& protocol, const ItemId& item,
                                                     const SampleSource& samples);

}  // namespace consilium::service
