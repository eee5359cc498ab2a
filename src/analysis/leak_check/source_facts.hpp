// What a source file says of people, read for the leak checker from DICOM and the headers of other
// kinds of file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/leak_check/dicom_scan.hpp"

namespace consilium {

enum class FactKind : std::uint8_t {
  Name,
  Number,
  Institution,
  Device,
  DeviceUid,
  Uid,
  Date,
  Comment
};

struct SourceFact {
  FactKind kind = FactKind::Number;
  std::string raw;   // as in the file
  std::string utf8;  // empty where it does not convert
};

[[nodiscard]] std::vector<SourceFact> facts_of_dicom(const DicomScan& scan);
// Of the headers of EDF and BDF, of the comments of WFDB, of NIfTI; empty for other kinds.
[[nodiscard]] std::vector<SourceFact> facts_of_other(ByteView file);
// Dates of a device's calibration and making.
[[nodiscard]] bool is_device_date(std::uint32_t tag);
// Parts of a person's name.
[[nodiscard]] std::vector<std::string> name_parts(std::string_view name);

}  // namespace consilium
