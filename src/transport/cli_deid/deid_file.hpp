// One file of any kind, de-identified in memory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "format/dicom_deid/deidentify.hpp"
#include "format/dicom_deid/directory.hpp"

namespace consilium::cli {

struct DeidFile {
  std::string name;  // its new path below OUT
  Bytes bytes;
  std::string patient;  // empty where the kind of file names none
  std::vector<DeidStep> steps;
  std::string identity;  // of DICOM objects: deid_identity()
};

// `kind` gets the kind's name as soon as it is known ("unknown" before).
// Errors: Unsupported for kinds that cannot be de-identified, and for objects that cannot be
// completely; those of the readers.
[[nodiscard]] Result<DeidFile> deid_file(ByteView source, const std::filesystem::path& path,
                                         const DeidProfile& profile, const DeidKey& key,
                                         const KnownIdentifiers& people, std::string& kind);
// A DICOMDIR, once the files are written that it may name.
[[nodiscard]] Result<DeidFile> deid_directory(ByteView source, const DeidProfile& profile,
                                              const DeidKey& key, const KnownIdentifiers& people,
                                              const FileRenaming& renamed);

}  // namespace consilium::cli
