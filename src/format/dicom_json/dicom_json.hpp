// The DICOM JSON Model (PS3.18 annex F): a dataset as one JSON object, its attributes by tag.
//
// Text comes out in UTF-8 whatever the dataset's character set, person names by their groups,
// binary values as base64 (InlineBinary) up to a size and by address (BulkDataURI) above, always
// little endian. Values that JSON cannot hold (NaN, infinities) are strings, and so is decimal text
// that is no number: what the object says is never lost nor mended here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/image/dicom_dataset.hpp"
#include "format/dicom/dicom_file.hpp"

namespace consilium {

struct DicomJsonOptions {
  // Binary values of more bytes than this are given by address.
  std::size_t inline_bytes_max = 4096;
  // Put before the place of a bulk value as it is, unescaped; an address follows from it.
  std::string_view bulk_prefix;
  // Of the pixel data, which the dataset does not hold: given by address. No value: there is none.
  std::optional<Vr> pixel_data_vr = std::nullopt;
};

// Appends "{...}" to `out`; attributes in the order of their tags, group lengths left out (F.2.2).
// Cost: about 0.1 us an attribute and the bytes.
void append_dicom_json(std::string& out, const DicomDataset& dataset,
                       const DicomJsonOptions& options);

// "00280030", as a key of the model. For a place inside sequences: "52009230.0.00480105".
[[nodiscard]] std::string dicom_json_key(DicomTag tag);
// Reads such a key. No value when it is none.
[[nodiscard]] std::optional<DicomTag> dicom_tag_of_key(std::string_view key);

// The file's dataset with the VRs that implicit VR leaves open settled: US or SS by what the pixels
// are (PS3.5 A.1 a, PS3.3 C.7.6.3). What is explicit stays as it is written.
[[nodiscard]] DicomDataset with_settled_vrs(const DicomFile& file);

// The element at a place as bulk addresses name it, and the dataset it stands in; nulls when there
// is none. Cost: O(depth x log elements).
struct DicomJsonPlace {
  const DicomDataset* dataset = nullptr;
  const DicomElement* element = nullptr;
};
[[nodiscard]] DicomJsonPlace find_dicom_json_place(const DicomDataset& dataset,
                                                   std::string_view place);

// A binary value's bytes in little endian, whatever the dataset's order.
[[nodiscard]] Bytes little_endian_value(const DicomElement& element, std::endian order);

// A JSON string with its quotes. The text must be UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace consilium
