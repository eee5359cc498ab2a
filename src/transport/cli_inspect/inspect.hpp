// What a file is, in the words of its own header: kind, shape, units, and what our readers mended.
// For a person at the command line who asks why a file was refused, or whether it is the right one.
#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace consilium::cli {

// Whether values that identify a patient are told too: names, ids, dates, UIDs, free text. Nothing
// of them is told unless the person at the machine asks, who has the file and could open it anyway.
enum class PatientValues { Hidden, Shown };

// One flat object: "kind", then what that kind has, in an order for reading. Lists hold objects
// (channels, windows) or texts (remarks).
// Reads DICOM, notes (.txt, CSV, JSON lines, FHIR), WFDB headers with the files beside them, EDF,
// BDF, NIfTI and photographs.
// Errors: those of opening and reading, which are what an import would say; Unsupported for what is
// none of these. Cost: the header; notes, NIfTI and EDF's annotations are read whole.
[[nodiscard]] Result<boost::json::object> inspect_file(const std::filesystem::path& file,
                                                       PatientValues patient_values);

// The same for reading: a line for each member, indented by two blanks.
[[nodiscard]] std::string inspection_text(const boost::json::object& inspection);

}  // namespace consilium::cli
