// XML 1.0 as a tree, and the little that writing it takes.
//
// A document type declaration may stand there (BioC files name one) but nothing in it is obeyed: an
// entity that it declares is refused, an external one is never fetched. So no file grows when read.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace consilium {

struct XmlAttribute {
  std::string name;
  std::string value;
};

// Character data directly within an element is joined into `text`; comments and processing
// instructions are passed over.
struct XmlElement {
  std::string name;  // as written, prefix and all: "cas:Sofa"
  std::vector<XmlAttribute> attributes;
  std::string text;
  std::size_t text_before = 0;  // bytes of the parent's text that come before this element
  std::vector<XmlElement> children;
  std::uint64_t line_number = 0;

  // The value, or nullptr.
  [[nodiscard]] const std::string* attribute(std::string_view attribute_name) const;
  // The first child of that name, or nullptr.
  [[nodiscard]] const XmlElement* child(std::string_view child_name) const;
  // The first child of a first child ..., or nullptr.
  [[nodiscard]] const XmlElement* at(std::initializer_list<std::string_view> path) const;
  // The text at that path, or the attribute's value there; empty when there is none.
  [[nodiscard]] std::string_view text_at(std::initializer_list<std::string_view> path) const;
  [[nodiscard]] std::string_view value_of(std::string_view attribute_name) const;
};

// The root. Encodings: UTF-8, UTF-16, ISO-8859-1, US-ASCII, as declared.
// Errors: TooLarge over 256 MiB, 64 levels or 5 million elements; InvalidInput when it declares
// entities; Corrupt when it is not well formed, with line and byte.
// Cost: one pass; memory some times the file.
[[nodiscard]] Result<XmlElement> read_xml(std::string_view bytes);

// For content and for attributes in double quotes; what XML would change on reading (CR, and in
// attributes tab and LF) is written as a reference.
[[nodiscard]] std::string xml_content(std::string_view utf8);
[[nodiscard]] std::string xml_attribute(std::string_view utf8);

// Whether XML 1.0 (2.2) can hold the character at all.
[[nodiscard]] constexpr bool is_xml_char(char32_t c) {
  return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD) || c >= 0x10000;
}

}  // namespace consilium
