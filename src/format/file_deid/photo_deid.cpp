#include <algorithm>
#include <array>

#include "base/byte_reader.hpp"
#include "format/dicom_deid/deid_part10.hpp"
#include "format/file_deid/file_deid.hpp"

namespace consilium {
namespace {

constexpr std::string_view png_start{"\x89PNG\r\n\x1A\n", 8};

enum class PhotoKind : std::uint8_t { None, Jpeg, Png, Tiff };

PhotoKind kind_of(ByteView file) {
  if (file.size() < 16) return PhotoKind::None;
  const std::string_view text = text_of(file.first(8));
  if (text.starts_with("\xFF\xD8\xFF")) return PhotoKind::Jpeg;
  if (text == png_start) return PhotoKind::Png;
  const bool is_tiff = text.starts_with(std::string_view("II*\0", 4)) ||
                       text.starts_with(std::string_view("MM\0*", 4));
  return is_tiff ? PhotoKind::Tiff : PhotoKind::None;
}

// Chunks that say how pixels are to be shown; all others say something to people.
bool is_kept_chunk(std::string_view name) {
  constexpr std::array<std::string_view, 12> kept{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA",
                                                  "cHRM", "sRGB", "sBIT", "bKGD", "pHYs", "cICP"};
  return std::ranges::find(kept, name) != kept.end();
}

Result<Bytes> clean_png(ByteView file) {
  ByteReader reader(file, std::endian::big);
  CSL_TRY(reader.skip(png_start.size()));
  Bytes out = to_bytes(png_start);
  while (true) {
    const std::size_t begin = reader.position();
    const std::uint32_t length = CSL_TRY(reader.u32());
    const std::string_view name = CSL_TRY(reader.text(4));
    CSL_TRY(reader.skip(std::uint64_t{length} + 4));
    if (is_kept_chunk(name)) {
      const ByteView chunk = file.subspan(begin, reader.position() - begin);
      out.insert(out.end(), chunk.begin(), chunk.end());
    }
    if (name == "IEND") return out;  // what follows is no part of the picture
  }
}

// Up to the marker that ends the picture; what follows is no part of it.
Result<Bytes> clean_jpeg(ByteView file) {
  Bytes out = without_comments(file);
  for (std::size_t i = out.size(); i >= 2; --i) {
    if (out[i - 2] == std::byte{0xFF} && out[i - 1] == std::byte{0xD9}) {
      const std::string_view tail = text_of(ByteView(out).subspan(i));
      if (tail.find("\xFF\xD8") != std::string_view::npos) break;
      out.resize(i);
      return out;
    }
  }
  return fail(ErrorCode::Unsupported, "the JPEG file does not end as one picture", {},
              "save it again in an image editor");
}

// Tags of TIFF 6.0 that say how pixels lie and read.
bool is_kept_tag(std::uint16_t tag) {
  constexpr std::array<std::uint16_t, 36> kept{
      254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281,
      282, 283, 284, 292, 293, 296, 301, 317, 318, 319, 320, 322, 323, 324, 325, 338, 339, 347};
  return std::ranges::find(kept, tag) != kept.end() || (tag >= 529 && tag <= 532);
}

// Entries that are not kept go from each directory, and their values become zero.
class TiffCleaner {
 public:
  TiffCleaner(ByteView file, std::endian order)
      : out_(file.begin(), file.end()), reader_(file, order), order_(order) {}

  Result<Bytes> clean() {
    CSL_TRY(reader_.seek(4));
    std::uint32_t at = CSL_TRY(reader_.u32());
    for (int pages = 0; at != 0; ++pages) {
      if (pages > 4096) {
        return fail(ErrorCode::Corrupt, "the TIFF file's directories lead round in a circle");
      }
      at = CSL_TRY(directory(at));
    }
    return std::move(out_);
  }

 private:
  void put(std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = order_ == std::endian::little ? i : size - 1 - i;
      out_[at + place] = static_cast<std::byte>(value >> (8 * i) & 0xFFU);
    }
  }

  // Answers where the next directory is.
  Result<std::uint32_t> directory(std::uint32_t at) {
    constexpr std::array<std::uint8_t, 14> sizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    CSL_TRY(reader_.seek(at));
    const std::uint16_t count = CSL_TRY(reader_.u16());
    std::uint16_t kept = 0;
    for (std::uint16_t i = 0; i < count; ++i) {
      const std::size_t entry = reader_.position();
      const std::uint16_t tag = CSL_TRY(reader_.u16());
      const std::uint16_t type = CSL_TRY(reader_.u16());
      const std::uint32_t values = CSL_TRY(reader_.u32());
      const std::uint32_t offset = CSL_TRY(reader_.u32());
      const std::uint64_t size =
          std::uint64_t{values} * (type < sizes.size() ? sizes[type] : std::uint64_t{1});
      if (is_kept_tag(tag)) {
        const std::size_t to = std::size_t{at} + 2 + std::size_t{kept} * 12;
        std::copy_n(out_.begin() + static_cast<std::ptrdiff_t>(entry), 12,
                    out_.begin() + static_cast<std::ptrdiff_t>(to));
        ++kept;
      } else if (size > 4) {
        if (offset > out_.size() || size > out_.size() - offset) {
          return fail(ErrorCode::Corrupt, "a value of the TIFF file lies past its end");
        }
        std::fill_n(out_.begin() + offset, size, std::byte{0});
      }
      // Directories that describe the picture to people hold values of their own.
      constexpr std::uint16_t exif = 34665;
      constexpr std::uint16_t places = 34853;
      constexpr std::uint16_t parts = 330;
      if (tag == exif || tag == places || tag == parts) {
        return fail(ErrorCode::Unsupported,
                    "TIFF files with directories inside are not de-identified yet", "directory",
                    "save it again without Exif");
      }
    }
    const std::uint32_t next = CSL_TRY(reader_.u32());
    const std::size_t end = std::size_t{at} + 2 + std::size_t{kept} * 12;
    std::fill(out_.begin() + static_cast<std::ptrdiff_t>(end),
              out_.begin() + static_cast<std::ptrdiff_t>(reader_.position()), std::byte{0});
    put(at, kept, 2);
    put(end, next, 4);
    return next;
  }

  Bytes out_;
  ByteReader reader_;
  std::endian order_;
};

}  // namespace

Result<DeidentifiedFile> deidentify_photo(ByteView source, const FileDeid& how) {
  if (how.profile.clean_pixel) {
    return fail(ErrorCode::Unsupported, "nobody has said that the picture shows nobody", {},
                "look at it, and leave clean-pixel out");
  }
  DeidentifiedFile result;
  switch (kind_of(source)) {
    case PhotoKind::Png:
      result.bytes = CSL_TRY(clean_png(source));
      break;
    case PhotoKind::Tiff: {
      const bool is_little = source[0] == std::byte{'I'};
      result.bytes =
          CSL_TRY(TiffCleaner(source, is_little ? std::endian::little : std::endian::big).clean());
      break;
    }
    case PhotoKind::Jpeg:
      result.bytes = CSL_TRY(clean_jpeg(source));
      break;
    case PhotoKind::None:
      return fail(ErrorCode::Unsupported, "the file is no picture of a kind that is read");
  }
  result.steps.push_back(
      {.place = "all but how pixels are coded", .action = DeidAction::Remove, .rule = "picture"});
  return result;
}

}  // namespace consilium
