// Notes out of FHIR R4 (4.0.1) JSON: a DocumentReference, or a Bundle of them with their Patients.
// Source: hl7.org/fhir/R4: documentreference, bundle (2.36.4 on references), datatypes
// (Attachment).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/result.hpp"
#include "domain/text/note.hpp"

namespace consilium {

struct FhirNote {
  std::string path;  // where in the file: "/entry/3/resource"
  Note note;
  std::vector<std::string> remarks;
};

// A DocumentReference that gives no note; the others are kept.
struct FhirRefusal {
  std::string path;
  Error error;
};

struct FhirNotes {
  std::vector<FhirNote> notes;
  std::vector<FhirRefusal> refusals;
};

// Of each DocumentReference the first inline attachment of type text/plain becomes the note; its
// charset parameter is obeyed, else the encoding is found as for a file. Refused, each with its
// reason: HTML, RTF, PDF and XML (what remains after stripping has no places that others could
// find again), attachments behind a URL, documents entered in error.
// The patient is `subject`: a Patient in the bundle by fullUrl or by type and id, or a contained
// one; else the id that the reference itself gives. A Patient's identifier is its first of type MR,
// else its first, else its id. The date is `date`, else the attachment's creation, else the start
// of context.period. Nothing is fetched.
//
// Errors: Corrupt when it is not UTF-8; InvalidInput when it is not JSON; Unsupported when it is
// another resource or has no DocumentReference; TooLarge over 256 MiB or 100,000 entries.
[[nodiscard]] Result<FhirNotes> read_fhir_notes(std::string_view json);

}  // namespace consilium
