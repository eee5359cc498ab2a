// What a file is, told by its first bytes; its name only decides between kinds that are all text.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium::service {

enum class FileKind {
  Dicom,
  WfdbHeader,
  Edf,        // EDF, EDF+, BDF
  Recording,  // of another kind: format/signal_kind says which
  PlainNote,  // .txt
  NoteCsv,
  NoteJsonl,
  FhirJson,
  LabelledText,  // notes with labels on them: format/labelled_files
  Nifti,         // .nii, .nii.gz
  Nrrd,          // .nrrd, .nhdr
  MetaImage,     // .mha, .mhd
  Photo,         // JPEG, PNG, TIFF
  CocoJson,      // shapes on pictures, as COCO has them
  YoloNames,     // data.yaml, the labels' folder beside it
  VocXml,
  LabelMap,  // label-map.txt: NAME=LABEL, a line each, for the label files of the same import
  Other,     // a signal file of some header, or nothing that we read
};

// Errors: Unsupported for kinds that we know and do not read yet, with the reason; those of opening
// the file. Cost: one read of a few kilobytes.
[[nodiscard]] Result<FileKind> kind_of_file(const std::filesystem::path& path,
                                            std::string_view name);

// The error with a remedy: its own, or, where a reader gave none, what helps with any file that has
// such a fault.
[[nodiscard]] Error with_remedy(Error error);

}  // namespace consilium::service
