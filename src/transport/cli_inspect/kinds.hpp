// The kinds of file behind inspect_file, each in a file of its own.
#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>

#include "base/bytes.hpp"
#include "service/intake/file_kind.hpp"
#include "transport/cli_inspect/inspect.hpp"

namespace consilium::cli {

[[nodiscard]] Result<boost::json::object> inspect_dicom(ByteView file, PatientValues values);
[[nodiscard]] Result<boost::json::object> inspect_nifti(ByteView file, PatientValues values);
[[nodiscard]] Result<boost::json::object> inspect_nrrd(const std::filesystem::path& path,
                                                       ByteView file);
[[nodiscard]] Result<boost::json::object> inspect_metaimage(const std::filesystem::path& path,
                                                            ByteView file);
[[nodiscard]] Result<boost::json::object> inspect_photo(ByteView file);
[[nodiscard]] Result<boost::json::object> inspect_note(service::FileKind kind, ByteView file,
                                                       PatientValues values);
[[nodiscard]] Result<boost::json::object> inspect_edf(const std::filesystem::path& file,
                                                      PatientValues values);
[[nodiscard]] Result<boost::json::object> inspect_wfdb(const std::filesystem::path& header,
                                                       PatientValues values);
// Of a kind that its content tells.
[[nodiscard]] Result<boost::json::object> inspect_other_recording(const std::filesystem::path& file,
                                                                  PatientValues values);

}  // namespace consilium::cli
