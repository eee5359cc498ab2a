// EDF, EDF+ and BDF recordings: read with tolerance, since most recorders break some rule, and a
// note for each thing that was mended. Sources: B. Kemp et al., Electroenceph. clin. Neurophysiol.
// 82 (1992) 391-393 (EDF); B. Kemp, J. Olivan, Clin. Neurophysiol. 114 (2003) 1755-1761 (EDF+);
// BioSemi's 24-bit variant (BDF), and BDF+ of EDFlib.
//
// A discontinuous file (EDF+D) has one time line: tick 0 is its first sample, gaps are counted, and
// samples in them are missing. A part that does not begin on a sample of a channel is moved to the
// nearest, which a note says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

enum class EdfVariant { Edf, EdfPlusC, EdfPlusD, Bdf, BdfPlusC, BdfPlusD };
// "EDF", "EDF+C", ...
[[nodiscard]] std::string_view name_of(EdfVariant variant);

struct EdfAnnotation {
  std::int64_t onset_ns = 0;  // from the first sample
  std::optional<std::int64_t> duration_ns{};
  std::string text{};  // UTF-8
  friend bool operator==(const EdfAnnotation&, const EdfAnnotation&) = default;
};

class EdfRecord : public SampleSource {
 public:
  [[nodiscard]] virtual EdfVariant variant() const = 0;
  // In the order of the file.
  [[nodiscard]] virtual const std::vector<EdfAnnotation>& annotations() const = 0;
};

enum class EdfReading {
  Tolerant,
  Strict,  // anything that would be mended is an error
};

// Errors: Corrupt when the file cannot be made sense of (no EDF header, no data where signals are
// stated), and in strict reading at the first note; Unsupported for rates without a common measure.
// Cost: the header and all annotation signals are read at once, samples when asked for.
[[nodiscard]] Result<std::unique_ptr<EdfRecord>> open_edf(
    std::shared_ptr<const ByteSource> file, EdfReading reading = EdfReading::Tolerant);

// As events on the record's ticks, to the nearest.
[[nodiscard]] std::vector<SignalEvent> events_of(const EdfRecord& record);

}  // namespace consilium
