#include "domain/image/dicom_dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

namespace consilium {
namespace {

constexpr std::array known_vrs{
    Vr::Ae, Vr::As, Vr::At, Vr::Cs, Vr::Da, Vr::Ds, Vr::Dt, Vr::Fd, Vr::Fl, Vr::Is, Vr::Lo, Vr::Lt,
    Vr::Ob, Vr::Od, Vr::Of, Vr::Ol, Vr::Ov, Vr::Ow, Vr::Pn, Vr::Sh, Vr::Sl, Vr::Sq, Vr::Ss, Vr::St,
    Vr::Sv, Vr::Tm, Vr::Uc, Vr::Ui, Vr::Ul, Vr::Un, Vr::Ur, Vr::Us, Vr::Ut, Vr::Uv};

// Whether two capital letters are a VR, by their places in the alphabet: asked for every element
// read.
constexpr std::size_t letter_count = 26;
constexpr auto known_by_letters = [] {
  std::array<bool, letter_count * letter_count> known{};
  for (const Vr vr : known_vrs) {
    const auto code = static_cast<std::uint16_t>(vr);
    known[((code >> 8U) - 'A') * letter_count + ((code & 0xFFU) - 'A')] = true;
  }
  return known;
}();

constexpr std::string_view padding{" \0", 2};

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(padding);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(padding) - begin + 1);
}

std::string_view trim_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(padding);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

// The `index`th of the values that backslashes part; nothing past the last.
std::optional<std::string_view> part(std::string_view text, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t at = text.find('\\');
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + 1);
  }
  return text.substr(0, text.find('\\'));
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc{} || stop != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

// Devices write IS as "1.0" too.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (!text.empty() && problem == std::errc{} && stop == end) return value;
  const std::optional<double> number = parse_number(text);
  constexpr double whole_max = 9007199254740992.0;  // 2^53
  if (!number || std::abs(*number) > whole_max || std::trunc(*number) != *number) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

template <class T>
T load(const std::byte* at, std::endian order) {
  std::array<std::byte, sizeof(T)> raw{};
  std::memcpy(raw.data(), at, sizeof(T));
  if (order != std::endian::native) std::ranges::reverse(raw);
  return std::bit_cast<T>(raw);
}

template <class T>
std::optional<T> load_at(ByteView bytes, std::size_t index, std::endian order) {
  if (index >= bytes.size() / sizeof(T)) return std::nullopt;
  return load<T>(bytes.data() + index * sizeof(T), order);
}

template <class T>
void append_number(Bytes& out, T value, std::endian order) {
  auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  if (order != std::endian::native) std::ranges::reverse(raw);
  out.insert(out.end(), raw.begin(), raw.end());
}

// Attribute tags as group << 16 | element.
std::optional<std::int64_t> tag_at(ByteView bytes, std::size_t index, std::endian order) {
  const auto group = load_at<std::uint16_t>(bytes, index * 2, order);
  const auto element = load_at<std::uint16_t>(bytes, index * 2 + 1, order);
  if (!group || !element) return std::nullopt;
  return (std::int64_t{*group} << 16U) | *element;
}

std::optional<std::int64_t> integer_of(const DicomElement& element, std::size_t index,
                                       std::endian order) {
  const ByteView bytes = element.value.bytes();
  const auto widened = [](auto value) -> std::optional<std::int64_t> {
    if (!value || !std::in_range<std::int64_t>(*value)) return std::nullopt;
    return static_cast<std::int64_t>(*value);
  };
  switch (element.vr) {
    case Vr::Us:
    case Vr::Ow:
      return widened(load_at<std::uint16_t>(bytes, index, order));
    case Vr::Ss:
      return widened(load_at<std::int16_t>(bytes, index, order));
    case Vr::Ul:
    case Vr::Ol:
      return widened(load_at<std::uint32_t>(bytes, index, order));
    case Vr::Sl:
      return widened(load_at<std::int32_t>(bytes, index, order));
    case Vr::Uv:
    case Vr::Ov:
      return widened(load_at<std::uint64_t>(bytes, index, order));
    case Vr::Sv:
      return widened(load_at<std::int64_t>(bytes, index, order));
    case Vr::At:
      return tag_at(bytes, index, order);
    case Vr::Ob:
      return widened(load_at<std::uint8_t>(bytes, index, order));
    case Vr::Is:
    case Vr::Ds: {
      const auto text = part(text_of(bytes), index);
      return text ? parse_integer(*text) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> number_of(const DicomElement& element, std::size_t index, std::endian order) {
  const ByteView bytes = element.value.bytes();
  const auto finite = [](auto value) -> std::optional<double> {
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return static_cast<double>(*value);
  };
  switch (element.vr) {
    case Vr::Fl:
    case Vr::Of:
      return finite(load_at<float>(bytes, index, order));
    case Vr::Fd:
    case Vr::Od:
      return finite(load_at<double>(bytes, index, order));
    case Vr::Ds:
    case Vr::Is: {
      const auto text = part(text_of(bytes), index);
      return text ? parse_number(*text) : std::nullopt;
    }
    default: {
      const auto whole = integer_of(element, index, order);
      return whole ? std::optional<double>(static_cast<double>(*whole)) : std::nullopt;
    }
  }
}

std::size_t value_count(const DicomElement& element) {
  const std::size_t size = element.value.bytes().size();
  switch (element.vr) {
    case Vr::Us:
    case Vr::Ss:
    case Vr::Ow:
      return size / 2;
    case Vr::Ul:
    case Vr::Sl:
    case Vr::Ol:
    case Vr::Fl:
    case Vr::Of:
    case Vr::At:
      return size / 4;
    case Vr::Uv:
    case Vr::Sv:
    case Vr::Ov:
    case Vr::Fd:
    case Vr::Od:
      return size / 8;
    case Vr::Ob:
      return size;
    default: {
      const std::string_view text = trim(text_of(element.value.bytes()));
      if (text.empty()) return 0;
      return static_cast<std::size_t>(std::ranges::count(text, '\\')) + 1;
    }
  }
}

// The most digits of a value that 16 characters hold (PS3.5: DS).
std::string decimal_string(double value) {
  std::array<char, 32> text{};
  const auto shortest = std::to_chars(text.data(), text.data() + text.size(), value);
  if (shortest.ptr - text.data() <= 16) return {text.data(), shortest.ptr};
  for (int digits = 16; digits > 0; --digits) {
    const auto done = std::to_chars(text.data(), text.data() + text.size(), value,
                                    std::chars_format::general, digits);
    if (done.ptr - text.data() <= 16) return {text.data(), done.ptr};
  }
  return "0";
}

std::string_view delimiters_of(Vr vr) { return vr == Vr::Pn ? "\\^=" : "\\"; }

}  // namespace

std::string to_string(DicomTag tag) {
  return fmt::format("({:04X},{:04X})", tag.group, tag.element);
}

bool is_known_vr(std::uint16_t code) {
  const std::size_t first = (code >> 8U) - std::size_t{'A'};
  const std::size_t second = (code & 0xFFU) - std::size_t{'A'};
  return first < letter_count && second < letter_count &&
         known_by_letters[first * letter_count + second];
}

std::string to_string(Vr vr) {
  const auto code = static_cast<std::uint16_t>(vr);
  return {static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
}

bool uses_charset(Vr vr) {
  switch (vr) {
    case Vr::Lo:
    case Vr::Lt:
    case Vr::Pn:
    case Vr::Sh:
    case Vr::St:
    case Vr::Uc:
    case Vr::Ut:
      return true;
    default:
      return false;
  }
}

void DicomDataset::put(DicomElement element) {
  if (elements_.empty() || elements_.back().tag < element.tag) {
    elements_.push_back(std::move(element));
    return;
  }
  const auto place = std::ranges::lower_bound(elements_, element.tag, {}, &DicomElement::tag);
  if (place != elements_.end() && place->tag == element.tag) {
    *place = std::move(element);
  } else {
    elements_.insert(place, std::move(element));
  }
}

void DicomDataset::put_text(DicomTag tag, Vr vr, std::string_view text) {
  Bytes bytes = to_bytes(text);
  if (bytes.size() % 2 != 0) bytes.push_back(vr == Vr::Ui ? std::byte{0} : std::byte{' '});
  put({.tag = tag, .vr = vr, .value = DicomValue::owning(std::move(bytes)), .items = {}});
  if (tag == DicomTag{.group = 0x0008, .element = 0x0005}) charset_ = parse_dicom_charset(text);
}

void DicomDataset::put_items(DicomTag tag, std::vector<DicomDataset> items) {
  put({.tag = tag, .vr = Vr::Sq, .value = {}, .items = std::move(items)});
}

void DicomDataset::put_integers(DicomTag tag, Vr vr, std::span<const std::int64_t> values) {
  if (vr == Vr::Is || vr == Vr::Ds) {
    put_text(tag, vr, fmt::format("{}", fmt::join(values, "\\")));
    return;
  }
  Bytes bytes;
  for (const std::int64_t value : values) {
    switch (vr) {
      case Vr::At:
        append_number(bytes, static_cast<std::uint16_t>(value >> 16), byte_order_);
        append_number(bytes, static_cast<std::uint16_t>(value), byte_order_);
        break;
      case Vr::Ul:
      case Vr::Sl:
      case Vr::Ol:
        append_number(bytes, static_cast<std::uint32_t>(value), byte_order_);
        break;
      case Vr::Uv:
      case Vr::Sv:
      case Vr::Ov:
        append_number(bytes, static_cast<std::uint64_t>(value), byte_order_);
        break;
      default:
        append_number(bytes, static_cast<std::uint16_t>(value), byte_order_);
        break;
    }
  }
  put({.tag = tag, .vr = vr, .value = DicomValue::owning(std::move(bytes)), .items = {}});
}

void DicomDataset::put_numbers(DicomTag tag, Vr vr, std::span<const double> values) {
  if (vr == Vr::Ds) {
    std::vector<std::string> texts;
    std::ranges::transform(values, std::back_inserter(texts), decimal_string);
    put_text(tag, vr, fmt::format("{}", fmt::join(texts, "\\")));
    return;
  }
  Bytes bytes;
  for (const double value : values) {
    if (vr == Vr::Fl || vr == Vr::Of) {
      append_number(bytes, static_cast<float>(value), byte_order_);
    } else {
      append_number(bytes, value, byte_order_);
    }
  }
  put({.tag = tag, .vr = vr, .value = DicomValue::owning(std::move(bytes)), .items = {}});
}

void DicomDataset::erase(DicomTag tag) {
  std::erase_if(elements_, [&](const DicomElement& element) { return element.tag == tag; });
}

const DicomElement* DicomDataset::find(DicomTag tag) const {
  const auto place = std::ranges::lower_bound(elements_, tag, {}, &DicomElement::tag);
  return place != elements_.end() && place->tag == tag ? &*place : nullptr;
}

bool DicomDataset::has_value(DicomTag tag) const {
  const DicomElement* element = find(tag);
  return element != nullptr && (!element->value.bytes().empty() || !element->items.empty());
}

std::string_view DicomDataset::ascii(DicomTag tag, std::size_t index) const {
  const DicomElement* element = find(tag);
  if (element == nullptr) return {};
  const auto text = part(text_of(element->value.bytes()), index);
  return text ? trim(*text) : std::string_view{};
}

std::size_t DicomDataset::ascii_count(DicomTag tag) const {
  const DicomElement* element = find(tag);
  if (element == nullptr) return 0;
  const std::string_view text = trim(text_of(element->value.bytes()));
  return text.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(text, '\\')) + 1;
}

std::string DicomDataset::text(DicomTag tag) const {
  const DicomElement* element = find(tag);
  if (element == nullptr) return {};
  const std::string_view raw = trim_end(text_of(element->value.bytes()));
  const DicomCharset plain;
  return decode_dicom_text(raw, uses_charset(element->vr) ? charset_ : plain,
                           delimiters_of(element->vr));
}

std::vector<std::string> DicomDataset::texts(DicomTag tag) const {
  const std::string whole = text(tag);
  std::vector<std::string> values;
  if (whole.empty()) return values;
  for (std::size_t index = 0;; ++index) {
    const auto value = part(whole, index);
    if (!value) return values;
    values.emplace_back(trim_end(*value));
  }
}

std::optional<std::int64_t> DicomDataset::integer(DicomTag tag, std::size_t index) const {
  const DicomElement* element = find(tag);
  return element == nullptr ? std::nullopt : integer_of(*element, index, byte_order_);
}

std::vector<std::int64_t> DicomDataset::integers(DicomTag tag) const {
  std::vector<std::int64_t> values;
  const DicomElement* element = find(tag);
  if (element == nullptr) return values;
  const std::size_t count = value_count(*element);
  values.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    const auto value = integer_of(*element, index, byte_order_);
    if (!value) return {};
    values.push_back(*value);
  }
  return values;
}

std::optional<double> DicomDataset::number(DicomTag tag, std::size_t index) const {
  const DicomElement* element = find(tag);
  return element == nullptr ? std::nullopt : number_of(*element, index, byte_order_);
}

std::vector<double> DicomDataset::numbers(DicomTag tag) const {
  std::vector<double> values;
  const DicomElement* element = find(tag);
  if (element == nullptr) return values;
  const std::size_t count = value_count(*element);
  values.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    const auto value = number_of(*element, index, byte_order_);
    if (!value) return {};
    values.push_back(*value);
  }
  return values;
}

std::span<const DicomDataset> DicomDataset::items(DicomTag tag) const {
  const DicomElement* element = find(tag);
  return element == nullptr ? std::span<const DicomDataset>{} : element->items;
}

const DicomDataset* DicomDataset::item(DicomTag tag) const {
  const auto all = items(tag);
  return all.empty() ? nullptr : all.data();
}

DicomDataset DicomDataset::owned() const {
  DicomDataset copy(byte_order_, charset_);
  copy.elements_.reserve(elements_.size());
  for (const DicomElement& element : elements_) {
    const ByteView bytes = element.value.bytes();
    DicomElement& added = copy.elements_.emplace_back();
    added.tag = element.tag;
    added.vr = element.vr;
    if (!bytes.empty()) added.value = DicomValue::owning(Bytes(bytes.begin(), bytes.end()));
    for (const DicomDataset& item : element.items) added.items.push_back(item.owned());
  }
  return copy;
}

}  // namespace consilium
