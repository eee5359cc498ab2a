#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "codec/decoders.hpp"
#include "codec/sample_writer.hpp"

namespace consilium::detail {
namespace {

// --- the file in memory --------------------------------------------------------------------------

struct Source {
  ByteView bytes;
  std::uint64_t at = 0;
};

tmsize_t read_source(thandle_t handle, void* to, tmsize_t count) {
  auto& source = *static_cast<Source*>(handle);
  if (count < 0 || source.at > source.bytes.size()) return 0;
  const std::size_t taken =
      std::min<std::size_t>(static_cast<std::size_t>(count), source.bytes.size() - source.at);
  std::memcpy(to, source.bytes.data() + source.at, taken);
  source.at += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek_source(thandle_t handle, toff_t offset, int whence) {
  auto& source = *static_cast<Source*>(handle);
  if (whence == SEEK_CUR) offset += source.at;
  if (whence == SEEK_END) offset += source.bytes.size();
  source.at = offset;
  return offset;
}

int close_nothing(thandle_t) { return 0; }
toff_t size_of_source(thandle_t handle) { return static_cast<Source*>(handle)->bytes.size(); }

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

std::unexpected<Error> damaged() { return fail(ErrorCode::Corrupt, "the TIFF is damaged"); }

// --- samples -------------------------------------------------------------------------------------

struct Form {
  std::uint32_t bits = 1;
  std::uint32_t samples = 1;
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  bool is_planar = false;
  bool is_float = false;
  const std::uint16_t* palette[3] = {};
  bool has_narrow_palette = false;  // entries of 8 bits, as some writers keep them
};

std::uint32_t tag_of(TIFF* tiff, std::uint32_t tag, std::uint16_t standard) {
  std::uint16_t value = standard;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

Result<Form> form_of(TIFF* tiff, const CodecJob& job) {
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &columns);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &rows);
  if (columns != job.columns || rows != job.rows) {
    return fail(ErrorCode::Corrupt, "the TIFF has another size than its header says");
  }
  Form form{.bits = tag_of(tiff, TIFFTAG_BITSPERSAMPLE, 1),
            .samples = tag_of(tiff, TIFFTAG_SAMPLESPERPIXEL, 1)};
  form.photometric =
      static_cast<std::uint16_t>(tag_of(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE));
  form.is_planar = tag_of(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  form.is_float = tag_of(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) == SAMPLEFORMAT_IEEEFP;
  if (form.photometric == PHOTOMETRIC_PALETTE) {
    std::uint16_t* map[3] = {};
    if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) != 1) return damaged();
    const std::size_t count = std::size_t{1} << form.bits;
    form.has_narrow_palette = true;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      form.palette[channel] = map[channel];
      for (std::size_t i = 0; i < count; ++i) {
        if (map[channel][i] > 255) form.has_narrow_palette = false;
      }
    }
  }
  const std::uint32_t needed = form.photometric == PHOTOMETRIC_RGB ? 3 : 1;
  const std::uint32_t given = form.photometric == PHOTOMETRIC_PALETTE ? 3 : needed;
  if (form.bits == 0 || form.bits > 32 || form.samples < needed || given != job.samples_per_pixel) {
    return fail(ErrorCode::Corrupt, "the TIFF has other samples than its header says");
  }
  return form;
}

// Sample number `index` of a row; the library has turned samples of 16 and 32 bits to our order.
std::uint32_t sample_at(const std::uint8_t* row, std::size_t index, std::uint32_t bits) {
  if (bits == 8) return row[index];
  if (bits == 16) {
    std::uint16_t value = 0;
    std::memcpy(&value, row + index * 2, sizeof(value));
    return value;
  }
  if (bits == 32) {
    std::uint32_t value = 0;
    std::memcpy(&value, row + index * 4, sizeof(value));
    return value;
  }
  const std::size_t bit = index * bits;  // 1, 2 or 4, the first in the high bits
  return (row[bit / 8] >> (8 - bits - bit % 8)) & ((1U << bits) - 1U);
}

// A run of one row's pixels, from a buffer of a whole row or of a tile's row.
class Writer {
 public:
  Writer(const Form& form, const CodecJob& job, std::span<std::byte> out)
      : form_(form), job_(job), out_(out) {}

  void put(std::uint32_t row, std::uint32_t column, std::uint32_t count, const std::uint8_t* from,
           std::uint32_t plane) {
    const std::uint32_t colours = form_.photometric == PHOTOMETRIC_RGB ? 3 : 1;
    const std::uint32_t stride = form_.is_planar ? 1 : form_.samples;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t pixel = std::size_t{row} * job_.columns + column + i;
      if (form_.is_planar) {
        if (plane < colours) put_sample(pixel, plane, sample_at(from, i, form_.bits));
        continue;
      }
      for (std::uint32_t sample = 0; sample < colours; ++sample) {
        const std::size_t index = std::size_t{i} * stride + sample;
        put_sample(pixel, sample, sample_at(from, index, form_.bits));
      }
    }
  }

 private:
  void put_sample(std::size_t pixel, std::uint32_t sample, std::uint32_t value) {
    const std::size_t bytes = job_.bits_allocated / 8U;
    if (form_.photometric == PHOTOMETRIC_PALETTE) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const std::uint32_t entry = form_.palette[channel][value];
        write_sample(out_, pixel * 3 + channel, 1, form_.has_narrow_palette ? entry : entry >> 8U);
      }
      return;
    }
    if (form_.photometric == PHOTOMETRIC_RGB) {
      // As libpng scales: the nearest of 256 steps.
      if (form_.bits == 16) value = (value * 255U + 32'895U) >> 16U;
      write_sample(out_, pixel * 3 + sample, 1, value);
      return;
    }
    if (form_.photometric == PHOTOMETRIC_MINISWHITE && !form_.is_float) {
      value = ~value & (form_.bits == 32 ? 0xFFFF'FFFFU : (1U << form_.bits) - 1U);
    }
    if (form_.bits < 8) value = value * 255U / ((1U << form_.bits) - 1U);
    write_sample(out_, pixel, bytes, value);
  }

  const Form& form_;
  const CodecJob& job_;
  std::span<std::byte> out_;
};

Status read_rows(TIFF* tiff, const Form& form, const CodecJob& job, Writer& writer) {
  const tmsize_t row_bytes = TIFFScanlineSize(tiff);
  const std::uint64_t samples = form.is_planar ? 1 : form.samples;
  const std::uint64_t needed = (std::uint64_t{job.columns} * samples * form.bits + 7) / 8;
  if (row_bytes <= 0 || static_cast<std::uint64_t>(row_bytes) < needed) return damaged();
  std::vector<std::uint8_t> buffer(static_cast<std::size_t>(row_bytes));
  const std::uint32_t planes = form.is_planar ? form.samples : 1;
  for (std::uint32_t plane = 0; plane < planes; ++plane) {
    for (std::uint32_t row = 0; row < job.rows; ++row) {
      if (TIFFReadScanline(tiff, buffer.data(), row, static_cast<std::uint16_t>(plane)) != 1) {
        return damaged();
      }
      writer.put(row, 0, job.columns, buffer.data(), plane);
    }
  }
  return {};
}

Status read_tiles(TIFF* tiff, const Form& form, const CodecJob& job, Writer& writer) {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
  const tmsize_t tile_bytes = TIFFTileSize(tiff);
  const tmsize_t row_bytes = TIFFTileRowSize(tiff);
  const std::uint64_t samples = form.is_planar ? 1 : form.samples;
  constexpr std::uint32_t side_max = 65'536;
  const bool is_sound =
      width > 0 && height > 0 && width <= side_max && height <= side_max && row_bytes > 0 &&
      tile_bytes / row_bytes >= height &&
      static_cast<std::uint64_t>(row_bytes) >= (std::uint64_t{width} * samples * form.bits + 7) / 8;
  if (!is_sound) return damaged();
  std::vector<std::uint8_t> buffer(static_cast<std::size_t>(tile_bytes));
  const std::uint32_t planes = form.is_planar ? form.samples : 1;
  for (std::uint32_t plane = 0; plane < planes; ++plane) {
    for (std::uint32_t top = 0; top < job.rows; top += height) {
      for (std::uint32_t left = 0; left < job.columns; left += width) {
        if (TIFFReadTile(tiff, buffer.data(), left, top, 0, static_cast<std::uint16_t>(plane)) <
            0) {
          return damaged();
        }
        const std::uint32_t count = std::min(width, job.columns - left);
        for (std::uint32_t row = 0; row < std::min(height, job.rows - top); ++row) {
          writer.put(top + row, left, count,
                     buffer.data() + std::size_t{row} * static_cast<std::size_t>(row_bytes), plane);
        }
      }
    }
  }
  return {};
}

// YCbCr comes subsampled, by JPEG or plainly: the library's own way to RGB.
Status read_ycbcr(TIFF* tiff, const CodecJob& job, std::span<std::byte> out) {
  if (job.samples_per_pixel != 3 || job.bits_allocated != 8) return damaged();
  TIFFRGBAImage image{};
  char problem[1024] = {};
  if (TIFFRGBAImageBegin(&image, tiff, 1, problem) != 1) return damaged();
  // The file's own orientation is applied later, for all kinds alike.
  image.orientation = ORIENTATION_TOPLEFT;
  image.req_orientation = ORIENTATION_TOPLEFT;
  Status status;
  if (image.width != job.columns || image.height != job.rows) {
    status = damaged();
  } else {
    std::vector<std::uint32_t> pixels(std::size_t{job.columns} * job.rows);
    if (TIFFRGBAImageGet(&image, pixels.data(), job.columns, job.rows) != 1) {
      status = damaged();
    } else {
      for (std::size_t i = 0; i < pixels.size(); ++i) {
        write_sample(out, i * 3, 1, TIFFGetR(pixels[i]));
        write_sample(out, i * 3 + 1, 1, TIFFGetG(pixels[i]));
        write_sample(out, i * 3 + 2, 1, TIFFGetB(pixels[i]));
      }
    }
  }
  TIFFRGBAImageEnd(&image);
  return status;
}

}  // namespace

Status decode_tiff(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  Source source{.bytes = in};
  const Tiff tiff(TIFFClientOpen("picture", "rm", &source, read_source, write_nothing, seek_source,
                                 close_nothing, size_of_source, nullptr, nullptr),
                  &TIFFClose);
  if (!tiff || TIFFSetDirectory(tiff.get(), static_cast<tdir_t>(job.page)) != 1) return damaged();
  if (tag_of(tiff.get(), TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE) == PHOTOMETRIC_YCBCR) {
    return read_ycbcr(tiff.get(), job, out);
  }
  const Form form = CSL_TRY(form_of(tiff.get(), job));
  const std::size_t sample_bytes = form.bits <= 8 ? 1 : form.bits / 8;
  const bool is_narrowed = form.photometric == PHOTOMETRIC_RGB && form.bits == 16;
  if (job.bits_allocated / 8U != (is_narrowed ? 1 : sample_bytes)) return damaged();
  Writer writer(form, job, out);
  return TIFFIsTiled(tiff.get()) != 0 ? read_tiles(tiff.get(), form, job, writer)
                                      : read_rows(tiff.get(), form, job, writer);
}

}  // namespace consilium::detail
