#include "domain/signal/event.hpp"

#include <array>

namespace consilium {
namespace {

struct CodeRow {
  std::string_view mnemonic;
  std::string_view meaning;
  bool beat;
};

// WFDB Programmer's Guide, "Annotation Codes"; the row is the code.
constexpr std::array<CodeRow, mit_code_max + 1> codes{{
    {" ", "", false},
    {"N", "Normal beat", true},
    {"L", "Left bundle branch block beat", true},
    {"R", "Right bundle branch block beat", true},
    {"a", "Aberrated atrial premature beat", true},
    {"V", "Premature ventricular contraction", true},
    {"F", "Fusion of ventricular and normal beat", true},
    {"J", "Nodal (junctional) premature beat", true},
    {"A", "Atrial premature contraction", true},
    {"S", "Premature or ectopic supraventricular beat", true},
    {"E", "Ventricular escape beat", true},
    {"j", "Nodal (junctional) escape beat", true},
    {"/", "Paced beat", true},
    {"Q", "Unclassifiable beat", true},
    {"~", "Signal quality change", false},
    {"[15]", "", false},
    {"|", "Isolated QRS-like artifact", false},
    {"[17]", "", false},
    {"s", "ST change", false},
    {"T", "T-wave change", false},
    {"*", "Systole", false},
    {"D", "Diastole", false},
    {"\"", "Comment annotation", false},
    {"=", "Measurement annotation", false},
    {"p", "P-wave peak", false},
    {"B", "Left or right bundle branch block", true},
    {"^", "Non-captured pacemaker spike", false},
    {"t", "T-wave peak", false},
    {"+", "Rhythm change", false},
    {"u", "U-wave peak", false},
    {"?", "Beat not classified during learning", true},
    {"!", "Ventricular flutter wave", true},
    {"[", "Start of ventricular flutter or fibrillation", false},
    {"]", "End of ventricular flutter or fibrillation", false},
    {"e", "Atrial escape beat", true},
    {"n", "Supraventricular escape beat", true},
    {"@", "Link to external data", false},
    {"x", "Non-conducted P-wave (blocked atrial premature beat)", false},
    {"f", "Fusion of paced and normal beat", true},
    {"(", "Waveform onset", false},
    {")", "Waveform end", false},
    {"r", "R-on-T premature ventricular contraction", true},
    {"[42]", "", false},
    {"[43]", "", false},
    {"[44]", "", false},
    {"[45]", "", false},
    {"[46]", "", false},
    {"[47]", "", false},
    {"[48]", "", false},
    {"[49]", "", false},
}};

const CodeRow& row_of(MitCode code) {
  const auto index = static_cast<std::size_t>(code);
  return codes[index < codes.size() ? index : 0];
}

}  // namespace

std::string_view mnemonic(MitCode code) { return row_of(code).mnemonic; }
std::string_view meaning(MitCode code) { return row_of(code).meaning; }
bool is_beat(MitCode code) { return row_of(code).beat; }

std::optional<MitCode> mit_code_of(std::string_view mnemonic) {
  for (std::size_t code = 1; code < codes.size(); ++code) {
    if (codes[code].mnemonic == mnemonic) return static_cast<MitCode>(code);
  }
  return std::nullopt;
}

}  // namespace consilium
