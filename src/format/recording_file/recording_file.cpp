#include "format/recording_file/recording_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "format/brainvision/brainvision.hpp"
#include "format/dicom_waveform/dicom_waveform.hpp"
#include "format/edf/edf.hpp"
#include "format/gdf/gdf.hpp"
#include "format/hl7_aecg/hl7_aecg.hpp"
#include "format/ishne/ishne.hpp"
#include "format/muse_xml/muse_xml.hpp"
#include "format/sample_csv/sample_csv.hpp"
#include "format/scp_ecg/scp_ecg.hpp"
#include "format/sierra_xml/sierra_xml.hpp"
#include "format/wfdb/wfdb_record.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t text_header_bytes_max = 1U << 20U;

struct StoredKind {
  RecordKind kind;
  std::string_view name;
};
// The first of a name is what it is opened as.
constexpr std::array stored_kinds{
    StoredKind{RecordKind::WfdbHeader, "wfdb"},  StoredKind{RecordKind::Edf, "edf"},
    StoredKind{RecordKind::Bdf, "edf"},          StoredKind{RecordKind::DicomWaveform, "dicom"},
    StoredKind{RecordKind::ScpEcg, "scp_ecg"},   StoredKind{RecordKind::Hl7Aecg, "hl7_aecg"},
    StoredKind{RecordKind::MuseXml, "muse_xml"}, StoredKind{RecordKind::SierraXml, "sierra_xml"},
    StoredKind{RecordKind::Ishne, "ishne"},      StoredKind{RecordKind::BrainVision, "brainvision"},
    StoredKind{RecordKind::Gdf, "gdf"},          StoredKind{RecordKind::SampleTable, "csv"}};

Result<Recording> open_edf_file(std::shared_ptr<const ByteSource> first) {
  auto record = CSL_TRY(open_edf(std::move(first)));
  std::vector<SignalEvent> events = events_of(*record);
  return Recording{.samples = std::move(record), .events = std::move(events)};
}

// Its annotations have the recording's name with another ending.
Result<Recording> open_ishne_file(std::shared_ptr<const ByteSource> first, std::string_view name,
                                  const ByteSourceResolver& beside) {
  Recording recording{.samples = CSL_TRY(open_ishne(std::move(first)))};
  const std::string stem(name.substr(0, name.find_last_of('.')));
  for (const std::string_view ending : {".ann", ".ANN"}) {
    const auto annotations = beside(stem + std::string(ending));
    if (!annotations) continue;
    auto read = read_ishne_annotations(**annotations, recording.samples->header());
    if (read) recording.events = std::move(read->events);
    break;
  }
  return recording;
}

}  // namespace

Result<Recording> open_recording_file(RecordKind kind, std::shared_ptr<const ByteSource> first,
                                      std::string_view name, const ByteSourceResolver& beside) {
  switch (kind) {
    case RecordKind::WfdbHeader: {
      const Bytes header = CSL_TRY(read_all(*first, wfdb_header_size_max));
      return Recording{.samples = CSL_TRY(open_wfdb(header, beside))};
    }
    case RecordKind::Edf:
    case RecordKind::Bdf:
      return open_edf_file(std::move(first));
    case RecordKind::DicomWaveform:
      return open_dicom_waveform(std::move(first));
    case RecordKind::ScpEcg:
      return open_scp(std::move(first));
    case RecordKind::Hl7Aecg:
      return open_aecg(std::move(first));
    case RecordKind::MuseXml:
      return open_muse(std::move(first));
    case RecordKind::SierraXml:
      return open_sierra(std::move(first));
    case RecordKind::Ishne:
      return open_ishne_file(std::move(first), name, beside);
    case RecordKind::BrainVision: {
      const Bytes header = CSL_TRY(read_all(*first, text_header_bytes_max));
      return open_brainvision(header, name, beside);
    }
    case RecordKind::SampleTable:
      return open_sample_csv(std::move(first));
    case RecordKind::Gdf:
      return open_gdf(std::move(first));
  }
  return fail(ErrorCode::Internal, "a kind of recording has no reader");
}

Result<std::vector<std::string>> files_beside(RecordKind kind, const ByteSource& first,
                                              std::string_view name) {
  if (kind == RecordKind::WfdbHeader) {
    return files_named_by(
        CSL_TRY(parse_wfdb_header(CSL_TRY(read_all(first, text_header_bytes_max)))));
  }
  if (kind == RecordKind::BrainVision) {
    return brainvision_files(CSL_TRY(read_all(first, text_header_bytes_max)), name);
  }
  return std::vector<std::string>{};
}

std::string_view stored_name(RecordKind kind) {
  return std::ranges::find(stored_kinds, kind, &StoredKind::kind)->name;
}

Result<RecordKind> kind_of_stored_name(std::string_view name) {
  const auto found = std::ranges::find(stored_kinds, name, &StoredKind::name);
  if (found != stored_kinds.end()) return found->kind;
  return fail(ErrorCode::NotFound, "there is no such kind of recording");
}

Result<Rate> annotation_rate(RecordKind kind, const ByteSource& first, const RecordHeader& header) {
  if (kind != RecordKind::WfdbHeader) return header.tick_rate;
  return CSL_TRY(parse_wfdb_header(CSL_TRY(read_all(first, wfdb_header_size_max)))).frame_rate;
}

}  // namespace consilium
