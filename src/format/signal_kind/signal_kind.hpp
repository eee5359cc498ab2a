// What kind of recording a file is, told from its first bytes, whatever it is called.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

enum class RecordKind {
  WfdbHeader,  // the .hea file of a WFDB record
  Edf,         // EDF, EDF+C, EDF+D
  Bdf,         // BDF, BDF+
  DicomWaveform,
  ScpEcg,
  Hl7Aecg,
  MuseXml,
  SierraXml,
  Ishne,
  BrainVision,  // its header
  Gdf,
  SampleTable,  // samples as CSV or TSV
};
[[nodiscard]] std::string_view name_of(RecordKind kind);

// How many bytes from the begin are enough to tell.
inline constexpr std::size_t record_head_bytes = 4096;

// `head` is the file's begin, `file_size` its whole length. Annotation and signal files of WFDB
// have no mark of their own: they are known by the header beside them. Errors: Unsupported for what
// is no recording, saying what it is where that is known.
[[nodiscard]] Result<RecordKind> detect_record(ByteView head, std::uint64_t file_size);

}  // namespace consilium
