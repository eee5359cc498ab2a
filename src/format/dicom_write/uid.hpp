// DICOM UIDs without a registered root: "2.25." and a UUID as one decimal number (PS3.5 B.2).
#pragma once

#include <string>
#include <string_view>

namespace consilium {

// The UID that a name always gets: its UUID is of version 8 (RFC 9562, 5.8), the first 128 bits of
// the name's SHA-256. Names of things derived from a patient's UIDs must hold a secret, or whoever
// knows the UID could find the derived one.
[[nodiscard]] std::string uid_from_name(std::string_view name);

// Of our programs as writers (File Meta Information).
[[nodiscard]] std::string_view implementation_class_uid();
[[nodiscard]] std::string_view implementation_version_name();

}  // namespace consilium
