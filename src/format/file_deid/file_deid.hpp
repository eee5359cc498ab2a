// De-identification of files other than DICOM: what their headers say of people goes, samples and
// pixels stay bit for bit.
//
//   EDF, BDF   patient and recording fields, date (EDF+ 2.1.3.3: what is not told is X, 01.01.85),
//              reserved bytes, annotations (cleaned)
//   WFDB       comments, date; the record has a new name, in the header and of its signal files
//   NIfTI      descriptions, names, extensions, bytes after the voxels; also gzipped
//   JPEG, PNG, TIFF   all but what says how pixels are coded: Exif, comments, descriptions, places
//
// Errors of all: Corrupt when a header cannot be read, Unsupported for a form that cannot be made
// sure of. Cost: one copy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "format/dicom_deid/deidentify.hpp"

namespace consilium {

struct FileDeid {
  const DeidProfile& profile;
  const DeidKey& key;
  const KnownIdentifiers& people;
};

struct DeidentifiedFile {
  Bytes bytes;
  std::string patient;  // empty where the file names none
  std::vector<DeidStep> steps;
};

[[nodiscard]] Result<DeidentifiedFile> deidentify_edf(ByteView source, const FileDeid& how);
[[nodiscard]] Result<DeidentifiedFile> deidentify_nifti(ByteView source, const FileDeid& how);
[[nodiscard]] Result<DeidentifiedFile> deidentify_photo(ByteView source, const FileDeid& how);
// A header file. Its record has the name `wfdb_name` afterwards.
[[nodiscard]] Result<DeidentifiedFile> deidentify_wfdb(ByteView header, const FileDeid& how);
// What a record and its signal files are called: "100_b.dat" has the stem "100_b".
[[nodiscard]] std::string wfdb_name(std::string_view stem, const DeidKey& key);
// Whether a header names that signal file. Headers are read as `deidentify_wfdb` does.
[[nodiscard]] bool names_signal_file(ByteView header, std::string_view file_name);

[[nodiscard]] bool looks_like_edf(ByteView file);
[[nodiscard]] bool looks_like_nifti(ByteView file);  // gzipped too

}  // namespace consilium
