// De-identification of a DICOMDIR (PS3.10 8, PS3.3 F): its records are de-identified as the objects
// are that they name, and lead to the files' new names. Records of files that are not released go,
// and so do those that then lead nowhere, and private ones.
#pragma once

#include <functional>
#include <optional>

#include "format/dicom_deid/deidentify.hpp"

namespace consilium {

// What became of a file that a record names: "DIR/IM1" below the directory's folder.
struct RenamedFile {
  std::string name;      // the new one, with slashes
  std::string identity;  // deid_identity() of the object
};
using FileRenaming = std::function<std::optional<RenamedFile>(const std::string& name)>;

struct DeidDirectory {
  Bytes bytes;
  std::vector<DeidStep> steps;
};

[[nodiscard]] bool is_media_directory(const DicomFile& file);
// Errors: Corrupt when the records do not make a tree; NotFound when none is left.
[[nodiscard]] Result<DeidDirectory> deidentify_directory(
    const DicomFile& file, const DeidProfile& profile, const DeidKey& key,
    const KnownIdentifiers& known, const FileRenaming& renamed,
    const DeidRules& rules = DeidRules::standard());

}  // namespace consilium
