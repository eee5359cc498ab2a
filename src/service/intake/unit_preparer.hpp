// Makes what a unit of an import (import_plan.hpp) brings ready for the writer: reads its files,
// hashes, decodes and seals them, or tells that they hold labels, whose turn comes when all images
// are in. Used by an import's workers, several units at a time.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/guarded.hpp"
#include "service/intake/file_bytes.hpp"
#include "service/intake/import_plan.hpp"
#include "service/intake/label_intake.hpp"
#include "service/intake/prepared.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

struct UnitEnd {
  bool waits_for_images = false;  // labels
  std::optional<Error> refusal;   // of some of the file's rows
  std::string finished_content;   // recorded, so that the file is known next time
};

class UnitPreparer {
 public:
  // What is done in the writer for content that the store has already.
  using Adopt = std::function<Result<Committed>(storage::Transaction&, const storage::ContentOwner&,
                                                const std::string& content)>;

  // `patient_folder`: which part of a file's name stands for the patient, from 1; 0 for none.
  UnitPreparer(const IntakeTools& tools, std::span<const ImportFile> files,
               std::size_t patient_folder, Adopt adopt)
      : tools_(tools), files_(files), patient_folder_(patient_folder), adopt_(std::move(adopt)) {}

  // Errors: of the whole unit, in words for its file.
  [[nodiscard]] Result<UnitEnd> prepare(const ImportUnit& unit, const PreparedSink& sink);

  // A file with what lies beside it, for the readers of labels; with the names alone when it is
  // only to be told whether it holds labels.
  [[nodiscard]] Result<LabelFile> label_file(const ImportUnit& unit, const FileBytes& file,
                                             bool is_whole) const;
  // The UID of the image in the file of that name, where that is a DICOM file of this import. For
  // one thread.
  [[nodiscard]] std::optional<std::string> image_named(std::string_view name);
  // Of the import's own label-map.txt.
  [[nodiscard]] LabelMap label_names() const;

 private:
  Status prepare_kind(const ImportUnit& unit, UnitEnd& end, const PreparedSink& sink);
  Result<bool> is_known(const std::string& content, const PreparedSink& sink) const;
  std::string patient_of(const ImportUnit& unit) const;
  Status prepare_dicom(const ImportUnit& unit, UnitEnd& end, const PreparedSink& sink) const;
  Status prepare_photo_file(const ImportUnit& unit, const PreparedSink& sink) const;
  Status take_label_map(const ImportUnit& unit, const PreparedSink& sink);
  Status prepare_volume_file(const ImportUnit& unit, UnitEnd& end, const PreparedSink& sink) const;
  Status prepare_signal(const ImportUnit& unit, const PreparedSink& sink) const;
  Status prepare_labelled_text(const ImportUnit& unit, UnitEnd& end,
                               const PreparedSink& sink) const;
  Status prepare_text(const ImportUnit& unit, UnitEnd& end, const PreparedSink& sink) const;

  const IntakeTools& tools_;
  std::span<const ImportFile> files_;
  std::size_t patient_folder_;
  Adopt adopt_;
  Guarded<LabelMap> names_;
  std::optional<std::map<std::string, const ImportFile*>> image_names_;
};

}  // namespace consilium::service
