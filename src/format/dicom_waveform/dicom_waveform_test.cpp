#include "format/dicom_waveform/dicom_waveform.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/byte_writer.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/part10.hpp"
#include "tests/damaged.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

struct MadeGroup {
  std::string rate = "500";
  std::string offset_ms{};
  std::string originality = "ORIGINAL";
  int bits = 16;
  std::string form = "SS";
  std::vector<std::int16_t> frames{};  // interleaved
  int channels = 1;
  std::vector<std::int64_t> padding{};
};

DicomDataset code(std::string_view value, std::string_view system, std::string_view meaning) {
  DicomDataset item;
  item.put_text(dicom_tag(0x00080100), Vr::Sh, value);
  item.put_text(dicom_tag(0x00080102), Vr::Sh, system);
  item.put_text(dicom_tag(0x00080104), Vr::Lo, meaning);
  return item;
}

DicomDataset group_item(const MadeGroup& group) {
  DicomDataset item;
  if (!group.offset_ms.empty()) item.put_text(dicom_tag(0x00181068), Vr::Ds, group.offset_ms);
  item.put_text(dicom_tag(0x003A0004), Vr::Cs, group.originality);
  item.put_integers(dicom_tag(0x003A0005), Vr::Us, std::vector<std::int64_t>{group.channels});
  const std::int64_t samples = std::ssize(group.frames) / group.channels;
  item.put_integers(dicom_tag(0x003A0010), Vr::Ul, std::vector<std::int64_t>{samples});
  item.put_text(dicom_tag(0x003A001A), Vr::Ds, group.rate);
  std::vector<DicomDataset> definitions;
  for (int c = 0; c < group.channels; ++c) {
    DicomDataset definition;
    definition.put_items(dicom_tag(0x003A0208), {code(c == 0 ? "2:1" : "5.6.3-9-62",
                                                      c == 0 ? "MDC" : "SCPECG", "a lead")});
    definition.put_text(dicom_tag(0x003A0210), Vr::Ds, "2.5");
    definition.put_items(dicom_tag(0x003A0211), {code("uV", "UCUM", "microvolt")});
    definition.put_text(dicom_tag(0x003A0212), Vr::Ds, "2");
    definition.put_text(dicom_tag(0x003A0213), Vr::Ds, "10");
    definitions.push_back(std::move(definition));
  }
  item.put_items(dicom_tag(0x003A0200), std::move(definitions));
  item.put_integers(dicom_tag(0x54001004), Vr::Us, std::vector<std::int64_t>{group.bits});
  item.put_text(dicom_tag(0x54001006), Vr::Cs, group.form);
  if (!group.padding.empty()) {
    item.put_integers(dicom_tag(0x5400100A), Vr::Ss, group.padding);
  }
  Bytes data;
  for (const std::int16_t sample : group.frames) put_number(data, sample);
  item.put(
      {.tag = dicom_tag(0x54001010), .vr = Vr::Ow, .value = DicomValue::owning(data), .items = {}});
  return item;
}

DicomDataset made(const std::vector<MadeGroup>& groups) {
  DicomDataset dataset;
  dataset.put_text(tags::sop_class_uid, Vr::Ui, "1.2.840.10008.5.1.4.1.1.9.1.2");
  dataset.put_text(tags::sop_instance_uid, Vr::Ui, "1.2.3.4");
  dataset.put_text(dicom_tag(0x00100020), Vr::Lo, "made-1");
  std::vector<DicomDataset> items;
  for (const MadeGroup& group : groups) items.push_back(group_item(group));
  dataset.put_items(dicom_tag(0x54000100), std::move(items));
  return dataset;
}

Result<Recording> open_made(const std::vector<MadeGroup>& groups) {
  return open_dicom_waveform(memory_source(write_part10(made(groups)).value()));
}

TEST_CASE("values are sensitivity x correction + baseline, padding is missing") {
  const auto recording =
      open_made({{.frames = {0, 4, -2, -32768, 100, 8}, .channels = 2, .padding = {-32768}}});
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 2);
  CHECK(header.channels[0].name == "I");
  CHECK(header.channels[1].name == "aVR");
  CHECK(header.channels[0].unit == "uV");
  const auto value = [&](std::size_t c, std::size_t i) {
    return physical_value(header.channels[c], (*read_channel(*recording->samples, c))[i]);
  };
  CHECK(value(0, 0) == doctest::Approx(10));
  CHECK(value(0, 1) == doctest::Approx(0));
  CHECK(value(0, 2) == doctest::Approx(510));
  CHECK(value(1, 0) == doctest::Approx(30));
  CHECK(std::isnan(value(1, 1)));
  CHECK(header.identity.reveal(AuditedAccess::event_recorded()).patient_id == "made-1");
}

TEST_CASE("groups of their own rate and offset lie on one time line, derived ones do not") {
  const auto recording = open_made({{.rate = "500", .frames = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
                                    {.rate = "125", .offset_ms = "8", .frames = {11, 12}},
                                    {.originality = "DERIVED", .frames = {99, 98}}});
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 2);
  CHECK(header.tick_rate == *Rate::of(500, 1));
  CHECK(header.length_ticks == 12);
  CHECK(*read_channel(*recording->samples, 1) ==
        std::vector<std::int32_t>{missing_sample_default, 11, 12});
  CHECK(header.notes.size() == 1);
}

TEST_CASE("labels go into the object and come back, on their channels and samples") {
  const std::vector<MadeGroup> groups{{.rate = "500", .frames = {1, 2, 3, 4, 5, 6}, .channels = 2},
                                      {.rate = "250", .frames = {7, 8}}};
  const Bytes bytes = write_part10(made(groups)).value();
  const auto recording = open_dicom_waveform(memory_source(bytes));
  REQUIRE(recording.has_value());
  const std::vector<SignalEvent> events{
      {.at = Tick{1}, .code = MitCode::VentricularPremature},
      {.at = Tick{2}, .duration_ticks = 2, .channels = {2}, .text = "Artefakt \xC3\xBC"},
      {.at = Tick{2}, .channels = {1}, .text = "note"}};
  const auto file = read_dicom(bytes);
  REQUIRE(file.has_value());
  const auto written = write_waveform_annotations(*file, recording->samples->header(), events);
  REQUIRE(written.has_value());
  const auto again = open_dicom_waveform(memory_source(*written));
  REQUIRE(again.has_value());
  CHECK(again->events == events);
  CHECK(*read_channel(*again->samples, 0) == *read_channel(*recording->samples, 0));
  const auto new_file = read_dicom(*written);
  CHECK(new_file->dataset.ascii(tags::sop_instance_uid) != "1.2.3.4");
  CHECK(*write_waveform_annotations(*file, recording->samples->header(), events) == *written);
  CHECK_FALSE(write_waveform_annotations(*file, recording->samples->header(), {{.at = Tick{50}}})
                  .has_value());
}

TEST_CASE("a large object is read without its samples in memory, as a small one is") {
  MadeGroup group{.channels = 3};
  for (int i = 0; i < 3 * 800'000; ++i) group.frames.push_back(static_cast<std::int16_t>(i * 7));
  const DicomDataset dataset = made({group});
  for (const DicomEncoding encoding :
       {DicomEncoding::ExplicitLittleEndian, DicomEncoding::ImplicitLittleEndian}) {
    const Bytes bytes = write_part10(dataset, encoding).value();
    REQUIRE(bytes.size() > (4U << 20U));
    const auto recording = open_dicom_waveform(memory_source(bytes));
    if (!recording) FAIL(to_line(recording.error()));
    REQUIRE(recording->samples->header().channels.size() == 3);
    CHECK(recording->samples->header().channels[1].sample_count == 800'000);
    std::int32_t three[3];
    REQUIRE(recording->samples->read(1, SampleIndex{700'000}, three).has_value());
    CHECK(three[0] == group.frames[2'100'001]);
    CHECK(three[2] == group.frames[2'100'007]);
    Bytes cut(bytes.begin(), bytes.begin() + (4 << 20) + 100);
    CHECK_FALSE(open_dicom_waveform(memory_source(cut)).has_value());
  }
}

TEST_CASE("a 12-lead ECG of a real recorder") {
  const auto path = test::data_path("imaging/dicom/pydicom/waveform_ecg.dcm");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const std::shared_ptr<const ByteSource> file = *open_file_source(*path);
  const auto recording = open_dicom_waveform(file);
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 12);
  CHECK(header.channels[0].name == "I");
  CHECK(header.channels[5].name == "aVF");
  CHECK(header.channels[11].name == "V6");
  CHECK(header.channels[0].unit == "uV");
  CHECK(header.length_ticks == 10'000);
  // The first and last frame as they stand in the file.
  const std::int32_t first[] = {80, 90, 10, -85, 35, 50, 40, 15, -10, -20, -55, -40};
  const std::int32_t last[] = {20, 110, 90, -65, -35, 100, 20, -10, -90, -110, -120, -90};
  for (std::size_t c = 0; c < 12; ++c) {
    const auto samples = *read_channel(*recording->samples, c);
    CHECK(samples.front() == first[c]);
    CHECK(samples.back() == last[c]);
  }
  const auto groups = open_waveform_groups(file);
  REQUIRE(groups.has_value());
  REQUIRE(groups->size() == 2);
  CHECK((*groups)[1].is_derived);
  CHECK((*groups)[1].samples->header().length_ticks == 1200);
  CHECK((*read_channel(*(*groups)[1].samples, 11)).back() == 20);
}

TEST_CASE("an object cut or flipped anywhere gives an error or a record, never a crash") {
  const Bytes whole =
      write_part10(made({{.frames = {1, 2, 3, 4, 5, 6}, .channels = 2, .padding = {7}}})).value();
  test::check_damaged(whole, open_dicom_waveform);
}

}  // namespace
}  // namespace consilium
