// A recording of any kind that is read into EDF+, BDF+, WFDB, a table (CSV), BIDS events or FHIR
// SampledData. Nothing that identifies the patient goes along: no name, no number, no date.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace consilium::cli {

struct RecordingConversion {
  std::filesystem::path in;   // the recording, or its header
  std::filesystem::path out;  // its ending says the form: .edf, .bdf, .hea, .csv, .tsv, .json
  std::string to;  // "edf", "bdf", "wfdb", "csv", "bids_events", "sampled_data"; or empty
  // Labels that go along: a file (WFDB annotations, sleep labels of NSRR or Profusion, BIDS
  // events.tsv), or the ending of the one beside the record ("atr"). May be empty.
  std::string annotator;
};

struct RecordingConversionReport {
  std::string from;
  std::string to;
  std::size_t channel_count = 0;
  double duration_s = 0;
  std::size_t event_count = 0;
  std::vector<std::string> notes;  // what was mended or filled; no patient values
  std::vector<std::filesystem::path> files;
};

// Whether `in` is a recording and `to` or the ending of `out` a form of one.
[[nodiscard]] bool is_recording_conversion(const RecordingConversion& conversion);

// Written beside and put in place whole, or not at all; samples stream. Errors: those of reading;
// InvalidInput when a form cannot hold the samples or there is no such form.
[[nodiscard]] Result<RecordingConversionReport> convert_recording(
    const RecordingConversion& conversion);

}  // namespace consilium::cli
