// De-identification of one DICOM object after PS3.15 annex E, at all depths.
//
// Every attribute of Table E.1-1 gets the action that the profile's options choose; compound
// actions are resolved by the attribute's type in the object. Beyond the table: private elements
// stay only where a profile allows their creator; attributes that PS3.6 does not know, values that
// are not of the form of their VR, encrypted attributes, overlays and curves go; persons' names,
// dates and UIDs that the table does not list are treated as those it lists; what is known of the
// people of the object is cut out of every text that stays. The result is UTF-8, little endian.
//
// With clean-graphics the text of graphic annotations is cleaned; overlays and curves go even then,
// because text cannot be told from drawing in them.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_deid/deid_key.hpp"
#include "format/dicom_deid/deid_profile.hpp"
#include "format/dicom_deid/deid_rules.hpp"
#include "format/dicom_deid/known_identifiers.hpp"

namespace consilium {

// What was done with one attribute, and by which rule.
struct DeidStep {
  std::string place;  // "(0008,1140)[0].(0008,1155)"
  DeidAction action = DeidAction::Keep;
  std::string
      rule;  // "E.1-1", "E.1-1 retain-uids", "profile", "not in PS3.6", "form of its VR", ...
};

struct DeidObject {
  DicomDataset dataset;  // without pixel data, as DicomFile's
  std::string patient;   // the pseudonym
  std::vector<DeidStep> steps;
};

// The same in all objects of one patient: the issuer and the id, else name and birth date, else the
// study.
[[nodiscard]] std::string deid_identity(const DicomDataset& dataset);
// Adds the names, numbers and addresses that an object holds of anybody, at all depths; not those
// of the institution or the devices where the profile retains them.
void add_identifiers(KnownIdentifiers& known, const DicomDataset& dataset,
                     const DeidProfile& profile);

// `known` holds the object's own identifiers and whatever else is known. Values may view the file.
// Errors: Unsupported when the object cannot be de-identified completely: its pixels hold text by
// its own word, or, with clean-pixel, may hold some.
// Cost: about 1 us an attribute.
[[nodiscard]] Result<DeidObject> deidentify(const DicomFile& file, const DeidProfile& profile,
                                            const DeidKey& key, const KnownIdentifiers& known,
                                            const DeidRules& rules = DeidRules::standard());

}  // namespace consilium
