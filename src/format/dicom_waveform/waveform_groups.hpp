// The parts behind open_dicom_waveform, and what they share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"
#include "format/dicom/dicom_file.hpp"

namespace consilium::waveform {

inline constexpr DicomTag waveform_sequence = dicom_tag(0x54000100);
inline constexpr DicomTag waveform_data = dicom_tag(0x54001010);
inline constexpr DicomTag waveform_annotation_sequence = dicom_tag(0x0040B020);

// Where a group's samples lie in `Skimmed::samples`.
struct DataPlace {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct Skimmed {
  Bytes bytes{};     // the file, or what is left of it without the samples
  DicomFile file{};  // of `bytes`
  std::shared_ptr<const ByteSource> samples{};
  std::vector<DataPlace> places{};  // one for each item of the waveform sequence
};

// A file of up to 4 MiB as it is; of a larger one the samples stay where they are.
[[nodiscard]] Result<std::unique_ptr<Skimmed>> skim(std::shared_ptr<const ByteSource> file);

// A channel of the record by the numbers that annotations use: group and channel, from 1.
struct ChannelNumber {
  int group = 0;
  int channel = 0;
  Rate rate{};
  std::int64_t lead_in = 0;
  friend bool operator==(const ChannelNumber&, const ChannelNumber&) = default;
};

[[nodiscard]] std::vector<SignalEvent> events_in(const DicomDataset& dataset,
                                                 const RecordHeader& record,
                                                 const std::vector<ChannelNumber>& numbers,
                                                 std::vector<ReadNote>& notes);

struct GroupsRead {
  RecordHeader header{};
  std::vector<ChannelNumber> numbers{};
};
// The record's header as open_dicom_waveform gives it, and its channels' numbers.
[[nodiscard]] Result<GroupsRead> read_record_header(const DicomDataset& dataset,
                                                    const std::vector<DataPlace>& places);

}  // namespace consilium::waveform
