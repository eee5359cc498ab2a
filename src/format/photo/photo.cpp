#include "format/photo/photo.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/byte_reader.hpp"
#include "format/photo/tiff_directory.hpp"
#include "format/volume/packing.hpp"

namespace consilium {
namespace {

constexpr std::string_view png_signature("\x89PNG\r\n\x1A\n", 8);

std::optional<PhotoFormat> format_of(ByteView head) {
  const std::string_view text = text_of(head.first(std::min<std::size_t>(head.size(), 8)));
  if (text.starts_with("\xFF\xD8\xFF")) return PhotoFormat::Jpeg;
  if (text.starts_with(png_signature)) return PhotoFormat::Png;
  for (const std::string_view mark : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                      std::string_view("II+\0", 4), std::string_view("MM\0+", 4)}) {
    if (text.starts_with(mark)) return PhotoFormat::Tiff;
  }
  return std::nullopt;
}

std::unexpected<Error> unsupported(std::string what) {
  return fail(ErrorCode::Unsupported, std::move(what), {}, "save it as RGB or grey, 8 or 16 bits");
}

PixelLayout grey(std::uint32_t rows, std::uint32_t columns, SampleType type) {
  return {.rows = rows,
          .columns = columns,
          .samples_per_pixel = 1,
          .sample_type = type,
          .photometric = Photometric::Monochrome2};
}

PixelLayout colour(std::uint32_t rows, std::uint32_t columns) {
  return {.rows = rows,
          .columns = columns,
          .samples_per_pixel = 3,
          .sample_type = SampleType::U8,
          .photometric = Photometric::Rgb};
}

// --- JPEG ----------------------------------------------------------------------------------------

Status read_jpeg_frame(ByteReader& segment, unsigned marker, Photo& photo) {
  const bool is_huffman_dct = marker >= 0xC0 && marker <= 0xC2;
  const std::uint8_t precision = CSL_TRY(segment.u8());
  if (!is_huffman_dct || precision != 8) {
    return unsupported("a JPEG of this kind (lossless, arithmetic or 12 bits) is not read");
  }
  segment.set_order(std::endian::big);
  const std::uint16_t rows = CSL_TRY(segment.u16());
  const std::uint16_t columns = CSL_TRY(segment.u16());
  const std::uint8_t components = CSL_TRY(segment.u8());
  if (components == 4) return unsupported("the picture has the colours of print (CMYK)");
  if (components != 1 && components != 3) {
    return fail(ErrorCode::Corrupt, "a JPEG has 1 or 3 components", segment.where());
  }
  photo.layout = components == 1 ? grey(rows, columns, SampleType::U8) : colour(rows, columns);
  return {};
}

void read_jpeg_application(ByteView segment, unsigned marker, Photo& photo) {
  constexpr std::string_view exif_mark("Exif\0\0", 6);
  const std::string_view text = text_of(segment);
  if (marker == 0xE1 && text.starts_with(exif_mark)) {
    photo.orientation = detail::exif_orientation(segment.subspan(exif_mark.size()));
  }
  if (marker == 0xE2 && text.starts_with("ICC_PROFILE")) photo.has_colour_profile = true;
}

bool is_jpeg_frame(unsigned marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

Result<Photo> describe_jpeg(ByteView file) {
  Photo photo{.format = PhotoFormat::Jpeg, .layout = {}};
  ByteReader bytes(file, std::endian::big);
  CSL_TRY(bytes.skip(2));
  while (true) {
    if (CSL_TRY(bytes.u8()) != 0xFF) {
      return fail(ErrorCode::Corrupt, "a JPEG marker was expected", bytes.where());
    }
    unsigned marker = 0xFF;
    while (marker == 0xFF) marker = CSL_TRY(bytes.u8());                 // fill bytes
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) continue;  // without a length
    if (marker == 0xDA || marker == 0xD9) {
      return fail(ErrorCode::Corrupt, "the JPEG's frame header is missing", bytes.where());
    }
    const std::uint16_t length = CSL_TRY(bytes.u16());
    if (length < 2) return fail(ErrorCode::Corrupt, "a JPEG segment is too short", bytes.where());
    const ByteView segment = CSL_TRY(bytes.take(length - 2U));
    if (is_jpeg_frame(marker)) {
      ByteReader frame(segment);
      CSL_TRY(read_jpeg_frame(frame, marker, photo));
      return photo;
    }
    read_jpeg_application(segment, marker, photo);
  }
}

// --- PNG -----------------------------------------------------------------------------------------

Result<PixelLayout> read_png_header(ByteReader& bytes, Photo& photo) {
  const std::uint32_t columns = CSL_TRY(bytes.u32());
  const std::uint32_t rows = CSL_TRY(bytes.u32());
  const std::uint8_t bits = CSL_TRY(bytes.u8());
  const std::uint8_t type = CSL_TRY(bytes.u8());
  const bool is_known = type == 0 || type == 2 || type == 3 || type == 4 || type == 6;
  if (!is_known || (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16)) {
    return fail(ErrorCode::Corrupt, "the PNG's header names no kind of pixel", bytes.where());
  }
  photo.has_transparency = type == 4 || type == 6;
  if (type == 0 || type == 4) {
    return grey(rows, columns, bits == 16 ? SampleType::U16 : SampleType::U8);
  }
  photo.had_wide_colour = bits == 16;
  return colour(rows, columns);
}

// What deflate cannot have packed into the file is not there.
Status check_png_size(const Photo& photo, std::uint64_t file_size) {
  const std::uint64_t bits = photo.had_wide_colour ? 2 : 1;
  const std::uint64_t least = std::uint64_t{photo.layout.rows} * photo.layout.columns * bits / 8;
  if (can_unpack_to(file_size, least)) return {};
  return fail(ErrorCode::Corrupt, "the picture declares more pixels than the file can hold",
              "byte 16", "compare its size with the original's and copy it again");
}

Result<Photo> describe_png(ByteView file) {
  Photo photo{.format = PhotoFormat::Png, .layout = {}};
  ByteReader bytes(file, std::endian::big);
  CSL_TRY(bytes.skip(png_signature.size()));
  bool has_header = false;
  while (true) {
    const std::uint32_t length = CSL_TRY(bytes.u32());
    const std::string_view type = CSL_TRY(bytes.text(4));
    if (!has_header && (type != "IHDR" || length != 13)) {
      return fail(ErrorCode::Corrupt, "the PNG does not begin with its header", bytes.where());
    }
    if (type == "IEND") return photo;
    if (type == "IDAT") CSL_TRY(check_png_size(photo, file.size()));
    const ByteView data = CSL_TRY(bytes.take(length));
    CSL_TRY(bytes.skip(4));  // the checksum is the decoder's
    if (type == "IHDR") {
      ByteReader header(data, std::endian::big);
      photo.layout = CSL_TRY(read_png_header(header, photo));
      has_header = true;
    }
    if (type == "iCCP") photo.has_colour_profile = true;
    if (type == "tRNS") photo.has_transparency = true;
    // Anywhere: some programs add it behind the pixels.
    if (type == "eXIf") photo.orientation = detail::exif_orientation(data);
  }
}

// --- TIFF ----------------------------------------------------------------------------------------

std::optional<SampleType> grey_type(const detail::TiffPage& page) {
  const std::uint32_t bits = page.bits_per_sample;
  if (page.sample_format == 3) {
    return bits == 32 ? std::optional(SampleType::F32) : std::nullopt;
  }
  const bool is_signed = page.sample_format == 2;
  if (!is_signed && (bits == 1 || bits == 2 || bits == 4 || bits == 8)) return SampleType::U8;
  if (bits == 8) return SampleType::I8;
  if (bits == 16) return is_signed ? SampleType::I16 : SampleType::U16;
  if (bits == 32) return is_signed ? SampleType::I32 : SampleType::U32;
  return std::nullopt;
}

Result<PixelLayout> layout_of(const detail::TiffPage& page) {
  if (page.columns > 65'535 || page.rows > 65'535) {
    return fail(ErrorCode::TooLarge, "the picture has more than 65535 rows or columns");
  }
  const auto rows = static_cast<std::uint32_t>(page.rows);
  const auto columns = static_cast<std::uint32_t>(page.columns);
  const std::uint32_t bits = page.bits_per_sample;
  if (page.has_mixed_bits) return unsupported("the samples of a pixel differ in size");
  switch (page.photometric) {
    case 0:
    case 1: {
      const auto type = grey_type(page);
      if (!type || page.samples_per_pixel == 0) {
        return unsupported("grey samples of " + std::to_string(bits) + " bits are not read");
      }
      return grey(rows, columns, *type);
    }
    case 2:
      if ((bits != 8 && bits != 16) || page.samples_per_pixel < 3 || page.sample_format > 1) {
        return unsupported("colour of " + std::to_string(bits) + " bits a channel is not read");
      }
      return colour(rows, columns);
    case 3:
      if ((bits != 1 && bits != 2 && bits != 4 && bits != 8) || page.samples_per_pixel != 1) {
        return unsupported("a palette of this kind is not read");
      }
      return colour(rows, columns);
    case 6:
      if (bits != 8 || page.samples_per_pixel != 3) {
        return unsupported("YCbCr of this kind is not read");
      }
      return colour(rows, columns);
    case 5:
      return unsupported("the picture has the colours of print (CMYK)");
    default:
      return unsupported("the picture's kind of colour is not read");
  }
}

// What is stored without a codec, or by deflate, cannot be larger than the file allows.
Status check_tiff_size(const detail::TiffPage& page, std::uint64_t file_size) {
  const std::uint64_t stored = page.columns * page.rows * page.bits_per_sample / 8;
  const bool is_deflated = page.compression == 8 || page.compression == 32946;
  const bool fits = page.compression == 1 ? stored <= file_size
                                          : !is_deflated || can_unpack_to(file_size, stored);
  if (fits) return {};
  return fail(ErrorCode::Corrupt, "the picture declares more pixels than the file can hold", {},
              "compare its size with the original's and copy it again");
}

Result<Photo> describe_tiff(ByteView file) {
  const std::vector<detail::TiffPage> pages =
      CSL_TRY(detail::read_tiff_pages(file, photo_pages_max));
  Photo photo{.format = PhotoFormat::Tiff, .layout = {}};
  photo.pages.clear();
  for (std::uint32_t number = 0; number < pages.size(); ++number) {
    const detail::TiffPage& page = pages[number];
    constexpr std::uint32_t reduced_or_mask = 1U | 4U;
    if ((page.subfile_type & reduced_or_mask) != 0) continue;
    const PixelLayout layout = CSL_TRY(layout_of(page));
    CSL_TRY(check_tiff_size(page, file.size()));
    if (photo.pages.empty()) {
      photo.layout = layout;
      photo.orientation = page.orientation;
    } else if (layout != photo.layout || page.orientation != photo.orientation) {
      return fail(ErrorCode::Unsupported, "the pages of the TIFF differ in size or kind",
                  "page " + std::to_string(number + 1),
                  "save its pages as files of their own; whole slides come with a later version");
    }
    const std::uint32_t own_samples = page.photometric == 2 || page.photometric == 6 ? 3 : 1;
    photo.has_transparency = photo.has_transparency || page.samples_per_pixel > own_samples;
    photo.had_wide_colour =
        photo.had_wide_colour || (layout.samples_per_pixel == 3 && page.bits_per_sample == 16);
    photo.has_colour_profile = photo.has_colour_profile || page.has_colour_profile;
    photo.pages.push_back(number);
  }
  if (photo.pages.empty()) return fail(ErrorCode::Corrupt, "the TIFF has no picture");
  return photo;
}

Status check_sizes(const Photo& photo) {
  const PixelLayout& layout = photo.layout;
  if (layout.rows == 0 || layout.columns == 0) {
    return fail(ErrorCode::Corrupt, "the picture has no pixels");
  }
  const std::string limit = "make it smaller, or cut it";
  if (layout.rows > 65'535 || layout.columns > 65'535 ||
      std::uint64_t{layout.rows} * layout.columns > photo_pixels_max) {
    return fail(ErrorCode::TooLarge, "the picture has more pixels than are read", {}, limit);
  }
  if (frame_size_bytes(layout) > photo_bytes_max / photo.pages.size()) {
    return fail(ErrorCode::TooLarge, "the picture's pages are more than are read at once", {},
                limit);
  }
  return {};
}

Result<Photo> describe(PhotoFormat format, ByteView file) {
  switch (format) {
    case PhotoFormat::Jpeg:
      return describe_jpeg(file);
    case PhotoFormat::Png:
      return describe_png(file);
    case PhotoFormat::Tiff:
      return describe_tiff(file);
  }
  return fail(ErrorCode::Internal, "there is a picture format that nobody reads");
}

}  // namespace

bool looks_like_photo(ByteView head) { return format_of(head).has_value(); }

Result<Photo> describe_photo(ByteView file) {
  const auto format = format_of(file);
  if (!format) return fail(ErrorCode::Corrupt, "this is no JPEG, PNG or TIFF file", "byte 0");
  const Photo photo = CSL_TRY(describe(*format, file));
  CSL_TRY(check_sizes(photo));
  return photo;
}

}  // namespace consilium
