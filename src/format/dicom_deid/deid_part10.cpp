#include "format/dicom_deid/deid_part10.hpp"

#include <algorithm>
#include <limits>

#include "base/byte_reader.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium {
namespace {

constexpr DicomTag offset_table = dicom_tag(0x7FE00001);
constexpr DicomTag offset_table_lengths = dicom_tag(0x7FE00002);
constexpr std::uint32_t undefined_length = 0xFFFFFFFF;

void append_number(Bytes& out, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<std::byte>((value >> (8U * i)) & 0xFFU));
  }
}

void append_item(Bytes& out, DicomTag tag, std::uint64_t length) {
  append_number(out, tag.group, 2);
  append_number(out, tag.element, 2);
  append_number(out, length, 4);
}

void append_pixel_head(Bytes& out, DicomTag tag, Vr vr, std::uint32_t length) {
  append_number(out, tag.group, 2);
  append_number(out, tag.element, 2);
  const auto code = static_cast<std::uint16_t>(vr);
  out.push_back(static_cast<std::byte>(code >> 8U));
  out.push_back(static_cast<std::byte>(code & 0xFFU));
  append_number(out, 0, 2);
  append_number(out, length, 4);
}

DicomTag pixel_tag(PixelDataKind kind) {
  if (kind == PixelDataKind::Float) return tags::float_pixel_data;
  return kind == PixelDataKind::Double ? tags::double_float_pixel_data : tags::pixel_data;
}

// How many bytes the frames fill; nothing when the object does not say.
std::optional<std::uint64_t> native_size(const DicomDataset& dataset) {
  const auto rows = dataset.integer(tags::rows);
  const auto columns = dataset.integer(tags::columns);
  const auto bits = dataset.integer(tags::bits_allocated);
  const std::int64_t frames = dataset.integer(tags::number_of_frames).value_or(1);
  const std::int64_t samples = dataset.integer(tags::samples_per_pixel).value_or(1);
  if (!rows || !columns || !bits || frames < 1 || frames > 1'000'000 || samples < 1 ||
      samples > 4 || *rows < 1 || *columns < 1 || *bits < 1 || *bits > 64) {
    return std::nullopt;
  }
  // Rows and columns are of 16 bits, so the product stays below 2^60.
  const auto bit_count = static_cast<std::uint64_t>(*rows) * static_cast<std::uint64_t>(*columns) *
                         static_cast<std::uint64_t>(frames) * static_cast<std::uint64_t>(samples) *
                         static_cast<std::uint64_t>(*bits);
  return (bit_count + 7) / 8;
}

Status append_native(Bytes& out, const DicomFile& file) {
  const PixelDataPlace& place = file.pixel_data;
  if (place.length < place.declared_length) {
    return fail(ErrorCode::Corrupt, "the file ends within its pixels", "(7FE0,0010)",
                "compare the file with the original");
  }
  std::uint64_t length = place.length;
  if (const auto filled = native_size(file.dataset)) length = std::min(length, *filled);
  const bool is_big = file.syntax->byte_order == std::endian::big;
  const bool is_odd = length % 2 != 0;
  if (length + 1 >= undefined_length) {
    return fail(ErrorCode::TooLarge, "the pixels are longer than 4 GiB", "(7FE0,0010)");
  }
  append_pixel_head(out, pixel_tag(place.kind), place.vr,
                    static_cast<std::uint32_t>(length + (is_odd ? 1 : 0)));
  const ByteView pixels = file.bytes.subspan(place.offset, length);
  const std::size_t begin = out.size();
  out.insert(out.end(), pixels.begin(), pixels.end());
  if (is_odd) out.push_back(std::byte{0});
  if (!is_big || place.vr == Vr::Ob) return {};
  const std::int64_t bits = file.dataset.integer(tags::bits_allocated).value_or(16);
  if (bits > 16 || place.vr != Vr::Ow) {
    return fail(ErrorCode::Unsupported, "big-endian pixels of more than 16 bits are not read",
                "(7FE0,0010)", "store the file as little endian first");
  }
  for (std::size_t i = begin; i + 1 < out.size(); i += 2) std::swap(out[i], out[i + 1]);
  return {};
}

Status append_encapsulated(Bytes& out, const DicomFile& file) {
  const PixelDataPlace& place = file.pixel_data;
  std::vector<Bytes> fragments;
  std::vector<std::uint64_t> old_offsets;  // from the first fragment's item on, as tables count
  std::vector<std::uint64_t> new_offsets;
  std::uint64_t at = 0;
  for (const PixelFragment& fragment : place.fragments) {
    if (fragment.is_cut) {
      return fail(ErrorCode::Corrupt, "the file ends within its pixels", "(7FE0,0010)",
                  "compare the file with the original");
    }
    fragments.push_back(without_comments(file.bytes.subspan(fragment.offset, fragment.length)));
    if (fragments.back().size() % 2 != 0) fragments.back().push_back(std::byte{0});
    old_offsets.push_back(fragment.offset - 8 - place.fragments_offset);
    new_offsets.push_back(at);
    at += fragments.back().size() + 8;
  }
  append_pixel_head(out, tags::pixel_data, Vr::Ob, undefined_length);
  // A table that points between fragments is of no use, and one past 4 GiB cannot be written.
  std::vector<std::uint64_t> table;
  for (const std::uint64_t offset : place.frame_offsets) {
    const auto found = std::ranges::find(old_offsets, offset);
    if (found == old_offsets.end()) break;
    table.push_back(new_offsets[static_cast<std::size_t>(found - old_offsets.begin())]);
  }
  const bool is_whole =
      table.size() == place.frame_offsets.size() && at <= std::numeric_limits<std::uint32_t>::max();
  if (!is_whole) table.clear();
  append_item(out, tags::item, table.size() * 4);
  for (const std::uint64_t offset : table) append_number(out, offset, 4);
  for (const Bytes& fragment : fragments) {
    append_item(out, tags::item, fragment.size());
    out.insert(out.end(), fragment.begin(), fragment.end());
  }
  append_item(out, tags::sequence_delimitation_item, 0);
  return {};
}

constexpr std::uint16_t jpeg_start = 0xFFD8;
constexpr std::uint16_t jpeg_scan = 0xFFDA;
constexpr std::uint16_t jpeg_comment = 0xFFFE;
constexpr std::uint16_t jpeg_2000_start = 0xFF4F;
constexpr std::uint16_t jpeg_2000_tile = 0xFF90;
constexpr std::uint16_t jpeg_2000_comment = 0xFF64;

// Segments that only say something to people or other programs.
bool is_comment(std::uint16_t marker, bool is_jpeg_2000) {
  if (is_jpeg_2000) return marker == jpeg_2000_comment;
  const bool is_application = marker >= 0xFFE0 && marker <= 0xFFEF;
  // APP0 is JFIF, APP8 the colour transform of JPEG-LS, APP14 Adobe's colour transform.
  return marker == jpeg_comment ||
         (is_application && marker != 0xFFE0 && marker != 0xFFE8 && marker != 0xFFEE);
}

}  // namespace

Bytes without_comments(ByteView codestream) {
  ByteReader reader(codestream, std::endian::big);
  const std::uint16_t start = reader.u16().value_or(0);
  const bool is_jpeg_2000 = start == jpeg_2000_start;
  Bytes whole(codestream.begin(), codestream.end());
  if (!is_jpeg_2000 && start != jpeg_start) return whole;
  Bytes out(codestream.begin(), codestream.begin() + 2);
  while (true) {
    const std::size_t begin = reader.position();
    const auto marker = reader.u16();
    if (!marker || *marker < 0xFF00) return whole;
    if (*marker == jpeg_scan || *marker == jpeg_2000_tile) {
      const ByteView rest = codestream.subspan(begin);
      out.insert(out.end(), rest.begin(), rest.end());
      return out;
    }
    const auto length = reader.u16();
    if (!length || *length < 2 || !reader.skip(*length - 2)) return whole;
    if (is_comment(*marker, is_jpeg_2000)) continue;
    const ByteView segment = codestream.subspan(begin, reader.position() - begin);
    out.insert(out.end(), segment.begin(), segment.end());
  }
}

Result<Bytes> write_deidentified(const DicomFile& file, DicomDataset dataset) {
  dataset.erase(offset_table);
  dataset.erase(offset_table_lengths);
  const bool is_plain = !file.syntax->is_encapsulated;
  Bytes out =
      CSL_TRY(write_part10_head(dataset, is_plain ? explicit_little_endian().uid
                                                  : std::string_view(file.transfer_syntax_uid)));
  if (file.pixel_data.kind == PixelDataKind::None) return out;
  const std::uint64_t size =
      file.pixel_data.is_encapsulated ? file.bytes.size() : file.pixel_data.length;
  out.reserve(out.size() + size + 64);
  CSL_TRY(file.pixel_data.is_encapsulated ? append_encapsulated(out, file)
                                          : append_native(out, file));
  return out;
}

}  // namespace consilium
