// DICOM waveform objects (PS3.3 A.34 and C.10.9: 12-lead, general and ambulatory ECG, haemodynamic,
// electrophysiology, audio, EEG, EMG, EOG, respiration, polysomnography ...), read as a recording,
// and labels of a recording written into its object (C.10.10).
//
// Every multiplex group that was measured (ORIGINAL) lies on one time line, with its own rate and
// from its own time offset on. What was computed from others (DERIVED: a median beat) is no time of
// the patient's: it is left out with a note and opened by itself. Values are sensitivity x
// correction factor + baseline in the channel's unit; the padding value is a missing sample.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"
#include "format/dicom/dicom_file.hpp"

namespace consilium {

// Whether the SOP class is one of the waveform storage classes.
[[nodiscard]] bool is_waveform_class(std::string_view sop_class_uid);

// The annotations of the object (0040,B020) are the recording's events.
// Samples are read from `file` as they are asked for: only what stands around them is in memory.
// Errors: those of read_dicom; Unsupported when it holds no waveform, or a sample form that PS3.3
// does not define; Corrupt with the group where counts, rates or lengths do not fit; TooLarge for
// a deflated file past 96 MiB.
[[nodiscard]] Result<Recording> open_dicom_waveform(std::shared_ptr<const ByteSource> file);

struct WaveformGroup {
  std::string label{};  // "RHYTHM", "MEDIAN BEAT"
  bool is_derived = false;
  std::unique_ptr<SampleSource> samples{};
};
// Every group by itself, in the order of the file. Errors: as open_dicom_waveform.
[[nodiscard]] Result<std::vector<WaveformGroup>> open_waveform_groups(
    std::shared_ptr<const ByteSource> file);

// The object with `events` as its annotations in place of those that were there, as a new instance
// whose UID follows from the old one and the events. `record` is what open_dicom_waveform said.
// `file` is as it goes out: who gives it away has pseudonymised it before.
// Errors: InvalidInput for an event outside the record or on a channel that it does not have; those
// of write_part10. Cost: O(bytes).
[[nodiscard]] Result<Bytes> write_waveform_annotations(const DicomFile& file,
                                                       const RecordHeader& record,
                                                       const std::vector<SignalEvent>& events);

}  // namespace consilium
