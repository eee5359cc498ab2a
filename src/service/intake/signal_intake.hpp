// One recording into the catalog: its files sealed as received, its min/max pyramid built beside
// them. Nothing of it is ever in memory whole.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "service/intake/prepared.hpp"

namespace consilium::service {

enum class RecordingFormat { Wfdb, Edf };

struct RecordingFile {
  std::filesystem::path path;
  std::string name;  // beside the header, as the header names it
};

// The first file is the header (WFDB) or the recording (EDF, BDF). Errors: those of reading;
// NotFound when a file that the header names is not among them. `patient_if_none` is whose it is
// when it does not say so itself; it may be empty.
[[nodiscard]] Status prepare_recording(const IntakeTools& tools, RecordingFormat format,
                                       std::span<const RecordingFile> files,
                                       const std::string& content,
                                       const std::string& patient_if_none,
                                       const PreparedSink& sink);

// The header's companions by name, as far as the header itself tells. Errors: those of reading it.
[[nodiscard]] Result<std::vector<std::string>> companions_of(const std::filesystem::path& header);

}  // namespace consilium::service
