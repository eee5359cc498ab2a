#include "format/recording_file/recording_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tests/data_path.hpp"

namespace consilium {
namespace {

Result<Recording> open_at(const std::filesystem::path& path) {
  const std::shared_ptr<const ByteSource> file = CSL_TRY(open_file_source(path));
  const Bytes head = CSL_TRY(
      read_bytes(*file, 0, std::min<std::uint64_t>(file->size(), record_head_bytes), 1U << 20U));
  const RecordKind kind = CSL_TRY(detect_record(head, file->size()));
  return open_recording_file(
      kind, file, path.filename().string(),
      [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
        return open_file_source(path.parent_path() / name);
      });
}

TEST_CASE("each kind is opened by its content") {
  struct Case {
    const char* file;
    std::size_t channels;
    std::size_t events_min;
  };
  for (const Case& known :
       {Case{"signals/edf/test_utf8.edf", 1, 3}, Case{"signals/mitdb/101.hea", 2, 0},
        Case{"signals/scp_ecg/Example.scp", 12, 0},
        Case{"signals/hl7_aecg/Example aECG.xml", 12, 3},
        Case{"signals/ge_muse_xml/example1.xml", 12, 8},
        Case{"signals/philips_sierra_xml/129DYPRG.XML", 12, 0},
        Case{"signals/brainvision/test.vhdr", 32, 13},
        Case{"imaging/dicom/pydicom/waveform_ecg.dcm", 12, 0}}) {
    CAPTURE(known.file);
    const auto path = test::data_path(known.file);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto recording = open_at(*path);
    REQUIRE(recording.has_value());
    CHECK(recording->samples->header().channels.size() == known.channels);
    CHECK(recording->events.size() >= known.events_min);
  }
}

// The same ECG was exported in both forms: what the packing of one loses is what rounding to its
// steps may take.
TEST_CASE("the twin ECG as SCP-ECG and as HL7 aECG is the same, lead by lead") {
  const auto scp_path = test::data_path("signals/scp_ecg/Example.scp");
  const auto xml_path = test::data_path("signals/hl7_aecg/Example aECG.xml");
  if (!scp_path || !xml_path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const auto scp = open_at(*scp_path);
  const auto xml = open_at(*xml_path);
  REQUIRE(scp.has_value());
  REQUIRE(xml.has_value());
  const auto& scp_channels = scp->samples->header().channels;
  const auto& xml_channels = xml->samples->header().channels;
  for (std::size_t c = 0; c < xml_channels.size(); ++c) {
    CAPTURE(xml_channels[c].name);
    const auto twin = std::ranges::find(scp_channels, xml_channels[c].name, &Channel::name);
    REQUIRE(twin != scp_channels.end());
    const auto a = *read_channel(*xml->samples, c);
    const auto b =
        *read_channel(*scp->samples, static_cast<std::size_t>(twin - scp_channels.begin()));
    REQUIRE(a.size() == b.size());
    double worst_uv = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      worst_uv = std::max(
          worst_uv, std::abs(physical_value(xml_channels[c], a[i]) - physical_value(*twin, b[i])));
    }
    CHECK(worst_uv <= 5.0);
  }
}

TEST_CASE("the store's names lead back to the kind") {
  for (const RecordKind kind : {RecordKind::WfdbHeader, RecordKind::Edf, RecordKind::DicomWaveform,
                                RecordKind::ScpEcg, RecordKind::BrainVision}) {
    CHECK(*kind_of_stored_name(stored_name(kind)) == kind);
  }
  CHECK(stored_name(RecordKind::Bdf) == "edf");
  CHECK_FALSE(kind_of_stored_name("nothing").has_value());
}

}  // namespace
}  // namespace consilium
