// What the command line says, read and made ready.
#pragma once

#include "analysis/leak_check/leak_check.hpp"
#include "format/dicom_deid/deid_key.hpp"
#include "format/dicom_deid/deid_profile.hpp"
#include "format/dicom_deid/known_identifiers.hpp"
#include "transport/cli_deid/deid.hpp"

namespace consilium::cli {

struct DeidSettings {
  DeidProfile profile;
  DeidKey key;
  KnownIdentifiers people;
  std::vector<std::string> people_values;  // for the checker
};

[[nodiscard]] Result<DeidSettings> deid_settings(const DeidCommand& command);
[[nodiscard]] LeakPolicy leak_policy(const DeidProfile& profile);
// Whole, or not at all. Errors: those of the disk.
[[nodiscard]] Status write_file(const std::filesystem::path& path, ByteView bytes);

}  // namespace consilium::cli
