// Frames of an image: where their bytes are, and how native bytes become ready samples (see
// domain/image/pixel.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom/image_description.hpp"

namespace consilium {

// Which fragments each frame of encapsulated pixel data has.
struct FrameTable {
  struct Range {
    std::uint32_t first_fragment = 0;
    std::uint32_t fragment_count = 0;
  };
  std::vector<Range> frames;
};

// From the offset table, else one fragment a frame, else where codestreams begin. Offset tables
// that contradict the fragments are not believed.
// Errors: Corrupt when fragments and frames cannot be brought together. Cost: O(fragments).
[[nodiscard]] Result<FrameTable> frame_table(const DicomFile& file, std::uint32_t frame_count);

// One frame's codestream, its fragments joined. Errors: InvalidInput on a frame that is not there.
[[nodiscard]] Result<Bytes> compressed_frame(const DicomFile& file, const FrameTable& table,
                                             std::uint32_t frame_index);

// Bits of one native frame as stored; frames lie back to back.
[[nodiscard]] std::uint64_t native_frame_bits(const ImageDescription& image);

// The bytes of one native frame: a view, never a copy. Frames of 1-bit pixels and of swapped pairs
// may share their first and last byte with their neighbours; make_ready knows.
// Errors: InvalidInput on a frame that is not there; Corrupt when the pixel data ends before it
// does.
[[nodiscard]] Result<ByteView> native_frame(const DicomFile& file, const ImageDescription& image,
                                            std::uint32_t frame_index);

// What the bytes given to make_ready are.
enum class FrameForm : std::uint8_t {
  Native,    // as in the file: its byte order, bits, planes and colour
  Unpacked,  // the file's samples from RLE and deflated frames: little endian, interleaved
  Decoded,   // a codec's samples: as Unpacked, and YBR already RGB, no foreign high bits
};

// Errors: Corrupt when the length is not the frame's. Cost: one copy at memory speed for samples
// that fill their bytes; one more pass where bits are masked, bytes swapped or planes joined;
// palette and YBR about 3 ns a pixel.
[[nodiscard]] Result<Bytes> make_ready(ByteView frame, const ImageDescription& image,
                                       std::uint32_t frame_index,
                                       FrameForm form = FrameForm::Native);

// Full-range YBR to RGB in place, 8 or 16 bits a sample (PS3.3 C.7.6.3.1.2).
void ybr_full_to_rgb(std::span<std::byte> interleaved, std::size_t sample_size_bytes);

}  // namespace consilium
