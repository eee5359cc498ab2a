#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "codec/decoders.hpp"

namespace consilium::detail {
namespace {

struct Source {
  ByteView bytes;
  std::size_t at = 0;
};

void read_source(png_structp png, png_bytep to, std::size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (count > source.bytes.size() - source.at) png_error(png, "the file ends early");
  std::memcpy(to, source.bytes.data() + source.at, count);
  source.at += count;
}

[[noreturn]] void fail_quietly(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void ignore_warning(png_structp, png_const_charp) {}

// Grey stays grey, of 8 or 16 bits; all else becomes RGB of 8. Alpha is left out, not blended: what
// it would be blended with, the file does not say.
void set_transforms(png_structp png, png_infop info) {
  const unsigned type = png_get_color_type(png, info);
  const unsigned bits = png_get_bit_depth(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && bits < 8) png_set_expand_gray_1_2_4_to_8(png);
  if ((type & PNG_COLOR_MASK_ALPHA) != 0) png_set_strip_alpha(png);
  if (bits == 16) {
    if ((type & PNG_COLOR_MASK_COLOR) != 0) {
      png_set_scale_16(png);
    } else {
      png_set_swap(png);  // PNG is big endian
    }
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

enum class Outcome { Done, Damaged, OtherSize };

// The library leaves a damaged file by a jump to here: nothing with a destructor may live below.
Outcome read_image(png_structp png, png_infop info, const CodecJob& job, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return Outcome::Damaged;
  png_read_info(png, info);
  if (png_get_image_width(png, info) != job.columns ||
      png_get_image_height(png, info) != job.rows) {
    return Outcome::OtherSize;
  }
  set_transforms(png, info);
  if (png_get_rowbytes(png, info) !=
      std::size_t{job.columns} * job.samples_per_pixel * (job.bits_allocated / 8U)) {
    return Outcome::OtherSize;
  }
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return Outcome::Done;
}

struct Reader {
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, fail_quietly, ignore_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

}  // namespace

Status decode_png(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  Reader reader;
  if (reader.png == nullptr || reader.info == nullptr) {
    return fail(ErrorCode::TooLarge, "the decoder has no memory");
  }
  Source source{.bytes = in};
  png_set_read_fn(reader.png, &source, read_source);
  png_set_user_limits(reader.png, 65'535, 65'535);
  constexpr png_alloc_size_t chunk_bytes_max = 8U << 20U;
  png_set_chunk_malloc_max(reader.png, chunk_bytes_max);
  const std::size_t row_bytes = out.size() / job.rows;
  std::vector<png_bytep> rows(job.rows);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = reinterpret_cast<png_bytep>(out.data() + row * row_bytes);
  }
  switch (read_image(reader.png, reader.info, job, rows.data())) {
    case Outcome::Done:
      return {};
    case Outcome::OtherSize:
      return fail(ErrorCode::Corrupt, "the PNG has another size than its header says");
    case Outcome::Damaged:
      break;
  }
  return fail(ErrorCode::Corrupt, "the PNG is damaged");
}

}  // namespace consilium::detail
