// Writes DICOM files: PS3.10 7.1 (preamble, File Meta Information) and PS3.5 7 in Explicit VR
// Little Endian, with defined lengths. Encapsulated pixel data is not written: what we make is
// small or is made once.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "domain/image/dicom_dataset.hpp"

namespace consilium {

// Explicit VR says in 16 bits how long a value of a short form is; implicit VR has 32 for all,
// which a contour of more than some 2,000 points needs.
enum class DicomEncoding { ExplicitLittleEndian, ImplicitLittleEndian };

// A whole file. The meta information follows from the dataset's SOP Class and Instance UID.
// Errors: InvalidInput when one of these is absent, when the dataset is big endian, or when a value
// is longer than its VR can say (65,534 bytes for short forms); TooLarge past 4 GiB.
// Cost: O(bytes); values are copied once.
[[nodiscard]] Result<Bytes> write_part10(
    const DicomDataset& dataset, DicomEncoding encoding = DicomEncoding::ExplicitLittleEndian);

// Preamble and File Meta Information of a file whose dataset follows as it came from the network.
// Errors: InvalidInput when a UID is absent. Cost: a few hundred bytes.
[[nodiscard]] Result<Bytes> part10_head(std::string_view sop_class_uid,
                                        std::string_view sop_instance_uid,
                                        std::string_view transfer_syntax_uid);
// What stands before the pixel data of a file whose pixels are `transfer_syntax_uid` and come from
// elsewhere: preamble, meta information and the dataset, which holds none. The dataset itself is
// explicit little endian, as it is in every syntax but the oldest. Errors as `write_part10`.
[[nodiscard]] Result<Bytes> write_part10_head(const DicomDataset& dataset,
                                              std::string_view transfer_syntax_uid);

// The dataset alone, as a network or another container wants it.
[[nodiscard]] Result<Bytes> write_explicit_little_endian(const DicomDataset& dataset);

}  // namespace consilium
