// A recording opened from the command line, and its leads of ECG.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/ecg_leads/ecg_leads.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/sample_source.hpp"
#include "format/wfdb/wfdb_annotations.hpp"

namespace consilium::cli {

struct EcgRecord {
  std::unique_ptr<SampleSource> samples;
  Rate frame_rate;                 // in which annotations count
  std::filesystem::path stem;      // the record's path without an ending
  std::vector<std::size_t> leads;  // chosen channels; all of one rate and length

  [[nodiscard]] const RecordHeader& header() const { return samples->header(); }
  [[nodiscard]] const Channel& channel() const { return header().channels[leads.front()]; }
  [[nodiscard]] double hours() const;
  [[nodiscard]] EcgLeads ecg() const { return {.samples = samples.get(), .channels = leads}; }
  // Samples [first, first + count) of each chosen lead, in mV; NaN where nothing was measured.
  [[nodiscard]] Result<std::vector<std::vector<float>>> read(std::int64_t first,
                                                             std::int64_t count) const {
    return ecg().read(first, count);
  }
};

// `path`: a WFDB header, with or without .hea, or a recording of another kind. `channel`: the lead
// wanted; without one all channels in a unit of voltage that have the rate of the first (else
// channel 0). Errors: those of reading; InvalidInput when there is no such channel.
[[nodiscard]] Result<EcgRecord> open_ecg(const std::filesystem::path& path,
                                         std::optional<std::size_t> channel);

// The annotation file `stem`.`annotator` in `out`, or beside the record when that is empty; whole
// or not at all. Errors: InvalidInput for a name that is no file ending, or that of a signal file.
[[nodiscard]] Status check_annotator(const std::string& name);
[[nodiscard]] Status write_annotations(const EcgRecord& record,
                                       const std::vector<SignalEvent>& events,
                                       const std::filesystem::path& out,
                                       const std::string& annotator);
[[nodiscard]] Status write_whole(const std::filesystem::path& path, ByteView bytes);

// The record's annotation file of this ending, as events. Errors: those of reading it.
[[nodiscard]] Result<std::vector<SignalEvent>> read_annotations(const EcgRecord& record,
                                                                const std::string& annotator);

}  // namespace consilium::cli
