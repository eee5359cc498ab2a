// Values that say nothing, for attributes that must have one (PS3.15 E.1.1, action D).
#pragma once

#include <string_view>

#include "domain/image/dicom_dataset.hpp"

namespace consilium {

// Text of a VR: "REMOVED" where words may stand, else a plain number, date or time; empty for what
// is binary.
[[nodiscard]] std::string_view dummy_text(Vr vr);
// Adds a dummy of that VR, little endian.
void put_dummy(DicomDataset& to, DicomTag tag, Vr vr);

// The parts of "20240311101112.5+0100" (PS3.5 6.2 DT); a DA is its date alone.
struct DateParts {
  std::string_view date;  // eight digits
  std::string_view rest;  // digits, ".", "+", "-"
};
// Nothing when it is none, or the date is not whole.
[[nodiscard]] std::optional<DateParts> date_parts(std::string_view value);

// Whether a value (one of several) is of the form of its VR: numbers, times, codes, UIDs, ages.
// Free text always is.
[[nodiscard]] bool fits_vr(std::string_view value, Vr vr);

}  // namespace consilium
