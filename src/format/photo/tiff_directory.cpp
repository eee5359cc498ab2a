#include "format/photo/tiff_directory.hpp"

#include <set>
#include <string_view>

#include "base/byte_reader.hpp"

namespace consilium::detail {
namespace {

constexpr std::uint32_t entries_max = 4096;

// Where the first directory is, and how wide the file's offsets are.
struct TiffHeader {
  std::endian order = std::endian::little;
  bool is_big = false;
  std::uint64_t first_directory = 0;
};

Result<TiffHeader> read_header(ByteView file) {
  ByteReader bytes(file);
  TiffHeader header;
  const std::string_view order = CSL_TRY(bytes.text(2));
  if (order != "II" && order != "MM") return fail(ErrorCode::Corrupt, "this is no TIFF file");
  if (order == "MM") header.order = std::endian::big;
  bytes.set_order(header.order);
  const std::uint16_t version = CSL_TRY(bytes.u16());
  if (version == 42) {
    header.first_directory = CSL_TRY(bytes.u32());
    return header;
  }
  const std::uint16_t offset_bytes = version == 43 ? CSL_TRY(bytes.u16()) : std::uint16_t{0};
  if (offset_bytes != 8) return fail(ErrorCode::Corrupt, "this is no TIFF file", "byte 2");
  header.is_big = true;
  CSL_TRY(bytes.skip(2));
  header.first_directory = CSL_TRY(bytes.u64());
  return header;
}

struct Entry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint64_t count = 0;
  std::uint64_t first_value = 0;  // of whole numbers
  bool has_equal_values = true;
};

std::uint64_t size_of_type(std::uint16_t type) {
  switch (type) {
    case 1:
      return 1;
    case 3:
      return 2;
    case 4:
      return 4;
    case 16:
      return 8;
    default:
      return 0;  // no whole number without a sign: nothing that we ask for
  }
}

Result<std::uint64_t> number_at(ByteReader& bytes, std::uint16_t type) {
  switch (type) {
    case 1:
      return CSL_TRY(bytes.u8());
    case 3:
      return CSL_TRY(bytes.u16());
    case 4:
      return CSL_TRY(bytes.u32());
    default:
      return CSL_TRY(bytes.u64());
  }
}

// Leaves `bytes` behind the entry.
Result<Entry> read_entry(ByteReader& bytes, ByteView file, bool is_big) {
  Entry entry;
  entry.tag = CSL_TRY(bytes.u16());
  entry.type = CSL_TRY(bytes.u16());
  entry.count = is_big ? CSL_TRY(bytes.u64()) : std::uint64_t{CSL_TRY(bytes.u32())};
  const std::size_t inline_bytes = is_big ? 8 : 4;
  const std::size_t value_at = bytes.position();
  CSL_TRY(bytes.skip(inline_bytes));
  const std::uint64_t each = size_of_type(entry.type);
  if (each == 0 || entry.count == 0) return entry;
  ByteReader values(file, bytes.order());
  CSL_TRY(values.seek(value_at));
  if (entry.count > inline_bytes / each) {
    CSL_TRY(values.seek(is_big ? CSL_TRY(values.u64()) : std::uint64_t{CSL_TRY(values.u32())}));
  }
  entry.first_value = CSL_TRY(number_at(values, entry.type));
  constexpr std::uint64_t compared_max = 16;  // samples of one pixel; long lists are offsets
  for (std::uint64_t i = 1; i < entry.count && entry.count <= compared_max; ++i) {
    if (CSL_TRY(number_at(values, entry.type)) != entry.first_value) entry.has_equal_values = false;
  }
  return entry;
}

void take_over(const Entry& entry, TiffPage& page) {
  constexpr std::uint64_t most = 0xFFFF'FFFF;
  const auto value = static_cast<std::uint32_t>(std::min(entry.first_value, most));
  switch (entry.tag) {
    case 254:
      page.subfile_type = value;
      break;
    case 256:
      page.columns = entry.first_value;
      break;
    case 257:
      page.rows = entry.first_value;
      break;
    case 258:
      page.bits_per_sample = value;
      page.has_mixed_bits = !entry.has_equal_values;
      break;
    case 259:
      page.compression = value;
      break;
    case 262:
      page.photometric = value;
      break;
    case 274:
      page.orientation = value >= 1 && value <= 8 ? value : 1;
      break;
    case 277:
      page.samples_per_pixel = value;
      break;
    case 339:
      page.sample_format = value;
      break;
    case 34675:
      page.has_colour_profile = true;
      break;
    default:
      break;
  }
}

// One directory; the place of the next goes to `next`, 0 after the last.
Result<TiffPage> read_page(ByteView file, const TiffHeader& header, std::uint64_t at,
                           std::uint64_t& next) {
  ByteReader bytes(file, header.order);
  CSL_TRY(bytes.seek(at));
  const std::uint64_t count =
      header.is_big ? CSL_TRY(bytes.u64()) : std::uint64_t{CSL_TRY(bytes.u16())};
  if (count > entries_max) {
    return fail(ErrorCode::Corrupt, "a TIFF directory has too many entries", bytes.where());
  }
  TiffPage page;
  for (std::uint64_t i = 0; i < count; ++i) {
    take_over(CSL_TRY(read_entry(bytes, file, header.is_big)), page);
  }
  next = header.is_big ? CSL_TRY(bytes.u64()) : std::uint64_t{CSL_TRY(bytes.u32())};
  return page;
}

}  // namespace

Result<std::vector<TiffPage>> read_tiff_pages(ByteView file, std::uint32_t page_count_max) {
  const TiffHeader header = CSL_TRY(read_header(file));
  std::vector<TiffPage> pages;
  std::set<std::uint64_t> seen;
  for (std::uint64_t at = header.first_directory; at != 0;) {
    if (!seen.insert(at).second) {
      return fail(ErrorCode::Corrupt, "the TIFF's directories make a ring");
    }
    if (pages.size() == page_count_max) {
      return fail(ErrorCode::TooLarge, "the TIFF has more pages than are read");
    }
    std::uint64_t next = 0;
    pages.push_back(CSL_TRY(read_page(file, header, at, next)));
    at = next;
  }
  return pages;
}

std::uint32_t exif_orientation(ByteView block) {
  const auto header = read_header(block);
  if (!header) return 1;
  std::uint64_t next = 0;
  const auto page = read_page(block, *header, header->first_directory, next);
  return page ? page->orientation : 1;
}

}  // namespace consilium::detail
