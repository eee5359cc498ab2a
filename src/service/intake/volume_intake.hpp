// One volume's file into the catalog: NIfTI, NRRD, MetaImage. A file of several volumes (times,
// b-values) becomes one series of several, told apart by their number.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "service/intake/file_kind.hpp"
#include "service/intake/prepared.hpp"

namespace consilium::service {

struct VolumeFile {
  ByteView bytes;
  std::string name;     // as the user has it, for what belongs to one study
  std::string patient;  // whose it is; may be empty
  // Opens what a detached header names, beside it.
  std::function<Result<Bytes>(std::string_view name)> open;
};

// Errors: those of reading; Unsupported when rows and columns are not at right angles (a viewer
// would bend the image), or the samples are 64-bit.
[[nodiscard]] Status prepare_volume(const IntakeTools& tools, FileKind kind, const VolumeFile& file,
                                    const std::string& content, const PreparedSink& sink);

// The data files that a detached header (.mhd, .nhdr) names; none for others.
[[nodiscard]] std::vector<std::string> data_files_of(FileKind kind, ByteView header);

}  // namespace consilium::service
