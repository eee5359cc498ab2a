// Recordings whose samples lie uncompressed in a file, each channel's at a regular distance: what
// DICOM waveforms, ISHNE, BrainVision and GDF have in common. Read by ranges; nothing is in memory
// whole.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

enum class PackedForm : std::uint8_t { I8, U8, I16, U16, I24, I32, U32, F32, F64, Mulaw, Alaw };
[[nodiscard]] std::uint64_t bytes_of(PackedForm form);
// Of what a form can hold, as far as samples can.
struct PackedRange {
  std::int32_t low = 0;
  std::int32_t high = 0;
};
[[nodiscard]] PackedRange range_of(PackedForm form);

// Sample i of a channel lies at offset + (i / per_block) x stride + (i % per_block) x the form's
// bytes.
struct PackedTrack {
  PackedForm form = PackedForm::I16;
  std::endian order = std::endian::little;
  std::uint64_t offset = 0;
  std::uint64_t stride = 2;
  std::int64_t per_block = 1;
  std::int64_t stored_count = 0;
  std::int64_t lead_in = 0;  // missing samples before the first that is stored
  // Of floating-point forms: a sample is value x scale, rounded; what is no number or does not fit
  // is missing.
  double scale = 1.0;
};

// One track for each channel of `header`, whose counts and time line follow from them. A file that
// ends early gives missing samples there. Errors: as set_time_line; InvalidInput for another number
// of tracks than channels or one that goes beyond 63 bits.
[[nodiscard]] Result<std::unique_ptr<SampleSource>> packed_source(
    RecordHeader header, std::shared_ptr<const ByteSource> file, std::vector<PackedTrack> tracks);

}  // namespace consilium
