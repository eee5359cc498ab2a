#include "format/signal_kind/signal_kind.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/byte_source.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

Result<RecordKind> detect_at(const std::filesystem::path& path) {
  const auto file = *open_file_source(path);
  const auto head =
      read_bytes(*file, 0, std::min<std::uint64_t>(file->size(), record_head_bytes), 1U << 20U);
  return detect_record(*head, file->size());
}

TEST_CASE("recordings are known by their content, and what is not read is named") {
  struct Case {
    std::string file;
    std::optional<RecordKind> kind;
    std::string reason{};
  };
  for (const Case& known :
       {Case{"signals/edf/test.edf", RecordKind::Edf},
        Case{"signals/edf/test.bdf", RecordKind::Bdf},
        Case{"signals/mitdb/101.hea", RecordKind::WfdbHeader},
        Case{"signals/wfdb/100-no-len.hea", RecordKind::WfdbHeader},
        Case{"signals/wfdb/multi-segment/v102s.hea", RecordKind::WfdbHeader},
        Case{"signals/nsr2db/nsr004.hea", RecordKind::WfdbHeader},
        Case{"signals/scp_ecg/Example.scp", RecordKind::ScpEcg},
        Case{"signals/scp_ecg/test.scp", RecordKind::ScpEcg},
        Case{"signals/hl7_aecg/Example aECG.xml", RecordKind::Hl7Aecg},
        Case{"signals/ge_muse_xml/example1.xml", RecordKind::MuseXml},
        Case{"signals/philips_sierra_xml/129DYPRG.XML", RecordKind::SierraXml},
        Case{"signals/philips_sierra_xml/3191723_ZZDEMOPTONLY_1-04_orig.xml",
             RecordKind::SierraXml},
        Case{"signals/brainvision/test.vhdr", RecordKind::BrainVision},
        Case{"signals/brainvision/test.vmrk", {}, "markers"},
        Case{"imaging/dicom/pydicom/waveform_ecg.dcm", RecordKind::DicomWaveform},
        Case{"imaging/dicom/pydicom/CT_small.dcm", {}, "images"},
        Case{"signals/nstdb_csv/118e00.csv", RecordKind::SampleTable},
        Case{"signals/mitdb/101.atr", {}, "no recording"},
        Case{"signals/mitdb/101.dat", {}, "no recording"}}) {
    CAPTURE(known.file);
    const auto path = test::data_path(known.file);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto kind = detect_at(*path);
    CHECK(kind.has_value() == known.kind.has_value());
    if (kind && known.kind) CHECK(*kind == *known.kind);
    if (!kind) {
      CAPTURE(kind.error().what);
      CHECK(kind.error().code == ErrorCode::Unsupported);
      CHECK(kind.error().what.find(known.reason) != std::string::npos);
    }
  }
}

TEST_CASE("nothing at all is no recording") {
  CHECK_FALSE(detect_record({}, 0).has_value());
  CHECK_FALSE(detect_record(bytes_of("0       "), 8).has_value());
}

}  // namespace
}  // namespace consilium
