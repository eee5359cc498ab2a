// Exports: labels out, in the formats that training code reads, with codes, rater, protocol version
// and provenance. Always de-identified: the pseudonym stands for the patient, UIDs are mapped by a
// keyed hash to "2.25." UIDs (the same in every export), dates are the shifted ones.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"

namespace consilium::service {

class JobQueue;

enum class ExportFormat {
  DicomSeg,
  DicomSegLabelMap,
  DicomSegFractional,
  RtStruct,
  DicomSr,
  Gsps,
  Nifti,
  Nrrd,
  LabelImages,
  Coco,
  Yolo,
  Voc,
  ShapesCsv,
  LabelsCsv,
  LabelsJsonl,
  Brat,
  SpansJsonl,
  Wfdb,
  Edf,
  SignalCsv,
  // Labels of notes in the forms of format/labelled_files, by the same names.
  Conll,
  ConllIob1,
  ConllBilou,
  ConllIobes,
  Conll2002,
  Pubtator,
  BiocXml,
  BiocJson,
  Pubannotation,
  Doccano,
  Prodigy,
  SpacyJsonl,
  LabelStudio,
  WebannoTsv,
  UimaXmi,
  UimaJson,
  Fhir,
  OmopNoteNlp,
};
[[nodiscard]] std::string_view name_of(ExportFormat format);  // "dicom_seg"
// Hyphens count as underscores.
[[nodiscard]] std::optional<ExportFormat> export_format_named(std::string_view name);

struct ExportRequest {
  ExportFormat format = ExportFormat::LabelsCsv;
  bool with_drafts = false;      // submitted labels only, or drafts too
  std::vector<ItemId> item_ids;  // empty: all of the project
};

struct ExportReport {
  std::int64_t items = 0;
  std::int64_t annotations = 0;
  std::uint64_t size_bytes = 0;
  // What was left out, and why: "not a mask" 12, "nothing drawn" 1.
  std::vector<std::pair<std::string, std::int64_t>> excluded;
};

class Exports {
 public:
  // Finished archives lie under `export_folder`.
  Exports(storage::Store& store, JobQueue& jobs, std::filesystem::path export_folder,
          const Clock& clock, Random& random)
      : store_(store),
        jobs_(jobs),
        folder_(std::move(export_folder)),
        clock_(clock),
        random_(random) {}

  // Starts the job; the same id and request again is the same answer. Errors: Conflict when the id
  // was used for another request.
  [[nodiscard]] Result<boost::json::object> put(const Access& access, const ProjectId& project,
                                                const ExportId& id, const ExportRequest& request);
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project,
                                                 const ExportId& id) const;
  [[nodiscard]] Result<boost::json::object> list(const Access& access,
                                                 const ProjectId& project) const;
  // The archive; the download is an event before the first byte.
  struct Download {
    std::string file_name;
    std::unique_ptr<ByteSource> bytes;
  };
  [[nodiscard]] Result<Download> download(const Access& access, const ProjectId& project,
                                          const ExportId& id);
  // Exports that a stop interrupted, as jobs again. Call once at the start of the server.
  [[nodiscard]] Status resume_all();
  // The same export as a job would make, at once and into a file or folder of the caller's: for the
  // command line. A folder (existing, or with a trailing slash) gets the files, else a ZIP archive.
  [[nodiscard]] Result<ExportReport> write_to(const Access& access, const ProjectId& project,
                                              const ExportRequest& request,
                                              const std::filesystem::path& out);

 private:
  storage::Store& store_;
  JobQueue& jobs_;
  std::filesystem::path folder_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace consilium::service
