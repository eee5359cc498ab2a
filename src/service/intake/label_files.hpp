// Files of labels that are no DICOM, as what the labels' readers take: label volumes with the names
// of their values, and shapes on pictures.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"
#include "service/intake/file_kind.hpp"
#include "service/prelabel/file_labels.hpp"

namespace consilium::service {

struct LabelFile {
  FileKind kind = FileKind::Other;
  std::string name;    // as the user has it
  std::string source;  // tells its content from others'
  ByteView bytes;
  // What lies beside it and belongs to it: names and bytes.
  struct Beside {
    std::string name;
    Bytes bytes;
  };
  std::vector<Beside> beside = {};
  std::string patient = {};  // whose the notes in it are that do not say so
};

// {"labels": [{"value": 1, "name": "nodule"}]}: the names beside a label volume.
[[nodiscard]] bool names_labels(ByteView json);

[[nodiscard]] bool is_label_volume_kind(FileKind kind);
// Whether a volume holds labels, no image: Slicer's segments in its header, names beside it, or a
// name that ends in "seg", "segmentation", "label", "labels" or "mask" (before its extension).
[[nodiscard]] bool is_label_volume(const LabelFile& file);

// Errors: those of the readers.
[[nodiscard]] Result<LabelVolume> read_label_volume(const LabelFile& file);

// The notes of a file with labels, and what it is called. Errors: those of the reader.
struct TextsRead {
  std::vector<LabelledText> texts;
  std::string format;  // "brat standoff"
};
[[nodiscard]] Result<TextsRead> read_labelled_texts(const LabelFile& file);

struct ShapesRead {
  ShapeFile file;
  std::vector<std::string> notes;
};
[[nodiscard]] Result<ShapesRead> read_shapes(const LabelFile& file);

}  // namespace consilium::service
