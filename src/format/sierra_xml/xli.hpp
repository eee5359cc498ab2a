// XLI: each lead by itself as second differences, their high bytes before their low ones, packed by
// LZW with codes of ten bits. Used by sierra_xml.cpp alone.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::sierra {

// All leads of the stream, one after the other. Errors: Corrupt with the lead and byte; TooLarge
// when the leads hold more than 20 million samples.
[[nodiscard]] Result<std::vector<std::vector<std::int32_t>>> unpack_xli(ByteView bytes);

// III, aVR, aVL and aVF (leads 2 to 5) are stored as what differs from their sums of I and II; the
// halves were cut towards zero. All six must be as long.
void restore_limb_leads(std::vector<std::vector<std::int32_t>>& leads);

}  // namespace consilium::sierra
