// Marks on a recording: beats, intervals, rhythm changes, notes. The codes are those of MIT
// annotation files (WFDB Programmer's Guide, "Annotation Codes"), which every ECG tool understands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/signal/time.hpp"

namespace consilium {

// 1..49; 0 is no code at all (an event that has text alone). 42..49 are the user's own.
enum class MitCode : std::uint8_t {
  None = 0,
  Normal = 1,
  LeftBundleBranchBlock = 2,
  RightBundleBranchBlock = 3,
  AberratedAtrialPremature = 4,
  VentricularPremature = 5,
  FusionOfVentricularAndNormal = 6,
  NodalPremature = 7,
  AtrialPremature = 8,
  SupraventricularPremature = 9,
  VentricularEscape = 10,
  NodalEscape = 11,
  Paced = 12,
  Unclassifiable = 13,
  SignalQualityChange = 14,
  Artifact = 16,
  StChange = 18,
  TChange = 19,
  Systole = 20,
  Diastole = 21,
  Note = 22,
  Measurement = 23,
  PWavePeak = 24,
  BundleBranchBlock = 25,
  NonCapturedPacemaker = 26,
  TWavePeak = 27,
  RhythmChange = 28,
  UWavePeak = 29,
  LearningBeat = 30,
  FlutterWave = 31,
  FlutterStart = 32,
  FlutterEnd = 33,
  AtrialEscape = 34,
  SupraventricularEscape = 35,
  Link = 36,
  NonConductedPWave = 37,
  FusionOfPacedAndNormal = 38,
  WaveformOnset = 39,
  WaveformEnd = 40,
  ROnTPremature = 41,
};
inline constexpr int mit_code_max = 49;

// "N", "V", "+"; "[15]" for codes that have no sign of their own.
[[nodiscard]] std::string_view mnemonic(MitCode code);
// The code of "N", "V", "[42]". Empty when there is none.
[[nodiscard]] std::optional<MitCode> mit_code_of(std::string_view mnemonic);
// "Premature ventricular contraction"; empty for codes without a meaning.
[[nodiscard]] std::string_view meaning(MitCode code);
// Whether the code marks a QRS complex.
[[nodiscard]] bool is_beat(MitCode code);

struct SignalEvent {
  Tick at{};
  std::int64_t duration_ticks = 0;       // 0: a point in time
  std::vector<std::int32_t> channels{};  // channel indices; empty: the whole recording
  MitCode code = MitCode::None;
  int subtype = 0;
  int chan = 0;  // CHN and NUM of MIT annotations, as they stand
  int num = 0;
  std::string text{};  // rhythm "(AFIB", a note, an EDF+ annotation's text
  friend bool operator==(const SignalEvent&, const SignalEvent&) = default;
};

}  // namespace consilium
