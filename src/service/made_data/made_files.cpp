#include "service/made_data/made_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/synthetic/ecg_source.hpp"
#include "format/dicom_write/uid.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_writer.hpp"

namespace consilium {
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
  const WfdbWriting writing{.record_name = name,
                            .format = WfdbFormat::F16,
                            .comments = {"SYNTHETIC: computed from a model"}};
  const WfdbHeader header = CSL_TRY(
      write_wfdb(*synthetic::ecg_source(model), writing, [&samples](ByteView piece) -> Status {
        samples.insert(samples.end(), piece.begin(), piece.end());
        return {};
      }));
  const MitAnnotations annotations =
      CSL_TRY(annotations_of(model.events(), model.header(), model.header().tick_rate));
  CSL_TRY(take({name + ".hea", to_bytes(write_wfdb_header(header))}));
  CSL_TRY(take({name + ".dat", std::move(samples)}));
  return take({name + ".atr", CSL_TRY(write_mit_annotations(annotations))});
}

}  // namespace

Status write_patient_files(const MadePatient& patient, const FileTaker& take) {
  CSL_TRY(write_images(patient, take));
  for (std::size_t i = 0; i < patient.notes.size(); ++i) {
    CSL_TRY(take(
        {fmt::format("{}/notes/{:02}.txt", patient.id, i + 1), to_bytes(patient.notes[i].text)}));
  }
  for (std::size_t i = 0; i < patient.recordings.size(); ++i) {
    CSL_TRY(write_recording(patient, i + 1, patient.recordings[i],
                            in_folder(patient.id + "/ecg", take)));
  }
  return {};
}

}  // namespace consilium
