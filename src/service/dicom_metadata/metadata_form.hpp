// An instance's metadata as DICOMweb serves it, made once at import: DICOM JSON under the patient's
// pseudonym with mapped UIDs and shifted dates, zstd. The catalog keeps it sealed beside the
// instance (instances.metadata), so that a series' metadata is a matter of opening small texts and
// joining them; objects are not read.
//
// Form: a byte, the version of form and of what pseudonymising takes out (a form of an older
// version is made anew from the object when it is first asked for); then a zstd frame of: u32, u32
// lengths of the first two of three pieces, and the pieces: the attributes before Study Description
// (0008,1030), those up to Series Description (0008,103E), the rest; each without braces. A project
// that de-identifies at release has its descriptions put between them. The byte 01 stands where the
// address of the series goes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_pseudonym/pseudonymise.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// How this store names a patient in DICOM objects that go out.
[[nodiscard]] DicomPseudonym dicom_pseudonym(storage::Store& store, std::string patient,
                                             std::int64_t date_shift_days);

// Of a file read at least up to its pixel data. Cost: about 0.2 ms for a CT slice.
[[nodiscard]] std::string make_metadata_form(const DicomFile& file,
                                             const DicomPseudonym& pseudonym);
// The same of an object that is ours and needs no pseudonym, such as a segmentation; it is served
// in the transfer syntax that it has.
[[nodiscard]] std::string make_metadata_form_of_own(const DicomFile& file);
// Of a dataset as it goes out, with the pixels of `file`.
[[nodiscard]] std::string make_metadata_form_of(DicomDataset served, const DicomFile& file);

// The form is there and of this version.
[[nodiscard]] bool is_current_metadata_form(std::string_view form);

struct Descriptions {
  std::string study;
  std::string series;
};

// Appends the instance's JSON object. `series_address` goes before "/instances/UID/bulkdata/...".
// Errors: Corrupt when the form does not read. Cost: about 10 us.
[[nodiscard]] Status append_metadata(std::string& out, std::string_view form,
                                     const std::optional<Descriptions>& descriptions,
                                     std::string_view series_address);

// What the served object's pixel data is coded as when nobody asks for another: its own compressed
// form, else explicit little endian, in which all native ones are served.
[[nodiscard]] std::string_view served_transfer_syntax(const DicomFile& file);

}  // namespace consilium::service
