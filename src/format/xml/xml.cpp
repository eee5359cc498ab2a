#include "format/xml/xml.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace consilium {
namespace {

constexpr std::size_t file_size_max = std::size_t{256} << 20U;
constexpr std::size_t depth_max = 64;
constexpr std::size_t element_count_max = 5'000'000;
constexpr int piece_size = 1 << 20;

struct ParserFree {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

class TreeBuilder {
 public:
  explicit TreeBuilder(XML_Parser parser) : parser_(parser) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, begin_element, end_element);
    XML_SetCharacterDataHandler(parser, character_data);
    XML_SetEntityDeclHandler(parser, entity_declared);
    XML_SetSkippedEntityHandler(parser, entity_skipped);
  }

  void refuse(Error error) {
    if (!refusal_) refusal_ = std::move(error);
    XML_StopParser(parser_, XML_FALSE);
  }

  [[nodiscard]] std::optional<Error> refusal() const { return refusal_; }
  XmlElement take_root() { return std::move(root_); }

 private:
  static TreeBuilder& self(void* user) { return *static_cast<TreeBuilder*>(user); }

  static void begin_element(void* user, const XML_Char* name, const XML_Char** attributes) {
    TreeBuilder& tree = self(user);
    if (tree.open_.size() >= depth_max || ++tree.element_count_ > element_count_max) {
      return tree.refuse({ErrorCode::TooLarge, "the XML has too many levels or elements",
                          tree.where(), "divide the file"});
    }
    XmlElement element;
    element.name = name;
    element.line_number = XML_GetCurrentLineNumber(tree.parser_);
    if (!tree.open_.empty()) element.text_before = tree.open_.back().text.size();
    for (; *attributes != nullptr; attributes += 2) {
      element.attributes.push_back({attributes[0], attributes[1]});
    }
    tree.open_.push_back(std::move(element));
  }

  static void end_element(void* user, const XML_Char*) {
    TreeBuilder& tree = self(user);
    if (tree.open_.empty()) return;  // after a refusal
    XmlElement element = std::move(tree.open_.back());
    tree.open_.pop_back();
    (tree.open_.empty() ? tree.root_ : tree.open_.back().children.emplace_back()) =
        std::move(element);
  }

  static void character_data(void* user, const XML_Char* text, int size) {
    TreeBuilder& tree = self(user);
    if (!tree.open_.empty()) tree.open_.back().text.append(text, static_cast<std::size_t>(size));
  }

  static void entity_declared(void* user, const XML_Char*, int, const XML_Char*, int,
                              const XML_Char*, const XML_Char*, const XML_Char*, const XML_Char*) {
    self(user).refuse({ErrorCode::InvalidInput, "the XML declares entities", self(user).where(),
                       "write the characters themselves"});
  }

  // With a document type that is elsewhere, expat does not take an unknown entity as an error.
  static void entity_skipped(void* user, const XML_Char*, int is_parameter_entity) {
    if (is_parameter_entity != 0) return;
    self(user).refuse({ErrorCode::Corrupt, "the XML uses an entity that it cannot know",
                       self(user).where(), "write the characters themselves"});
  }

  [[nodiscard]] std::string where() const {
    return fmt::format("line {}, byte {}", XML_GetCurrentLineNumber(parser_),
                       XML_GetCurrentByteIndex(parser_));
  }

  XML_Parser parser_;
  std::vector<XmlElement> open_;
  XmlElement root_;
  std::size_t element_count_ = 0;
  std::optional<Error> refusal_;
};

std::string escaped(std::string_view utf8, bool in_attribute) {
  std::string out;
  out.reserve(utf8.size() + utf8.size() / 16);
  for (const char c : utf8) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#13;";
        break;
      case '"':
        out += in_attribute ? "&quot;" : "\"";
        break;
      case '\n':
        out += in_attribute ? "&#10;" : "\n";
        break;
      case '\t':
        out += in_attribute ? "&#9;" : "\t";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

}  // namespace

const std::string* XmlElement::attribute(std::string_view attribute_name) const {
  const auto found = std::ranges::find(attributes, attribute_name, &XmlAttribute::name);
  return found == attributes.end() ? nullptr : &found->value;
}

const XmlElement* XmlElement::child(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

const XmlElement* XmlElement::at(std::initializer_list<std::string_view> path) const {
  const XmlElement* element = this;
  for (const std::string_view step : path) {
    if (element != nullptr) element = element->child(step);
  }
  return element;
}

std::string_view XmlElement::text_at(std::initializer_list<std::string_view> path) const {
  const XmlElement* element = at(path);
  return element == nullptr ? std::string_view() : std::string_view(element->text);
}

std::string_view XmlElement::value_of(std::string_view attribute_name) const {
  const std::string* value = attribute(attribute_name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

Result<XmlElement> read_xml(std::string_view bytes) {
  if (bytes.size() > file_size_max) {
    return fail(ErrorCode::TooLarge, "the XML is over 256 MiB", {}, "divide the file");
  }
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree> parser(
      XML_ParserCreate(nullptr));
  if (!parser) return fail(ErrorCode::Internal, "there is no memory for the XML");
  TreeBuilder tree(parser.get());
  bool is_last = false;
  while (!is_last) {
    const std::string_view piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    is_last = bytes.empty();
    const auto done =
        XML_Parse(parser.get(), piece.data(), static_cast<int>(piece.size()), is_last ? 1 : 0);
    if (const auto refusal = tree.refusal()) return std::unexpected(*refusal);
    if (done != XML_STATUS_OK) {
      return fail(
          ErrorCode::Corrupt,
          fmt::format("the XML is broken: {}", XML_ErrorString(XML_GetErrorCode(parser.get()))),
          fmt::format("line {}, byte {}", XML_GetErrorLineNumber(parser.get()),
                      XML_GetErrorByteIndex(parser.get())),
          "export the file again");
    }
  }
  return tree.take_root();
}

std::string xml_content(std::string_view utf8) { return escaped(utf8, false); }
std::string xml_attribute(std::string_view utf8) { return escaped(utf8, true); }

}  // namespace consilium
