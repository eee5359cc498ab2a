// The attributes of PS3.6 by tag and by keyword. About 5,100 rows, compiled in.
#pragma once

#include <optional>
#include <string_view>

#include "domain/image/dicom_dataset.hpp"

namespace consilium {

struct DictionaryEntry {
  DicomTag tag;
  Vr vr = Vr::Un;             // where the standard leaves a choice, the usual one (US, OW)
  bool is_vr_choice = false;  // the choice depends on other attributes (US or SS, OB or OW)
  bool is_retired = false;
  std::string_view multiplicity;  // "1", "1-n", "2-2n"
  std::string_view keyword;       // "PatientID"
  std::string_view name;          // "Patient ID"
};

// Nothing for private and unknown tags. Groups 5002 to 50FE and 6002 to 60FE are looked up as 5000
// and 6000. Cost: O(log rows), about 30 ns.
[[nodiscard]] std::optional<DictionaryEntry> find_in_dictionary(DicomTag tag);
// Cost: O(rows).
[[nodiscard]] std::optional<DictionaryEntry> find_in_dictionary(std::string_view keyword);

// The VR that a tag has where the file does not say: the dictionary's; LO for private creators, UL
// for group lengths, else UN.
[[nodiscard]] Vr implicit_vr(DicomTag tag);

}  // namespace consilium
