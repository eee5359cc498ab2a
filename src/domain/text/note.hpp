// A note as it was imported. Everything in it but its kind quotes or identifies a patient.
#pragma once

#include <string>
#include <string_view>

#include "base/protected.hpp"
#include "domain/text/canonical_text.hpp"

namespace consilium {

// Who a note says that it is about; an empty member was not given.
struct NotePatient {
  std::string identifier;         // medical record number, or the id that the file uses
  std::string identifier_system;  // who issued it (FHIR Identifier.system); often empty
  std::string family_name;
  std::string given_name;
  std::string birth_date;  // ISO 8601, as far as known: "1958", "1958-04", "1958-04-17"
  std::string sex;         // "male", "female", "other", "unknown" (FHIR AdministrativeGender)
  friend bool operator==(const NotePatient&, const NotePatient&) = default;
};

// What HL7 means by this: a code of FHIR's AdministrativeGender; empty for what says nothing.
[[nodiscard]] std::string_view sex_of_hl7(std::string_view code);  // "M", "F", "UN", ...
// "1958", "195804", "19580417", "195804171530+0100" in ISO 8601 as far as a date goes; empty when
// it is none.
[[nodiscard]] std::string date_of_hl7(std::string_view timestamp);
// Who issued an identifier, by an object identifier: "urn:oid:1.2.3" as FHIR has it.
[[nodiscard]] std::string system_of_oid(std::string_view oid);

struct Note {
  Protected<CanonicalText> text;
  Protected<std::string> identifier;  // the note's id in its source; may hold a record number
  Protected<NotePatient> patient;
  Protected<std::string> date;  // ISO 8601 as far as the source gives one; empty when it does not
  std::string kind_code;        // LOINC document type, "18842-5"; empty when not given
  friend bool operator==(const Note&, const Note&) = default;
};

}  // namespace consilium
