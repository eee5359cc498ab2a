// The decoders behind the worker: each fills `out`, which has output_size_bytes(job) bytes, in the
// form that codec_job.hpp states. They run on hostile bytes inside the confined process only.
#pragma once

#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "codec/codec_job.hpp"

namespace consilium::detail {

[[nodiscard]] Status decode_rle(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_jpeg(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_jpeg_ls(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_jpeg_2000(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_photo_jpeg(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_png(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_tiff(const CodecJob& job, ByteView in, std::span<std::byte> out);
[[nodiscard]] Status decode_deflated(const CodecJob& job, ByteView in, std::span<std::byte> out);

// The one that the job names. Errors: Corrupt; Unsupported for a codec that is none of these.
[[nodiscard]] Status decode_frame(const CodecJob& job, ByteView in, std::span<std::byte> out);

}  // namespace consilium::detail
