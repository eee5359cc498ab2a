// What an export is made of: items with the annotations that are to go out, and where files go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/label/stored_annotation.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/release/exports.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"

namespace consilium {
struct LabelledFormat;
}

namespace consilium::service {

// Why formats of drawings on images leave out what is drawn in the patient.
inline constexpr std::string_view drawn_in_space =
    "drawn in the patient and not on one image, which this format has no place for";

struct ExportedAnnotation {
  StoredAnnotation stored;
  std::string surface;       // of spans
  bool adjudicated = false;  // an adjudicator's word, not a reading
  PatientId patient;
  std::shared_ptr<const KnownProtocol> protocol;
};

struct ExportCase {
  storage::ItemRow item;
  std::vector<ExportedAnnotation> annotations;

  // Their raters, each once.
  [[nodiscard]] std::vector<RaterRef> raters() const;
  [[nodiscard]] std::vector<ExportedAnnotation> of_rater(const RaterId& rater) const;
};

// Takes one finished file of the archive.
using FileSink = std::function<Status(const std::string& name, ByteView bytes)>;

// What a format's writer works with; it counts what it leaves out.
class ExportWork {
 public:
  ExportWork(storage::Store& in, const storage::Reader& from, FileSink to, Timestamp at)
      : store(in), reader(from), sink(std::move(to)), now(at), edition(to_rfc3339(at)) {}

  void exclude(const std::string& reason, std::int64_t count = 1) { excluded_[reason] += count; }
  [[nodiscard]] const std::map<std::string, std::int64_t>& excluded() const { return excluded_; }
  // The same UID always becomes the same other one; nobody without the store's key can map it.
  [[nodiscard]] std::string mapped_uid(const std::string& uid) const;
  // "R-1f2e3d4c": tells raters apart without their names.
  [[nodiscard]] std::string rater_pseudonym(const RaterId& rater) const;
  // "R-1f2e3d4c/", or "adjudicated/R-1f2e3d4c/" for what one adjudicated: where the files of one
  // rater's labels of an item go. Nobody both reads and adjudicates an item.
  [[nodiscard]] std::string folder_of(const std::vector<ExportedAnnotation>& own) const;
  // "P-0042_0017": pseudonym and item number; the name of what is exported of an item.
  [[nodiscard]] static std::string name_of_item(const storage::ItemRow& item);
  // DICOM's Tracking Identifier and UID. A lesion that has a number keeps both over the patient's
  // studies, and its mask and its axes share them.
  struct Tracking {
    std::string id;
    std::string uid;
  };
  [[nodiscard]] Tracking tracking_of(const ExportedAnnotation& annotation) const;

  storage::Store& store;
  const storage::Reader& reader;
  FileSink sink;
  Timestamp now;
  // Tells the instances of this writing from those of another: part of what their UIDs are made of.
  std::string edition;
  std::int64_t annotation_count = 0;  // that went out

 private:
  std::map<std::string, std::int64_t> excluded_;
};

[[nodiscard]] Result<ExportedAnnotation> exported_annotation(const storage::Reader& reader,
                                                             ProtocolCache& protocols,
                                                             const storage::AnnotationRow& row);
[[nodiscard]] Result<std::vector<ExportCase>> gather_cases(const storage::Reader& reader,
                                                           const ProjectId& project,
                                                           const ExportRequest& request);

// One writer for each family of formats.
[[nodiscard]] Status export_tables(ExportWork& work, const std::vector<ExportCase>& cases,
                                   ExportFormat format);
[[nodiscard]] Status export_brat(ExportWork& work, const std::vector<ExportCase>& cases);
// Labels of notes in a form of format/labelled_files. What the form cannot say is split (overlaps)
// or left out, and counted by kind.
[[nodiscard]] Status export_texts(ExportWork& work, const std::vector<ExportCase>& cases,
                                  const LabelledFormat& format);
[[nodiscard]] Status export_masks(ExportWork& work, const std::vector<ExportCase>& cases,
                                  ExportFormat format);
// One PNG of label numbers for each image, and labels.json.
[[nodiscard]] Status export_label_images(ExportWork& work, const std::vector<ExportCase>& cases);
// The share of raters that marked each voxel, as one FRACTIONAL segmentation a grid.
[[nodiscard]] Status export_fractions(ExportWork& work, const std::vector<ExportCase>& cases);
[[nodiscard]] Status export_coco(ExportWork& work, const std::vector<ExportCase>& cases,
                                 ExportFormat format);
// Measurement reports, and presentation states.
[[nodiscard]] Status export_reports(ExportWork& work, const std::vector<ExportCase>& cases);
[[nodiscard]] Status export_drawings(ExportWork& work, const std::vector<ExportCase>& cases);
[[nodiscard]] Status export_signals(ExportWork& work, const std::vector<ExportCase>& cases,
                                    ExportFormat format);

}  // namespace consilium::service
