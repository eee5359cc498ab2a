// One recording into the catalog: its files sealed as received, its min/max pyramid built beside
// them. Nothing of it is ever in memory whole.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "format/signal_kind/signal_kind.hpp"
#include "service/intake/prepared.hpp"

namespace consilium::service {

struct RecordingFile {
  std::filesystem::path path;
  std::string name;  // beside the header, as the header names it
};

// The first file is the recording, or the header that names the others. Errors: those of reading;
// NotFound when a file that the header names is not among them. `patient_if_none` is whose it is
// when it does not say so itself; it may be empty.
[[nodiscard]] Status prepare_recording(const IntakeTools& tools, RecordKind kind,
                                       std::span<const RecordingFile> files,
                                       const std::string& content,
                                       const std::string& patient_if_none,
                                       const PreparedSink& sink);

// The header's companions by name, as far as the header itself tells; `name` is its own. Errors:
// those of reading it.
[[nodiscard]] Result<std::vector<std::string>> companions_of(const std::filesystem::path& header,
                                                             std::string_view name);

// The recording's kind by its content; what is called .hea or .edf is taken for one, so that its
// reader says what is wrong. Errors: those of opening the file and of detect_record.
[[nodiscard]] Result<RecordKind> record_kind_of(const std::filesystem::path& path,
                                                std::string_view name);

}  // namespace consilium::service
