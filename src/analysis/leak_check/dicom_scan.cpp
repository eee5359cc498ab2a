#include "analysis/leak_check/dicom_scan.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace consilium {
namespace {

constexpr std::size_t preamble_size = 128;
constexpr std::uint32_t item = 0xFFFEE000;
constexpr std::uint32_t item_end = 0xFFFEE00D;
constexpr std::uint32_t sequence_end = 0xFFFEE0DD;
constexpr std::uint32_t open_length = 0xFFFFFFFF;
constexpr std::uint32_t transfer_syntax = 0x00020010;
constexpr std::size_t depth_max = 40;
constexpr std::size_t inflated_max = std::size_t{1} << 30U;

bool is_pixel(std::uint32_t tag) {
  return tag == 0x7FE00008 || tag == 0x7FE00009 || tag == 0x7FE00010;
}

Bytes inflate_raw(ByteView packed) {
  Bytes out(std::min(inflated_max, packed.size() * 20 + 65536));
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  out.resize(status == Z_STREAM_END ? stream.total_out : 0);
  inflateEnd(&stream);
  return out;
}

class Scanner {
 public:
  Scanner(ByteView file, DicomScan& scan) : file_(file), scan_(scan) {}

  bool is_explicit = true;
  bool is_big = false;
  std::size_t at = 0;

  [[nodiscard]] bool has(std::size_t count) const { return file_.size() - at >= count; }
  [[nodiscard]] std::uint32_t number(std::size_t offset, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = is_big ? i : size - 1 - i;
      value = (value << 8U) | std::to_integer<std::uint32_t>(file_[offset + place]);
    }
    return value;
  }
  [[nodiscard]] std::uint32_t tag_at(std::size_t offset) const {
    return (number(offset, 2) << 16U) | number(offset + 2, 2);
  }

  // Elements up to `end`, or to a delimiter. False when something does not read.
  bool elements(std::size_t end, const std::string& place, std::size_t depth, bool is_meta) {
    if (depth > depth_max) return false;
    while (at < end) {
      if (end - at < 8) return false;
      const std::uint32_t tag = tag_at(at);
      if (tag == item_end || tag == sequence_end) {
        at += 8;
        return tag == item_end;
      }
      if (is_meta && tag >> 16U != 0x0002) return true;
      if (!element(tag, end, place, depth)) return false;
    }
    return at == end;
  }

 private:
  bool element(std::uint32_t tag, std::size_t end, const std::string& place, std::size_t depth) {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "(%04X,%04X)", tag >> 16U, tag & 0xFFFFU);
    ScannedElement found{
        .tag = tag, .place = place + name.data(), .vr = {}, .value = {}, .depth = depth};
    std::uint32_t length = 0;
    if (is_explicit) {
      found.vr = std::string(text_of(file_.subspan(at + 4, 2)));
      static constexpr std::array<std::string_view, 13> wide{
          "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"};
      if (std::ranges::find(wide, found.vr) != wide.end()) {
        if (end - at < 12) return false;
        length = number(at + 8, 4);
        at += 12;
      } else {
        length = number(at + 6, 2);
        at += 8;
      }
    } else {
      length = number(at + 4, 4);
      at += 8;
    }
    if (is_pixel(tag) && depth == 0) return pixels(found, length, end);
    // Items tell a sequence where no VR does.
    const bool shows_items =
        !is_explicit && length >= 8 && length <= end - at && tag_at(at) == item;
    if (length == open_length || found.vr == "SQ" || shows_items) {
      scan_.elements.push_back(found);
      return items(found, length, end, depth);
    }
    if (length > end - at) return false;
    found.value = file_.subspan(at, length);
    at += length;
    scan_.elements.push_back(std::move(found));
    return true;
  }

  bool items(const ScannedElement& sequence, std::uint32_t length, std::size_t outer,
             std::size_t depth) {
    if (length != open_length && length > outer - at) return false;
    const std::size_t end = length == open_length ? outer : at + length;
    const bool was_explicit = std::exchange(is_explicit, is_explicit && sequence.vr != "UN");
    bool is_fine = true;
    for (std::size_t i = 0; is_fine && at < end; ++i) {
      if (end - at < 8) {
        is_fine = false;
        break;
      }
      const std::uint32_t tag = tag_at(at);
      const std::uint32_t size = number(at + 4, 4);
      at += 8;
      if (tag == sequence_end) break;
      if (tag != item || (size != open_length && size > end - at)) {
        is_fine = false;
      } else {
        is_fine = elements(size == open_length ? end : at + size,
                           sequence.place + "[" + std::to_string(i) + "].", depth + 1, false);
      }
    }
    is_explicit = was_explicit;
    return is_fine;
  }

  bool pixels(ScannedElement& found, std::uint32_t length, std::size_t end) {
    scan_.pixel_begin = at;
    if (length != open_length) {
      if (length > end - at) return false;
      at += length;
    } else {
      while (true) {
        if (end - at < 8) return false;
        const std::uint32_t tag = tag_at(at);
        const std::uint32_t size = number(at + 4, 4);
        at += 8;
        if (tag == sequence_end) break;
        if (tag != item || size > end - at) return false;
        at += size;
      }
    }
    scan_.pixel_end = at;
    scan_.elements.push_back(std::move(found));
    return true;
  }

  ByteView file_;
  DicomScan& scan_;
};

}  // namespace

std::string_view stripped(ByteView value) {
  constexpr std::string_view padding{" \0", 2};
  const std::string_view text = text_of(value);
  const std::size_t begin = text.find_first_not_of(padding);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(padding) - begin + 1);
}

std::string_view DicomScan::text(std::uint32_t tag) const {
  for (const ScannedElement& element : elements) {
    if (element.tag == tag && element.depth == 0) return stripped(element.value);
  }
  return {};
}

DicomScan scan_dicom(ByteView file) {
  DicomScan scan;
  std::size_t begin = 0;
  if (file.size() > preamble_size + 4 && text_of(file.subspan(preamble_size, 4)) == "DICM") {
    begin = preamble_size + 4;
    scan.preamble = file.first(preamble_size);
  }
  Scanner meta(file, scan);
  meta.at = begin;
  if (file.size() < begin + 8) return scan;
  const std::uint32_t first = meta.tag_at(begin);
  scan.is_dicom = begin > 0 || first >> 16U == 0x0002 || first >> 16U == 0x0008;
  if (!scan.is_dicom) return scan;
  if (!meta.elements(file.size(), "", 0, true)) return scan;
  const std::string syntax(scan.text(transfer_syntax));
  ByteView rest = file;
  std::size_t from = meta.at;
  if (syntax == "1.2.840.10008.1.2.1.99") {
    scan.inflated = inflate_raw(file.subspan(from));
    rest = scan.inflated;
    from = 0;
  }
  Scanner body(rest, scan);
  body.at = from;
  body.is_big = syntax == "1.2.840.10008.1.2.2";
  // What is written, not what is named, tells the form: two capital letters are a VR.
  if (rest.size() < from + 8) return scan;
  const auto is_letter = [&](std::size_t at) {
    return rest[at] >= std::byte{'A'} && rest[at] <= std::byte{'Z'};
  };
  body.is_explicit = is_letter(from + 4) && is_letter(from + 5);
  scan.is_whole = body.elements(rest.size(), "", 0, false) && body.at == rest.size();
  return scan;
}

}  // namespace consilium
