#include "format/dicom_json/dicom_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"

namespace consilium {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";
constexpr std::size_t key_size = 8;

void append_key(std::string& out, DicomTag tag) {
  std::array<char, key_size> text{};
  const std::uint32_t number = tag.number();
  for (std::size_t i = 0; i < key_size; ++i) {
    text[i] = hex_digits[(number >> (28U - 4U * static_cast<unsigned>(i))) & 0xFU];
  }
  out.append(text.data(), text.size());
}

template <class T>
T load(const std::byte* at, std::endian order) {
  std::array<std::byte, sizeof(T)> raw{};
  std::memcpy(raw.data(), at, sizeof(T));
  if (order != std::endian::native) std::ranges::reverse(raw);
  return std::bit_cast<T>(raw);
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 40> text{};
  const auto done = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), done.ptr);
}

template <class T>
void append_binary_number(std::string& out, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      out += "\"NaN\"";
      return;
    }
    if (std::isinf(value)) {
      out += value > 0 ? "\"inf\"" : "\"-inf\"";
      return;
    }
  }
  append_number(out, value);
}

template <class T>
void append_binary_numbers(std::string& out, ByteView bytes, std::endian order) {
  out += '[';
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    if (at > 0) out += ',';
    append_binary_number(out, load<T>(bytes.data() + at, order));
  }
  out += ']';
}

void append_tags(std::string& out, ByteView bytes, std::endian order) {
  out += '[';
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    if (at > 0) out += ',';
    out += '"';
    append_key(out, {.group = load<std::uint16_t>(bytes.data() + at, order),
                     .element = load<std::uint16_t>(bytes.data() + at + 2, order)});
    out += '"';
  }
  out += ']';
}

std::string_view trim(std::string_view text, bool at_begin) {
  constexpr std::string_view padding{" \0", 2};
  const std::size_t last = text.find_last_not_of(padding);
  if (last == std::string_view::npos) return {};
  text = text.substr(0, last + 1);
  return at_begin ? text.substr(text.find_first_not_of(padding)) : text;
}

// "12.50" and the like to a JSON number; text that is no finite number stays text.
void append_decimal(std::string& out, std::string_view text, bool is_integer) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  const char* end = digits.data() + digits.size();
  std::int64_t whole = 0;
  if (is_integer) {
    const auto [stop, problem] = std::from_chars(digits.data(), end, whole);
    if (problem == std::errc{} && stop == end && !digits.empty()) return append_number(out, whole);
  }
  double value = 0;
  const auto [stop, problem] = std::from_chars(digits.data(), end, value);
  if (problem == std::errc{} && stop == end && std::isfinite(value) && !digits.empty()) {
    return append_number(out, value);
  }
  append_json_string(out, text);
}

// A person name by its groups (F.2.2): "Wang^XiaoDong=王^小東".
void append_person_name(std::string& out, std::string_view text) {
  constexpr std::array<std::string_view, 3> groups{"Alphabetic", "Ideographic", "Phonetic"};
  out += '{';
  bool is_first = true;
  for (const std::string_view group : groups) {
    const std::size_t end = text.find('=');
    const std::string_view name = text.substr(0, end);
    if (!name.empty()) {
      if (!is_first) out += ',';
      is_first = false;
      append_json_string(out, group);
      out += ':';
      append_json_string(out, name);
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  out += '}';
}

bool has_one_value(Vr vr) { return vr == Vr::St || vr == Vr::Lt || vr == Vr::Ut || vr == Vr::Ur; }

void append_text_value(std::string& out, Vr vr, std::string_view text) {
  if (vr == Vr::Pn) return append_person_name(out, text);
  if (vr == Vr::Ds || vr == Vr::Is) return append_decimal(out, trim(text, true), vr == Vr::Is);
  append_json_string(out, text);
}

void append_texts(std::string& out, const DicomElement& element, const DicomDataset& dataset) {
  const std::string_view raw = trim(text_of(element.value.bytes()), false);
  const DicomCharset plain;
  const std::string text =
      decode_dicom_text(raw, uses_charset(element.vr) ? dataset.charset() : plain,
                        element.vr == Vr::Pn ? "\\^=" : "\\");
  out += '[';
  if (has_one_value(element.vr)) {
    append_text_value(out, element.vr, text);
  } else {
    std::string_view rest = text;
    for (bool is_first = true;; is_first = false) {
      const std::size_t end = rest.find('\\');
      const std::string_view value =
          trim(rest.substr(0, end), element.vr != Vr::Uc && element.vr != Vr::Pn);
      if (!is_first) out += ',';
      if (value.empty()) {
        out += "null";
      } else {
        append_text_value(out, element.vr, value);
      }
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  out += ']';
}

bool is_text(Vr vr) {
  switch (vr) {
    case Vr::Ae:
    case Vr::As:
    case Vr::Cs:
    case Vr::Da:
    case Vr::Ds:
    case Vr::Dt:
    case Vr::Is:
    case Vr::Tm:
    case Vr::Ui:
    case Vr::Ur:
      return true;
    default:
      return uses_charset(vr);
  }
}

// Text of nothing but padding counts as empty.
bool is_empty(const DicomElement& element) {
  const ByteView bytes = element.value.bytes();
  return bytes.empty() || (is_text(element.vr) && trim(text_of(bytes), false).empty());
}

class ModelWriter {
 public:
  ModelWriter(std::string& out, const DicomJsonOptions& options) : out_(out), options_(options) {}

  void write(const DicomDataset& dataset, bool is_top) {
    out_ += '{';
    bool is_first = true;
    bool has_pixels = !is_top || !options_.pixel_data_vr;
    for (const DicomElement& element : dataset.elements()) {
      if (element.tag.element == 0) continue;
      if (!has_pixels && element.tag > tags::pixel_data) {
        write_pixels(is_first);
        has_pixels = true;
      }
      if (!std::exchange(is_first, false)) out_ += ',';
      write_element(element, dataset);
    }
    if (!has_pixels) write_pixels(is_first);
    out_ += '}';
  }

 private:
  void begin(DicomTag tag, Vr vr) {
    out_ += '"';
    append_key(out_, tag);
    out_ += "\":{\"vr\":\"";
    const auto code = static_cast<std::uint16_t>(vr);
    out_ += static_cast<char>(code >> 8U);
    out_ += static_cast<char>(code & 0xFFU);
    out_ += '"';
  }

  void write_pixels(bool is_first) {
    if (!is_first) out_ += ',';
    begin(tags::pixel_data, *options_.pixel_data_vr);
    write_address(tags::pixel_data);
    out_ += '}';
  }

  void write_address(DicomTag tag) {
    out_ += ",\"BulkDataURI\":\"";
    out_ += options_.bulk_prefix;
    out_ += place_;
    append_key(out_, tag);
    out_ += '"';
  }

  void write_element(const DicomElement& element, const DicomDataset& dataset) {
    begin(element.tag, element.vr);
    if (element.vr == Vr::Sq || !element.items.empty()) {
      write_items(element);
    } else if (!is_empty(element)) {
      write_value(element, dataset);
    }
    out_ += '}';
  }

  void write_items(const DicomElement& element) {
    if (element.items.empty()) return;
    out_ += ",\"Value\":[";
    const std::size_t size = place_.size();
    append_key(place_, element.tag);
    place_ += '.';
    const std::size_t before_index = place_.size();
    for (std::size_t i = 0; i < element.items.size(); ++i) {
      if (i > 0) out_ += ',';
      place_ += std::to_string(i);
      place_ += '.';
      write(element.items[i], false);
      place_.resize(before_index);
    }
    place_.resize(size);
    out_ += ']';
  }

  void write_value(const DicomElement& element, const DicomDataset& dataset) {
    const ByteView bytes = element.value.bytes();
    const std::endian order = dataset.byte_order();
    if (is_text(element.vr)) {
      out_ += ",\"Value\":";
      return append_texts(out_, element, dataset);
    }
    switch (element.vr) {
      case Vr::Us:
        return numbers<std::uint16_t>(bytes, order);
      case Vr::Ss:
        return numbers<std::int16_t>(bytes, order);
      case Vr::Ul:
        return numbers<std::uint32_t>(bytes, order);
      case Vr::Sl:
        return numbers<std::int32_t>(bytes, order);
      case Vr::Uv:
        return numbers<std::uint64_t>(bytes, order);
      case Vr::Sv:
        return numbers<std::int64_t>(bytes, order);
      case Vr::Fl:
        return numbers<float>(bytes, order);
      case Vr::Fd:
        return numbers<double>(bytes, order);
      case Vr::At:
        out_ += ",\"Value\":";
        return append_tags(out_, bytes, order);
      default:
        if (bytes.size() > options_.inline_bytes_max) return write_address(element.tag);
        out_ += ",\"InlineBinary\":\"";
        out_ += to_base64(little_endian_value(element, order));
        out_ += '"';
    }
  }

  template <class T>
  void numbers(ByteView bytes, std::endian order) {
    out_ += ",\"Value\":";
    append_binary_numbers<T>(out_, bytes, order);
  }

  std::string& out_;
  const DicomJsonOptions& options_;
  std::string place_;  // of the sequence items around: "52009230.0."
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code >= 0x20) {
      out += c;
    } else {
      out += "\\u00";
      out += hex_digits[code >> 4U];
      out += hex_digits[code & 0xFU];
    }
  }
  out += '"';
}

void append_dicom_json(std::string& out, const DicomDataset& dataset,
                       const DicomJsonOptions& options) {
  ModelWriter(out, options).write(dataset, true);
}

std::string dicom_json_key(DicomTag tag) {
  std::string key;
  append_key(key, tag);
  return key;
}

std::optional<DicomTag> dicom_tag_of_key(std::string_view key) {
  std::uint32_t number = 0;
  const char* end = key.data() + key.size();
  const auto [stop, problem] = std::from_chars(key.data(), end, number, 16);
  if (key.size() != key_size || problem != std::errc{} || stop != end) return std::nullopt;
  return dicom_tag(number);
}

DicomDataset with_settled_vrs(const DicomFile& file) {
  DicomDataset dataset = file.dataset;
  if (file.syntax->is_explicit_vr || dataset.integer(tags::pixel_representation) != 1) {
    return dataset;
  }
  for (const DicomElement& element : file.dataset.elements()) {
    if (element.vr != Vr::Us || element.tag.group != 0x0028) continue;
    const auto entry = find_in_dictionary(element.tag);
    if (!entry || !entry->is_vr_choice) continue;
    DicomElement settled = element;
    settled.vr = Vr::Ss;
    dataset.put(std::move(settled));
  }
  return dataset;
}

DicomJsonPlace find_dicom_json_place(const DicomDataset& dataset, std::string_view place) {
  const DicomDataset* within = &dataset;
  while (true) {
    const std::size_t dot = place.find('.');
    const auto tag = dicom_tag_of_key(place.substr(0, dot));
    const DicomElement* element = tag ? within->find(*tag) : nullptr;
    if (element == nullptr) return {};
    if (dot == std::string_view::npos) return {within, element};
    place.remove_prefix(dot + 1);
    const std::size_t end = place.find('.');
    std::size_t index = 0;
    const auto [stop, problem] =
        std::from_chars(place.data(), place.data() + std::min(end, place.size()), index);
    if (end == std::string_view::npos || problem != std::errc{} || stop != place.data() + end ||
        index >= element->items.size()) {
      return {};
    }
    within = &element->items[index];
    place.remove_prefix(end + 1);
  }
}

Bytes little_endian_value(const DicomElement& element, std::endian order) {
  const ByteView view = element.value.bytes();
  Bytes bytes(view.begin(), view.end());
  if (order == std::endian::little) return bytes;
  std::size_t size = 1;
  switch (element.vr) {
    case Vr::Ow:
    case Vr::Us:
    case Vr::Ss:
    case Vr::At:
      size = 2;
      break;
    case Vr::Ol:
    case Vr::Of:
    case Vr::Ul:
    case Vr::Sl:
    case Vr::Fl:
      size = 4;
      break;
    case Vr::Ov:
    case Vr::Od:
    case Vr::Uv:
    case Vr::Sv:
    case Vr::Fd:
      size = 8;
      break;
    default:
      break;
  }
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
  return bytes;
}

}  // namespace consilium
