#include <fmt/format.h>

#include <utility>

#include "format/bioc/bioc.hpp"
#include "format/bioc/bioc_tree.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

using detail::BiocAnnotation;
using detail::BiocCollection;
using detail::BiocDocument;
using detail::BiocInfons;
using detail::BiocPart;
using detail::BiocRelation;

std::string attribute_of(const XmlElement& element, std::string_view name) {
  const std::string* value = element.attribute(name);
  return value == nullptr ? std::string{} : *value;
}

BiocInfons infons_of(const XmlElement& element) {
  BiocInfons infons;
  for (const XmlElement& child : element.children) {
    if (child.name == "infon") infons.push_back({attribute_of(child, "key"), child.text});
  }
  return infons;
}

Result<std::uint64_t> number_in(std::string_view text, const XmlElement& element) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  const auto number = begin == std::string_view::npos
                          ? std::nullopt
                          : whole_number(text.substr(begin, end - begin + 1));
  if (number && *number <= (std::uint64_t{1} << 48U)) return *number;
  return fail(ErrorCode::Corrupt, "an offset or length is not a number",
              fmt::format("line {}", element.line_number), "export the file again");
}

Result<BiocAnnotation> annotation_of(const XmlElement& element) {
  BiocAnnotation one{.id = attribute_of(element, "id"), .infons = infons_of(element)};
  for (const XmlElement& child : element.children) {
    if (child.name == "text") one.text = child.text;
    if (child.name != "location") continue;
    const std::uint64_t offset = CSL_TRY(number_in(attribute_of(child, "offset"), child));
    const std::uint64_t length = CSL_TRY(number_in(attribute_of(child, "length"), child));
    one.locations.push_back({offset, length});
  }
  return one;
}

BiocRelation relation_of(const XmlElement& element) {
  BiocRelation one{.id = attribute_of(element, "id"), .infons = infons_of(element)};
  for (const XmlElement& child : element.children) {
    if (child.name == "node") {
      one.nodes.push_back({attribute_of(child, "refid"), attribute_of(child, "role")});
    }
  }
  return one;
}

Result<BiocPart> part_of(const XmlElement& element, bool is_passage) {
  BiocPart part{.infons = infons_of(element)};
  for (const XmlElement& child : element.children) {
    if (child.name == "offset") {
      part.offset = CSL_TRY(number_in(child.text, child));
    } else if (child.name == "text") {
      part.text = child.text;
    } else if (child.name == "annotation") {
      part.annotations.push_back(CSL_TRY(annotation_of(child)));
    } else if (child.name == "relation") {
      part.relations.push_back(relation_of(child));
    } else if (child.name == "sentence" && is_passage) {
      part.sentences.push_back(CSL_TRY(part_of(child, false)));
    }
  }
  return part;
}

Result<BiocDocument> document_of(const XmlElement& element) {
  BiocDocument document{.infons = infons_of(element)};
  for (const XmlElement& child : element.children) {
    if (child.name == "id") {
      document.id = child.text;
    } else if (child.name == "passage") {
      document.passages.push_back(CSL_TRY(part_of(child, true)));
    } else if (child.name == "annotation") {
      document.annotations.push_back(CSL_TRY(annotation_of(child)));
    } else if (child.name == "relation") {
      document.relations.push_back(relation_of(child));
    }
  }
  return document;
}

class XmlWriter {
 public:
  std::string write(const BiocCollection& collection) {
    out_ =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE collection SYSTEM \"BioC.dtd\">\n"
        "<collection>";
    BiocInfons infons;
    for (const std::string_view name : {"source", "date", "key"}) {
      std::string value;
      for (const TextAttribute& one : collection.infons) {
        if (one.name == name) value = one.value;
      }
      element(name, value);
    }
    for (const TextAttribute& one : collection.infons) {
      if (one.name != "source" && one.name != "date" && one.name != "key") infons.push_back(one);
    }
    write_infons(infons);
    for (const BiocDocument& document : collection.documents) write_document(document);
    out_ += "</collection>\n";
    return std::move(out_);
  }

 private:
  void element(std::string_view name, std::string_view text) {
    out_ += fmt::format("<{}>{}</{}>\n", name, xml_content(text), name);
  }

  void write_infons(const BiocInfons& infons) {
    for (const TextAttribute& one : infons) {
      out_ += fmt::format("<infon key=\"{}\">{}</infon>\n", xml_attribute(one.name),
                          xml_content(one.value));
    }
  }

  void write_document(const BiocDocument& document) {
    out_ += "<document>\n";
    element("id", document.id);
    write_infons(document.infons);
    for (const BiocPart& passage : document.passages) write_part(passage, "passage");
    write_labels(document.annotations, document.relations);
    out_ += "</document>\n";
  }

  void write_part(const BiocPart& part, std::string_view name) {
    out_ += fmt::format("<{}>\n", name);
    write_infons(part.infons);
    element("offset", fmt::format("{}", part.offset));
    if (part.sentences.empty()) element("text", part.text);
    for (const BiocPart& sentence : part.sentences) write_part(sentence, "sentence");
    write_labels(part.annotations, part.relations);
    out_ += fmt::format("</{}>\n", name);
  }

  void write_labels(const std::vector<BiocAnnotation>& annotations,
                    const std::vector<BiocRelation>& relations) {
    for (const BiocAnnotation& one : annotations) {
      out_ += fmt::format("<annotation id=\"{}\">\n", xml_attribute(one.id));
      write_infons(one.infons);
      for (const detail::BiocLocation& place : one.locations) {
        out_ +=
            fmt::format("<location offset=\"{}\" length=\"{}\"/>\n", place.offset, place.length);
      }
      element("text", one.text);
      out_ += "</annotation>\n";
    }
    for (const BiocRelation& one : relations) {
      out_ += fmt::format("<relation id=\"{}\">\n", xml_attribute(one.id));
      write_infons(one.infons);
      for (const detail::BiocNode& node : one.nodes) {
        out_ += fmt::format("<node refid=\"{}\" role=\"{}\"/>\n", xml_attribute(node.refid),
                            xml_attribute(node.role));
      }
      out_ += "</relation>\n";
    }
  }

  std::string out_;
};

}  // namespace

Result<std::vector<LabelledText>> read_bioc_xml(std::string_view bytes) {
  const XmlElement root = CSL_TRY(read_xml(bytes));
  if (root.name != "collection") {
    return fail(ErrorCode::InvalidInput, "the XML is no BioC collection", "line 1",
                "give a file whose root is <collection>");
  }
  BiocCollection collection{.infons = infons_of(root)};
  for (const XmlElement& child : root.children) {
    if (child.name == "source" || child.name == "date" || child.name == "key") {
      collection.infons.push_back({child.name, child.text});
    } else if (child.name == "document") {
      collection.documents.push_back(CSL_TRY(document_of(child)));
    }
  }
  return detail::texts_of(collection);
}

std::string write_bioc_xml(std::span<const LabelledText> texts) {
  return XmlWriter().write(detail::collection_of(texts));
}

}  // namespace consilium
