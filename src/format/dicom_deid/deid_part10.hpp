// A de-identified object as a whole file: new preamble and meta information, the dataset, and the
// pixels as they were.
#pragma once

#include "base/result.hpp"
#include "format/dicom/dicom_file.hpp"

namespace consilium {

// `dataset` is `file`'s, de-identified. Pixels stay bit for bit and compressed as they are, but
// what is no pixel goes: comments and application segments of JPEG and JPEG 2000 codestreams, and
// bytes after the last frame of native pixels. Deflated and big-endian files become explicit VR
// little endian. Errors: as write_part10_head; Corrupt when the file ends within its pixels;
// Unsupported for big endian pixels of more than 16 bits. Cost: one copy of the pixels.
[[nodiscard]] Result<Bytes> write_deidentified(const DicomFile& file, DicomDataset dataset);

// The codestream without its comments and application segments other than those that say how it is
// coded (APP0, APP14; COM of JPEG 2000); as it is where it is neither. Cost: O(header).
[[nodiscard]] Bytes without_comments(ByteView codestream);

}  // namespace consilium
