// ISHNE Holter recordings (.ecg) and their annotations (.ann). Source: F. Badilini, "The ISHNE
// Holter Standard Output File Format", Ann. Noninvasive Electrocardiol. 3 (1998) 263-266.
//
// 16-bit samples of up to twelve leads, interleaved, each lead with its own resolution. Samples are
// read as they are asked for. A wrong checksum is told in a note.
#pragma once

#include <memory>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// Errors: Unsupported without the mark "ISHNE1.0"; Corrupt with the byte where a count, rate or
// resolution is impossible.
[[nodiscard]] Result<std::unique_ptr<SampleSource>> open_ishne(
    std::shared_ptr<const ByteSource> file);

struct IshneAnnotations {
  std::vector<SignalEvent> events{};  // on the record's ticks
  std::vector<ReadNote> notes{};
};
// The beats of an annotation file ("ANN  1.0") on a record's time line. Beats past the record's end
// are kept, which a note says. Errors: as open_ishne; TooLarge past 64 MiB.
[[nodiscard]] Result<IshneAnnotations> read_ishne_annotations(const ByteSource& file,
                                                              const RecordHeader& record);

}  // namespace consilium
