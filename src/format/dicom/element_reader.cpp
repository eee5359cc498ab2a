#include "format/dicom/element_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"

namespace consilium::detail {
namespace {

constexpr std::size_t note_count_max = 32;
constexpr const char* remedy = "compare the file with the original, then import it again";

std::uint16_t u16_at(ByteView bytes, std::size_t at, std::endian order) {
  const auto first = std::to_integer<unsigned>(bytes[at]);
  const auto second = std::to_integer<unsigned>(bytes[at + 1]);
  return static_cast<std::uint16_t>(order == std::endian::little ? first | (second << 8U)
                                                                 : (first << 8U) | second);
}

std::uint32_t u32_at(ByteView bytes, std::size_t at, std::endian order) {
  const std::uint32_t first = u16_at(bytes, at, order);
  const std::uint32_t second = u16_at(bytes, at + 2, order);
  return order == std::endian::little ? first | (second << 16U) : (first << 16U) | second;
}

DicomTag tag_at(ByteView bytes, std::endian order) {
  return {.group = u16_at(bytes, 0, order), .element = u16_at(bytes, 2, order)};
}

bool is_letter(std::byte b) { return b >= std::byte{'A'} && b <= std::byte{'Z'}; }

std::uint16_t vr_code_at(ByteView bytes) {
  return vr_code(std::to_integer<char>(bytes[4]), std::to_integer<char>(bytes[5]));
}

bool is_pixel_data(DicomTag tag) {
  return tag == tags::pixel_data || tag == tags::float_pixel_data ||
         tag == tags::double_float_pixel_data;
}

// A value whose VR the file leaves open gets it from the dictionary. Values of UN are little endian
// implicit VR (PS3.5 6.2.2), so in a big-endian file only text can be given its VR back.
Vr known_vr(const ElementHead& head, std::endian order) {
  if (head.vr != Vr::Un || head.length == undefined_length) return head.vr;
  const Vr vr = implicit_vr(head.tag);
  if (order == std::endian::little || uses_charset(vr)) return vr;
  return head.vr;
}

}  // namespace

bool is_plausible_explicit(ByteView bytes, std::endian order) {
  if (bytes.size() < 8) return false;
  const DicomTag tag = tag_at(bytes, order);
  // Datasets begin with a low group, so the order that makes it lower is the right one.
  const std::endian other = order == std::endian::little ? std::endian::big : std::endian::little;
  return tag.group != 0 && tag.group <= tag_at(bytes, other).group &&
         is_known_vr(vr_code_at(bytes));
}

bool is_plausible_implicit(ByteView bytes) {
  if (bytes.size() < 8) return false;
  const DicomTag tag = tag_at(bytes, std::endian::little);
  const std::uint32_t length = u32_at(bytes, 4, std::endian::little);
  const bool fits = length <= bytes.size() - 8 || length == undefined_length;
  return tag.group != 0 && tag.group < 0x1000 && fits &&
         (tag.element == 0 || find_in_dictionary(tag).has_value());
}

void ElementReader::note(std::string_view text) {
  if (notes_.size() >= note_count_max) return;
  if (std::ranges::find(notes_, text) == notes_.end()) notes_.emplace_back(text);
}

Status ElementReader::count_element(const ByteReader& reader) {
  if (++element_count_ > options_.element_count_max) {
    return fail(ErrorCode::TooLarge, "the dataset has more elements than we read", reader.where(),
                "split the object, or raise the limit");
  }
  return {};
}

Result<ElementHead> ElementReader::read_head(ByteReader& reader, VrForm form) {
  const std::endian order = reader.order();
  const ByteView bytes = CSL_TRY(reader.take(8));
  ElementHead head{.tag = tag_at(bytes, order), .form = form};
  // Items and delimiters have no VR in either form (PS3.5 7.5).
  if (form == VrForm::Implicit || head.tag.group == tags::item.group) {
    head.length = u32_at(bytes, 4, order);
    head.vr = form == VrForm::Implicit ? implicit_vr(head.tag) : Vr::Un;
    return head;
  }
  if (!is_letter(bytes[4]) || !is_letter(bytes[5])) {
    note(
        "an element without a value representation in an explicit VR dataset was read as implicit");
    head.length = u32_at(bytes, 4, order);
    head.vr = implicit_vr(head.tag);
    head.form = VrForm::Implicit;
    return head;
  }
  const std::uint16_t code = vr_code_at(bytes);
  head.vr = static_cast<Vr>(code);
  if (has_long_length(head.vr)) {
    head.length = u32_at(CSL_TRY(reader.take(4)), 0, order);
    return head;
  }
  head.length = u16_at(bytes, 6, order);
  if (!is_known_vr(code)) {
    note("an unknown value representation was read with the dictionary's");
    head.vr = implicit_vr(head.tag);
  }
  return head;
}

bool ElementReader::take_plain(ByteReader& reader, VrForm form, DicomDataset& out) {
  constexpr std::size_t long_head_size = 12;
  const ByteView ahead = reader.peek(long_head_size);
  if (ahead.size() < long_head_size) return false;
  const std::endian order = reader.order();
  const DicomTag tag = tag_at(ahead, order);
  const bool is_special = tag.group == tags::item.group || tag.group == tags::pixel_data.group ||
                          tag == tags::specific_character_set;
  if (is_special || (!out.empty() && !(out.elements().back().tag < tag))) return false;
  const std::uint16_t code = vr_code_at(ahead);
  if (form == VrForm::Explicit && !is_known_vr(code)) return false;
  const Vr vr = form == VrForm::Explicit ? static_cast<Vr>(code) : implicit_vr(tag);
  if (vr == Vr::Sq || vr == Vr::Un) return false;
  const bool is_long = form == VrForm::Explicit && has_long_length(vr);
  const bool is_short = form == VrForm::Explicit && !is_long;
  const std::size_t head_size = is_long ? long_head_size : 8;
  const std::uint32_t length = is_short  ? u16_at(ahead, 6, order)
                               : is_long ? u32_at(ahead, 8, order)
                                         : u32_at(ahead, 4, order);
  if (length == undefined_length || element_count_ >= options_.element_count_max) return false;
  const Result<ByteView> whole =
      length <= reader.left() - head_size ? reader.take(head_size + length) : ByteView{};
  if (!whole || whole->empty()) return false;
  ++element_count_;
  out.append(tag, vr, DicomValue::view_of(whole->subspan(head_size)));
  return true;
}

Status ElementReader::read_meta(ByteReader& reader, DicomDataset& out) {
  while (reader.left() >= 8 && tag_at(reader.peek(4), std::endian::little).group == 0x0002) {
    if (take_plain(reader, VrForm::Explicit, out)) continue;
    CSL_TRY(count_element(reader));
    // A few writers use implicit VR here too; read_head sees that by the VR's letters.
    const ElementHead head = CSL_TRY(read_head(reader, VrForm::Explicit));
    CSL_TRY(read_element(reader, head, out, 0));
  }
  return {};
}

Status ElementReader::read_top(ByteReader& reader, VrForm form, DicomDataset& out,
                               PixelDataPlace& pixels) {
  while (!reader.at_end()) {
    if (take_plain(reader, form, out)) continue;
    if (reader.left() < 8) {
      if (pixels.kind == PixelDataKind::None && !out.empty()) {
        const ByteView rest = reader.peek(8);
        if (std::ranges::any_of(rest, [](std::byte b) { return b != std::byte{0}; })) {
          return fail(ErrorCode::Corrupt, "the file ends inside an element", reader.where(),
                      remedy);
        }
      }
      note("bytes after the last element were ignored");
      return {};
    }
    CSL_TRY(count_element(reader));
    const ByteReader before = reader;
    const ElementHead head = CSL_TRY(read_head(reader, form));
    if (is_pixel_data(head.tag)) {
      CSL_TRY(read_pixels(reader, head, pixels));
      if (options_.stops_at_pixel_data) return {};
      continue;
    }
    const bool is_stray = head.tag.group == tags::item.group || head.tag.group == 0;
    if (is_stray && pixels.kind != PixelDataKind::None) {
      note("bytes after the pixel data were ignored");
      return {};
    }
    if (head.tag.group == tags::item.group && head.length == 0) {
      note("a delimiter that ends nothing was ignored");
      continue;
    }
    if (const Status status = read_element(reader, head, out, 0); !status) {
      if (pixels.kind == PixelDataKind::None) return status;
      reader = before;
      note("what follows the pixel data is damaged and was ignored");
      return {};
    }
  }
  return {};
}

Status ElementReader::read_element(ByteReader& reader, const ElementHead& head, DicomDataset& out,
                                   std::uint32_t depth) {
  DicomElement element{.tag = head.tag, .vr = head.vr, .value = {}, .items = {}};
  if (head.length != undefined_length && head.vr != Vr::Sq) {
    element.vr = known_vr(head, reader.order());
    if (element.vr != Vr::Sq) {
      element.value = DicomValue::view_of(CSL_TRY(reader.take(head.length)));
      if (head.tag == tags::specific_character_set) {
        out.set_charset(parse_dicom_charset(text_of(element.value.bytes())));
      }
      if (!out.empty() && !(out.elements().back().tag < head.tag)) {
        note("elements out of order were put in order");
      }
      out.put(std::move(element));
      return {};
    }
  }
  CSL_TRY(read_sequence(reader, head, element, out, depth));
  out.put(std::move(element));
  return {};
}

Status ElementReader::read_sequence(ByteReader& reader, const ElementHead& head,
                                    DicomElement& element, const DicomDataset& parent,
                                    std::uint32_t depth) {
  // Icons carry encapsulated pixel data inside an item: kept as one value.
  const bool is_bulk = head.vr == Vr::Ob || head.vr == Vr::Ow;
  if (is_bulk && head.length == undefined_length) {
    const std::size_t begin = reader.position();
    ByteReader whole = reader;
    CSL_TRY(skip_fragments(reader));
    element.value = DicomValue::view_of(whole.peek(reader.position() - begin));
    return {};
  }
  // UN is implicit VR little endian inside, whatever the file is (PS3.5 6.2.2 note 2).
  const VrForm form = head.vr == Vr::Un ? VrForm::Implicit : head.form;
  element.vr = Vr::Sq;
  if (head.length == undefined_length) {
    const std::endian order = reader.order();
    if (head.vr == Vr::Un) reader.set_order(std::endian::little);
    const Status status = read_items(reader, form, End::AtDelimiter, element, parent, depth + 1);
    reader.set_order(order);
    return status;
  }
  ByteReader inside = CSL_TRY(reader.sub_reader(head.length));
  const ByteView whole = inside.peek(inside.left());
  if (head.vr == Vr::Un) inside.set_order(std::endian::little);
  const Status status = read_items(inside, form, End::AtBytes, element, parent, depth + 1);
  if (status || status.error().code == ErrorCode::TooLarge) return status;
  // The sequence's own length still says where the next element is.
  note("a sequence that could not be read was kept as bytes");
  element.vr = Vr::Un;
  element.items.clear();
  element.value = DicomValue::view_of(whole);
  return {};
}

Status ElementReader::read_items(ByteReader& reader, VrForm form, End end, DicomElement& element,
                                 const DicomDataset& parent, std::uint32_t depth) {
  if (depth > options_.depth_max) {
    return fail(ErrorCode::TooLarge, "sequences are nested deeper than we read", reader.where(),
                remedy);
  }
  while (true) {
    if (reader.at_end()) {
      if (end == End::AtDelimiter) note("a sequence lacked its end");
      return {};
    }
    if (end == End::AtBytes && reader.left() < 8) {
      return fail(ErrorCode::Corrupt, "an item ends early", reader.where(), remedy);
    }
    CSL_TRY(count_element(reader));
    const ByteReader before = reader;
    const ElementHead head = CSL_TRY(read_head(reader, form));
    if (head.tag == tags::sequence_delimitation_item) return {};
    if (head.tag != tags::item) {
      if (end == End::AtDelimiter && !element.items.empty() && head.tag.group != tags::item.group) {
        // A lost delimiter: the element belongs to the dataset around the sequence.
        note("a sequence lacked its end");
        reader = before;
        return {};
      }
      return fail(ErrorCode::Corrupt, "an item was expected", before.where(), remedy);
    }
    DicomDataset item(reader.order(), parent.charset());
    if (head.length == undefined_length) {
      CSL_TRY(read_items_of(reader, form, End::AtDelimiter, item, depth));
    } else {
      ByteReader inside = CSL_TRY(reader.sub_reader(head.length));
      CSL_TRY(read_items_of(inside, form, End::AtBytes, item, depth));
    }
    element.items.push_back(std::move(item));
  }
}

Status ElementReader::read_items_of(ByteReader& reader, VrForm form, End end, DicomDataset& out,
                                    std::uint32_t depth) {
  while (!reader.at_end()) {
    if (take_plain(reader, form, out)) continue;
    CSL_TRY(count_element(reader));
    const ByteReader before = reader;
    const ElementHead head = CSL_TRY(read_head(reader, form));
    if (head.tag == tags::item_delimitation_item) {
      if (end == End::AtDelimiter) return {};
      note("a delimiter that ends nothing was ignored");
      continue;
    }
    if (head.tag == tags::sequence_delimitation_item && end == End::AtDelimiter) {
      note("an item lacked its end");
      reader = before;
      return {};
    }
    if (head.tag.group == tags::item.group) {
      return fail(ErrorCode::Corrupt, "an element was expected", before.where(), remedy);
    }
    CSL_TRY(read_element(reader, head, out, depth));
  }
  if (end == End::AtDelimiter) note("an item lacked its end");
  return {};
}

Status ElementReader::read_pixels(ByteReader& reader, const ElementHead& head,
                                  PixelDataPlace& pixels) {
  pixels.kind = head.tag == tags::pixel_data         ? PixelDataKind::Integer
                : head.tag == tags::float_pixel_data ? PixelDataKind::Float
                                                     : PixelDataKind::Double;
  pixels.vr = head.vr == Vr::Un ? implicit_vr(head.tag) : head.vr;
  if (head.length == undefined_length) {
    pixels.is_encapsulated = true;
    if (options_.stops_at_pixel_data) return {};
    return read_fragments(reader, pixels);
  }
  pixels.offset = reader.offset();
  pixels.declared_length = head.length;
  pixels.length = std::min<std::uint64_t>(head.length, reader.left());
  if (pixels.length < head.length) note("the pixel data ends early");
  return reader.skip(pixels.length);
}

Status ElementReader::read_fragments(ByteReader& reader, PixelDataPlace& pixels) {
  bool is_first = true;
  pixels.fragments_offset = reader.offset();
  while (true) {
    if (reader.left() < 8) {
      note("the pixel data ends early");
      return reader.skip(reader.left());
    }
    const ElementHead head = CSL_TRY(read_head(reader, VrForm::Implicit));
    if (head.tag == tags::sequence_delimitation_item) return {};
    if (head.tag != tags::item) {
      return fail(ErrorCode::Corrupt, "a fragment of the pixel data was expected", reader.where(),
                  remedy);
    }
    CSL_TRY(count_element(reader));
    const std::uint64_t length = std::min<std::uint64_t>(head.length, reader.left());
    if (length < head.length) note("the pixel data ends early");
    if (is_first) {  // the basic offset table, which may be empty
      const std::endian order = reader.order();
      const ByteView table = CSL_TRY(reader.take(length));
      for (std::size_t at = 0; at + 4 <= table.size(); at += 4) {
        pixels.frame_offsets.push_back(u32_at(table, at, order));
      }
      pixels.fragments_offset = reader.offset();
      is_first = false;
      continue;
    }
    pixels.fragments.push_back(
        {.offset = reader.offset(), .length = length, .is_cut = length < head.length});
    CSL_TRY(reader.skip(length));
  }
}

Status ElementReader::skip_fragments(ByteReader& reader) {
  while (true) {
    const ElementHead head = CSL_TRY(read_head(reader, VrForm::Implicit));
    if (head.tag == tags::sequence_delimitation_item) return {};
    if (head.tag != tags::item) {
      return fail(ErrorCode::Corrupt, "a fragment of the pixel data was expected", reader.where(),
                  remedy);
    }
    CSL_TRY(reader.skip(head.length));
  }
}

}  // namespace consilium::detail
