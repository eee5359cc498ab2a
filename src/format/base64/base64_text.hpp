// Base64 (RFC 4648, section 4) as FHIR and recorders in XML write it: white space may stand between
// the characters.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

// Errors: Corrupt on any other character, wrong padding, or bits left over that are not 0.
[[nodiscard]] Result<Bytes> from_base64_text(std::string_view text);

}  // namespace consilium
