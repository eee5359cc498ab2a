// A dataset under a pseudonym: what a viewer needs of an image, and nothing that says whose it is.
//
// Safe by construction, as the catalog's split is (format/dicom/identity.hpp): numbers, codes and
// binary tables of the image pass; text passes only from a short list of attributes, and only where
// it looks like a code; private and retired attributes, overlays, icons, signatures and everything
// of the patient, the visit and the request go. In the terms of PS3.15 annex E: the Basic
// Application Level Confidentiality Profile with the options Retain Longitudinal Temporal
// Information with Modified Dates and Retain Device Identity (manufacturer and model alone).
// Pixels are not looked at: what is burned in stays, and (0028,0301) says so where the device did.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "domain/image/dicom_dataset.hpp"

namespace consilium {

struct DicomPseudonym {
  std::string patient;               // stands for the patient's name and id: "P-0042"
  std::int64_t date_shift_days = 0;  // added to every date; times of day stay
  // The UID that stands for another; the same for the same. Not asked for UIDs of the standard.
  std::function<std::string(std::string_view)> map_uid;
};

// Explicit little endian values and UTF-8 text. Values that did not change view the source's.
// Cost: about 0.2 us an attribute, and `map_uid` for each UID.
[[nodiscard]] DicomDataset pseudonymised(const DicomDataset& dataset,
                                         const DicomPseudonym& pseudonym);

// Whether others publish the terminology of that designator ("SCT", "LN"): the meaning beside its
// codes is then theirs, not a person's text.
[[nodiscard]] bool is_public_coding_scheme(std::string_view designator);

// "20240311" moved by so many days; "" when it is no date (PS3.5 6.2, DA).
[[nodiscard]] std::string shifted_dicom_date(std::string_view date, std::int64_t days);

}  // namespace consilium
