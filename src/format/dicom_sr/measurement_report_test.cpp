#include "format/dicom_sr/measurement_report.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "tests/data_path.hpp"

using namespace consilium;

namespace {

const CodedConcept millimetre{"UCUM", "mm", "", "mm"};
const CodedConcept nodule{"SCT", "27925004", "", "Nodule"};

MeasurementReport sample() {
  MeasurementReport report;
  report.patient_study.study_instance_uid = "1.2.3.8";
  report.sop_instance_uid = "1.2.3.4";
  report.series_instance_uid = "1.2.3.5";
  report.content_creator = "R-7";
  report.device_serial_number = "1";
  const ImageReference image{"1.2.840.10008.5.1.4.1.1.2", "1.2.3.1", 0};
  const ImageReference seg{"1.2.840.10008.5.1.4.1.1.66.4", "1.2.3.6", 0};
  report.evidence = {{"1.2.3.9", {image}}, {"1.2.3.10", {seg}}};
  const SrRegion line{image, SrGraphic::Polyline, {{1, 2}, {11.25, 2}}};
  report.groups.push_back(
      {.tracking_id = "lesion 1",
       .tracking_uid = "2.25.1",
       .category = CodedConcept{"SCT", "49755003", "", "Abnormal"},
       .finding = nodule,
       .site = CodedConcept{"SCT", "39607008", "", "Lung"},
       .place = SrRegion{image, SrGraphic::Ellipse, {{0, 5}, {10, 5}, {5, 3}, {5, 7}}},
       .measurements = {{{"SCT", "42798000", "", "Area"},
                         31.5,
                         {"UCUM", "mm2", "", "square millimeter"}}},
       .evaluations = {{{"RADLEX", "RID34317", "", "Spiculation"},
                        CodedConcept{"SCT", "373066001", "", "Yes"}}}});
  report.groups.push_back(
      {.tracking_id = "lesion 2",
       .tracking_uid = "2.25.2",
       .finding = nodule,
       .place = SrSegmentReference{seg.sop_class_uid, seg.sop_instance_uid, 3, "1.2.3.9"},
       .measurements = {{{"DCM", "112031", "", "Attenuation Coefficient"},
                         -20.5,
                         {"UCUM", "[hnsf'U]", "", "Hounsfield unit"},
                         CodedConcept{"SCT", "373098007", "", "Mean"}}}});
  report.groups.push_back(
      {.tracking_id = "lesion 3",
       .tracking_uid = "2.25.3",
       .finding = nodule,
       .place = SrWholeImages{{image}},
       .measurements = {
           {{"SCT", "103339001", "", "Long Axis"}, 10.25, millimetre, std::nullopt, line}}});
  const std::string frame = "1.2.3.77";
  const std::vector<PatientPoint> ends{{1.5, -2, 3}, {4.25, 8, -6.5}};
  report.groups.push_back(
      {.tracking_id = "lesion 4",
       .tracking_uid = "2.25.4",
       .finding = nodule,
       .place = SrSpaceRegion{frame,
                              SrSpaceGraphic::Polygon,
                              {{0, 0, 0.5}, {4, 0, 0.5}, {4, 3, 0.5}, {0, 0, 0.5}}},
       .measurements = {
           {.name = {"SCT", "410668003", "", "Length"},
            .value = 14.0,
            .unit = millimetre,
            .inferred_from_space = SrSpaceRegion{frame, SrSpaceGraphic::Polyline, ends}}}});
  const SrSpaceRegion round{
      frame, SrSpaceGraphic::Ellipse, {{0, -2, 1}, {0, 2, 1}, {-1, 0, 1}, {1, 0, 1}}};
  SrSpaceRegion over = round;
  for (PatientPoint& point : over.points) point.z_mm += 5;
  report.groups.push_back({.tracking_id = "lesion 5",
                           .tracking_uid = "2.25.5",
                           .finding = nodule,
                           .place = SrVolumeSurface{{round, over}, "1.2.3.9"}});
  report.evaluations.push_back(
      {{"99CONSILIUM", "a-question-with-a-long-id", "", "Image quality"}, std::string("good")});
  return report;
}

Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return to_bytes(text);
}

}  // namespace

TEST_CASE("a report comes back with every group, measurement and answer") {
  MeasurementReport wanted = sample();
  const Bytes bytes = write_measurement_report(wanted).value();
  const ReadMeasurementReport read = read_measurement_report(read_dicom(bytes).value()).value();
  CHECK(read.groups == wanted.groups);
  CHECK(read.evaluations == wanted.evaluations);
  CHECK(read.person.starts_with("R-7"));
  CHECK_FALSE(read.device.has_value());
  CHECK(read.source_instance_uids == std::vector<std::string>{"1.2.3.1", "1.2.3.6"});
  CHECK(read.notes.empty());
  wanted.device = SrDevice{"2.25.9", "lung nodule finder 2.1", "Acme", "LNF"};
  const Bytes by_device = write_measurement_report(wanted).value();
  const auto again = read_measurement_report(read_dicom(by_device).value()).value();
  CHECK(again.device == wanted.device);
  CHECK(again.person.empty());
}

TEST_CASE("what would make an invalid report is refused") {
  const auto refused = [](const MeasurementReport& report) {
    const auto result = write_measurement_report(report);
    return !result.has_value() && result.error().code == ErrorCode::InvalidInput;
  };
  MeasurementReport empty = sample();
  empty.groups.clear();
  empty.evaluations.clear();
  CHECK(refused(empty));
  MeasurementReport unseen = sample();
  unseen.evidence.clear();
  CHECK(refused(unseen));
  MeasurementReport nameless = sample();
  nameless.groups[0].finding->display.clear();
  CHECK(refused(nameless));
  MeasurementReport pointless = sample();
  std::get<SrRegion>(pointless.groups[0].place).points.pop_back();
  CHECK(refused(pointless));
  MeasurementReport open = sample();
  std::get<SrSpaceRegion>(open.groups[3].place).points.back().x_mm += 1;
  CHECK(refused(open));
  MeasurementReport nowhere = sample();
  std::get<SrSpaceRegion>(nowhere.groups[3].place).frame_of_reference_uid.clear();
  CHECK(refused(nowhere));
  MeasurementReport lone = sample();
  std::get<SrVolumeSurface>(lone.groups[4].place).parts.pop_back();
  CHECK(refused(lone));
}

TEST_CASE("reports of others are read, other documents are refused") {
  const auto report = test::data_path("imaging/dicom/highdicom/sr_document.dcm");
  const auto other = test::data_path("imaging/dicom/pydicom/reportsi.dcm");
  if (!report || !other) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Bytes other_bytes = file_bytes(*other);
  CHECK(read_measurement_report(read_dicom(other_bytes).value()).error().code ==
        ErrorCode::Unsupported);
  const Bytes bytes = file_bytes(*report);
  const DicomFile file = read_dicom(bytes).value();
  const auto read = read_measurement_report(file);
  REQUIRE(read.has_value());
  CHECK_FALSE(read->groups.empty());
}
