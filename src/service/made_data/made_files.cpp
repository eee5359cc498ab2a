#include "service/made_data/made_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "analysis/synthetic/ecg_source.hpp"
#include "format/dicom_write/uid.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_writer.hpp"

namespace consilium {
namespace json = boost::json;
namespace {

using synthetic::MadePatient;

DicomPatientStudy study_of(const MadePatient& patient, std::string_view kind) {
  const int age_years = std::stoi(patient.study_date.substr(0, 4)) - patient.birth_year;
  return {.patient_name = patient.family_name + "^" + patient.given_name,
          .patient_id = patient.id,
          .patient_birth_date = fmt::format("{:04}0701", patient.birth_year),
          .patient_sex = patient.is_female ? "F" : "M",
          .patient_age = fmt::format("{:03}Y", age_years),
          .patient_comments = "SYNTHETIC: no person",
          .study_instance_uid = uid_from_name(
              fmt::format("made study {} {} {}", patient.id, patient.study_date, kind)),
          .study_date = patient.study_date,
          .study_time = "101500",
          .study_id = "1",
          .study_description = fmt::format("Made {}", kind),
          .accession_number = patient.id,
          .deidentification_method = ""};
}

// The study's day and so many after it, as a ward's clock would write it.
CivilTime day_of(const MadePatient& patient, int days_later) {
  const std::string& date = patient.study_date;
  const std::chrono::year_month_day study{
      std::chrono::year(std::stoi(date.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(std::stoi(date.substr(4, 2)))),
      std::chrono::day(static_cast<unsigned>(std::stoi(date.substr(6, 2))))};
  const std::chrono::year_month_day day{std::chrono::sys_days(study) +
                                        std::chrono::days(days_later)};
  return {.year = static_cast<int>(day.year()),
          .month = static_cast<int>(static_cast<unsigned>(day.month())),
          .day = static_cast<int>(static_cast<unsigned>(day.day()))};
}

FileTaker in_folder(std::string folder, const FileTaker& take) {
  return [folder = std::move(folder), &take](NamedBytes file) {
    return take({folder + "/" + file.name, std::move(file.bytes)});
  };
}

Status write_images(const MadePatient& patient, const FileTaker& take) {
  if (patient.ct) {
    const synthetic::CtPhantom phantom(*patient.ct);
    const MadeImageSeries series = made_ct_series(phantom, study_of(patient, "chest CT"), 2);
    CSL_TRY(write_series(phantom, series, in_folder(patient.id + "/ct", take)));
  }
  if (patient.mr) {
    const synthetic::MrPhantom phantom(*patient.mr);
    const MadeImageSeries series =
        made_mr_series(phantom, *patient.mr, study_of(patient, "head MR"), 2);
    CSL_TRY(write_series(phantom, series, in_folder(patient.id + "/mr", take)));
  }
  return {};
}

Status write_recording(const MadePatient& patient, std::size_t number,
                       const synthetic::EcgOptions& options, const FileTaker& take) {
  const synthetic::EcgModel model = CSL_TRY(synthetic::EcgModel::make(options));
  std::string name = fmt::format("{}_{}", patient.id, number);
  std::erase(name, '-');  // a WFDB record's name has letters, digits and underscores
  Bytes samples;
  const RecordHeader& record = model.header();
  samples.reserve(record.channels.size() * static_cast<std::size_t>(record.length_ticks) * 2);
  const WfdbWriting writing{.record_name = name,
                            .format = WfdbFormat::F16,
                            .comments = {"SYNTHETIC: computed from a model"}};
  WfdbHeader header = CSL_TRY(
      write_wfdb(*synthetic::ecg_source(model), writing, [&samples](ByteView piece) -> Status {
        samples.insert(samples.end(), piece.begin(), piece.end());
        return {};
      }));
  // As a recorder writes it: one record a day, the first on the day of the images.
  CivilTime start = day_of(patient, static_cast<int>(number) - 1);
  start.hour = 9;
  header.base_time = start;
  const MitAnnotations annotations =
      CSL_TRY(annotations_of(model.events(), model.header(), model.header().tick_rate));
  CSL_TRY(take({name + ".hea", to_bytes(write_wfdb_header(header))}));
  CSL_TRY(take({name + ".dat", std::move(samples)}));
  return take({name + ".atr", CSL_TRY(write_mit_annotations(annotations))});
}

// A report on the day of the images, the ward's notes around it.
int days_after_images(synthetic::NoteKind kind) {
  switch (kind) {
    case synthetic::NoteKind::RadiologyReport:
      return 0;
    case synthetic::NoteKind::ProgressNote:
      return 1;
    case synthetic::NoteKind::DischargeSummary:
      return 5;
  }
  return 0;
}

std::string_view loinc_code_of(synthetic::NoteKind kind) {
  switch (kind) {
    case synthetic::NoteKind::RadiologyReport:
      return "18748-4";
    case synthetic::NoteKind::ProgressNote:
      return "11506-3";
    case synthetic::NoteKind::DischargeSummary:
      return "18842-5";
  }
  return "";
}

Status write_notes(const MadePatient& patient, const FileTaker& take) {
  std::string lines;
  for (std::size_t i = 0; i < patient.notes.size(); ++i) {
    const synthetic::MadeNote& note = patient.notes[i];
    const CivilTime day = day_of(patient, days_after_images(note.kind));
    lines += json::serialize(
        json::object{{"id", fmt::format("{}-{}", patient.id, i + 1)},
                     {"patient", patient.id},
                     {"date", fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day)},
                     {"kind", loinc_code_of(note.kind)},
                     {"text", note.text}});
    lines += '\n';
  }
  if (lines.empty()) return {};
  return take({patient.id + "/notes/notes.jsonl", to_bytes(lines)});
}

}  // namespace

Status write_patient_files(const MadePatient& patient, const FileTaker& take) {
  CSL_TRY(write_images(patient, take));
  CSL_TRY(write_notes(patient, take));
  for (std::size_t i = 0; i < patient.recordings.size(); ++i) {
    CSL_TRY(write_recording(patient, i + 1, patient.recordings[i],
                            in_folder(patient.id + "/ecg", take)));
  }
  return {};
}

}  // namespace consilium
