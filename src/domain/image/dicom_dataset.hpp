// A DICOM dataset as a tree of values: what a Part 10 reader makes and a writer takes. It holds raw
// value bytes and gives them as text, numbers or items on demand. Source: PS3.5 6 and 7.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "domain/image/dicom_charset.hpp"

namespace consilium {

struct DicomTag {
  std::uint16_t group = 0;
  std::uint16_t element = 0;

  // An odd group is a manufacturer's own.
  [[nodiscard]] constexpr bool is_private() const { return (group & 1U) != 0; }
  [[nodiscard]] constexpr std::uint32_t number() const {
    return (std::uint32_t{group} << 16U) | element;
  }
  friend constexpr auto operator<=>(const DicomTag&, const DicomTag&) = default;
};

[[nodiscard]] constexpr DicomTag dicom_tag(std::uint32_t number) {
  return {.group = static_cast<std::uint16_t>(number >> 16U),
          .element = static_cast<std::uint16_t>(number & 0xFFFFU)};
}
// "(0010,0020)"
[[nodiscard]] std::string to_string(DicomTag tag);

[[nodiscard]] constexpr std::uint16_t vr_code(char first, char second) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(first) << 8U) |
                                    static_cast<unsigned char>(second));
}

// The value representations of PS3.5 table 6.2-1; the number is the two letters.
enum class Vr : std::uint16_t {
  Ae = vr_code('A', 'E'),
  As = vr_code('A', 'S'),
  At = vr_code('A', 'T'),
  Cs = vr_code('C', 'S'),
  Da = vr_code('D', 'A'),
  Ds = vr_code('D', 'S'),
  Dt = vr_code('D', 'T'),
  Fd = vr_code('F', 'D'),
  Fl = vr_code('F', 'L'),
  Is = vr_code('I', 'S'),
  Lo = vr_code('L', 'O'),
  Lt = vr_code('L', 'T'),
  Ob = vr_code('O', 'B'),
  Od = vr_code('O', 'D'),
  Of = vr_code('O', 'F'),
  Ol = vr_code('O', 'L'),
  Ov = vr_code('O', 'V'),
  Ow = vr_code('O', 'W'),
  Pn = vr_code('P', 'N'),
  Sh = vr_code('S', 'H'),
  Sl = vr_code('S', 'L'),
  Sq = vr_code('S', 'Q'),
  Ss = vr_code('S', 'S'),
  St = vr_code('S', 'T'),
  Sv = vr_code('S', 'V'),
  Tm = vr_code('T', 'M'),
  Uc = vr_code('U', 'C'),
  Ui = vr_code('U', 'I'),
  Ul = vr_code('U', 'L'),
  Un = vr_code('U', 'N'),
  Ur = vr_code('U', 'R'),
  Us = vr_code('U', 'S'),
  Ut = vr_code('U', 'T'),
  Uv = vr_code('U', 'V'),
};

[[nodiscard]] bool is_known_vr(std::uint16_t code);
[[nodiscard]] std::string to_string(Vr vr);
// Whether values of this VR are text in the dataset's character set (LO, PN, LT, ...).
[[nodiscard]] bool uses_charset(Vr vr);
// Whether explicit VR writes it with two reserved bytes and a 32-bit length (PS3.5 7.1.2).
[[nodiscard]] constexpr bool has_long_length(Vr vr) {
  switch (vr) {
    case Vr::Ob:
    case Vr::Od:
    case Vr::Of:
    case Vr::Ol:
    case Vr::Ov:
    case Vr::Ow:
    case Vr::Sq:
    case Vr::Sv:
    case Vr::Uc:
    case Vr::Un:
    case Vr::Ur:
    case Vr::Ut:
    case Vr::Uv:
      return true;
    default:
      return false;
  }
}

// A value's bytes: a view of the file they were read from, or bytes of its own. Copies share.
class DicomValue {
 public:
  DicomValue() = default;
  // The viewed bytes must outlive the value.
  [[nodiscard]] static DicomValue view_of(ByteView bytes) { return DicomValue(bytes, nullptr); }
  [[nodiscard]] static DicomValue owning(Bytes bytes) {
    auto owner = std::make_shared<const Bytes>(std::move(bytes));
    const ByteView view(*owner);
    return DicomValue(view, std::move(owner));
  }
  [[nodiscard]] ByteView bytes() const { return view_; }

 private:
  DicomValue(ByteView view, std::shared_ptr<const Bytes> owner)
      : view_(view), owner_(std::move(owner)) {}
  ByteView view_;
  std::shared_ptr<const Bytes> owner_;
};

class DicomDataset;

struct DicomElement {
  DicomTag tag;
  Vr vr = Vr::Un;
  DicomValue value;                 // raw, in the dataset's byte order; empty for a sequence
  std::vector<DicomDataset> items;  // of a sequence
};

// Elements in the order of their tags, each tag once. Of a pair of equal tags the later one counts.
// Getters answer nothing (or "") when the element is absent, empty, or not of that nature; they
// never fail. Cost: a binary search each.
class DicomDataset {
 public:
  DicomDataset() = default;
  explicit DicomDataset(std::endian byte_order, DicomCharset charset = {})
      : byte_order_(byte_order), charset_(charset) {}

  [[nodiscard]] std::endian byte_order() const { return byte_order_; }
  [[nodiscard]] const DicomCharset& charset() const { return charset_; }
  void set_charset(const DicomCharset& charset) { charset_ = charset; }
  [[nodiscard]] const std::vector<DicomElement>& elements() const { return elements_; }
  [[nodiscard]] bool empty() const { return elements_.empty(); }
  void reserve(std::size_t count) { elements_.reserve(count); }

  // Adds or replaces. Cost: O(1) when the tag is past all others, else O(elements).
  void put(DicomElement element);
  // Adds at the end; the tag must be past all others. For readers: nothing is looked up or moved.
  void append(DicomTag tag, Vr vr, DicomValue value) {
    elements_.emplace_back(tag, vr, std::move(value));
  }
  // Text is padded to even length (NUL for UI, else a space) and must be in the dataset's charset.
  void put_text(DicomTag tag, Vr vr, std::string_view text);
  void put_items(DicomTag tag, std::vector<DicomDataset> items);
  // US, SS, UL, SL, UV, SV, AT as binary in the dataset's byte order; IS and DS as text.
  void put_integers(DicomTag tag, Vr vr, std::span<const std::int64_t> values);
  // FL, FD, OF, OD as binary; DS as text of at most 16 characters each.
  void put_numbers(DicomTag tag, Vr vr, std::span<const double> values);
  void erase(DicomTag tag);

  [[nodiscard]] const DicomElement* find(DicomTag tag) const;
  [[nodiscard]] bool has(DicomTag tag) const { return find(tag) != nullptr; }
  // Present and not empty.
  [[nodiscard]] bool has_value(DicomTag tag) const;

  // One value of a VR that is plain ASCII (CS, UI, DA, TM, AE, IS, DS, ...) without its padding.
  [[nodiscard]] std::string_view ascii(DicomTag tag, std::size_t index = 0) const;
  [[nodiscard]] std::size_t ascii_count(DicomTag tag) const;
  // The whole value in UTF-8 without its padding; bytes that the charset does not know become
  // U+FFFD.
  [[nodiscard]] std::string text(DicomTag tag) const;
  // The same, cut at backslashes that are characters (not halves of them).
  [[nodiscard]] std::vector<std::string> texts(DicomTag tag) const;
  // Binary integers, or IS and DS text that is a whole number.
  [[nodiscard]] std::optional<std::int64_t> integer(DicomTag tag, std::size_t index = 0) const;
  [[nodiscard]] std::vector<std::int64_t> integers(DicomTag tag) const;
  // Finite numbers of any numeric VR.
  [[nodiscard]] std::optional<double> number(DicomTag tag, std::size_t index = 0) const;
  // Empty if any of them is not a finite number.
  [[nodiscard]] std::vector<double> numbers(DicomTag tag) const;
  [[nodiscard]] std::span<const DicomDataset> items(DicomTag tag) const;
  // The first item of a sequence.
  [[nodiscard]] const DicomDataset* item(DicomTag tag) const;

  // A deep copy that views nothing outside itself. Cost: O(bytes).
  [[nodiscard]] DicomDataset owned() const;

 private:
  std::vector<DicomElement> elements_;
  std::endian byte_order_ = std::endian::little;
  DicomCharset charset_;
};

}  // namespace consilium
