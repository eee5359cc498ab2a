#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "format/uima/cas.hpp"
#include "format/uima/uima.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

using cas::Structure;

// "http:///webanno/custom.ecore" -> "webanno.custom."
std::string package_of(std::string_view uri) {
  constexpr std::string_view begin = "http:///";
  constexpr std::string_view end = ".ecore";
  if (!uri.starts_with(begin) || !uri.ends_with(end)) return {};
  std::string package(uri.substr(begin.size(), uri.size() - begin.size() - end.size()));
  if (package == "uima/noNamespace") return {};
  std::ranges::replace(package, '/', '.');
  return package + '.';
}

std::optional<std::vector<std::uint64_t>> numbers_in(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  for (const std::string_view part : parted(text, ' ')) {
    if (part.empty()) continue;
    const auto number = whole_number(part);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers.empty() ? std::nullopt : std::optional(numbers);
}

class Reader {
 public:
  Result<LabelledText> read(const XmlElement& root) {
    take_namespaces(root);
    for (const XmlElement& child : root.children) {
      take_namespaces(child);
      structures_.push_back(structure_of(child));
    }
    for (const Structure& one : structures_) {
      const bool has_place =
          std::ranges::find(one.values, "begin", &TextAttribute::name) != one.values.end();
      const bool has_target =
          std::ranges::find(one.values, "target", &TextAttribute::name) != one.values.end();
      if (one.type == "uima.cas.FSArray" || (has_target && !has_place)) held_.insert(one.id);
      ids_.insert(one.id);
    }
    for (Structure& one : structures_) part_references(one);
    return cas::labelled_of(std::move(structures_));
  }

 private:
  void take_namespaces(const XmlElement& element) {
    for (const XmlAttribute& attribute : element.attributes) {
      if (!attribute.name.starts_with("xmlns:")) continue;
      packages_[attribute.name.substr(6)] = package_of(attribute.value);
    }
  }

  std::string type_of(const std::string& name) const {
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos) return name;
    const auto package = packages_.find(name.substr(0, colon));
    return (package == packages_.end() ? "" : package->second) + name.substr(colon + 1);
  }

  Structure structure_of(const XmlElement& element) const {
    Structure one;
    one.type = type_of(element.name);
    for (const XmlAttribute& attribute : element.attributes) {
      if (attribute.name == "xmi:id") {
        one.id = whole_number(attribute.value).value_or(0);
      } else if (!attribute.name.contains(':')) {
        one.values.push_back({attribute.name, attribute.value});
      }
    }
    for (const XmlElement& child : element.children) {  // lists of text
      one.values.push_back({child.name, child.text});
    }
    return one;
  }

  // A number may be a value or another structure: XMI alone does not say which.
  bool is_reference(const std::string& name, const std::vector<std::uint64_t>& numbers) const {
    static constexpr std::array<std::string_view, 6> known{"Governor", "Dependent", "first",
                                                           "next",     "target",    "elements"};
    if (std::ranges::find(known, name) != known.end()) return true;
    return std::ranges::all_of(numbers, [&](std::uint64_t id) { return held_.contains(id); });
  }

  void part_references(Structure& one) const {
    if (one.type == "uima.cas.Sofa") return;
    std::vector<TextAttribute> values;
    for (TextAttribute& value : one.values) {
      const auto numbers = numbers_in(value.value);
      const bool is_own = value.name == "begin" || value.name == "end" || value.name == "sofa";
      if (numbers && !is_own && is_reference(value.name, *numbers)) {
        one.references.emplace_back(value.name, *numbers);
      } else {
        values.push_back(std::move(value));
      }
    }
    one.values = std::move(values);
  }

  std::map<std::string, std::string> packages_;
  std::vector<Structure> structures_;
  std::set<std::uint64_t> held_;  // links of slots, and arrays of them
  std::set<std::uint64_t> ids_;
};

class Writer {
 public:
  explicit Writer(const cas::Document& document) : document_(document) {}

  std::string write() {
    std::string body = "<cas:NULL xmi:id=\"0\"/>\n";
    out_.swap(body);
    const std::uint64_t size = document_.text.code_point_count();
    std::string about = place({0, size});
    if (std::ranges::find(document_.metadata, "language", &TextAttribute::name) ==
        document_.metadata.end()) {
      about += R"( language="x-unspecified")";
    }
    for (const TextAttribute& one : document_.metadata) {
      about += fmt::format(" {}=\"{}\"", one.name, xml_attribute(one.value));
    }
    about += fmt::format(R"( documentId="{}")", xml_attribute(document_.id));
    member(next_id_++, cas::document_type, about);
    for (const TextSpan& span : document_.sections) plain(cas::paragraph_type, span);
    for (const TextSpan& span : document_.sentences) plain(cas::sentence_type, span);
    for (const TextSpan& span : document_.tokens) plain(cas::token_type, span);
    for (const cas::Annotation& one : document_.annotations) write(one);
    for (const cas::Chain& one : document_.chains) {
      member(one.id, one.type, fmt::format(R"( sofa="1" first="{}")", one.members.front()));
    }
    out_ += fmt::format(
        "<cas:Sofa xmi:id=\"1\" sofaNum=\"1\" sofaID=\"_InitialView\" mimeType=\"text\" "
        "sofaString=\"{}\"/>\n<cas:View sofa=\"1\" members=\"{}\"/>\n</xmi:XMI>\n",
        xml_attribute(document_.text.utf8()), members_);
    std::string head =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xmi:XMI "
        "xmlns:xmi=\"http://www.omg.org/XMI\" xmlns:cas=\"http:///uima/cas.ecore\"";
    for (const auto& [package, prefix] : prefixes_) {
      std::string path = package;
      std::ranges::replace(path, '.', '/');
      head += fmt::format(" xmlns:{}=\"http:///{}.ecore\"", prefix, path);
    }
    return head + " xmi:version=\"2.0\">\n" + out_;
  }

  void set_next_id(std::uint64_t id) { next_id_ = id; }

 private:
  std::string place(TextSpan span) const {
    return fmt::format(R"( sofa="1" begin="{}" end="{}")",
                       document_.text.utf16_of_code_point(span.begin).value_or(0),
                       document_.text.utf16_of_code_point(span.end).value_or(0));
  }

  std::string name_of(std::string_view type) {
    const std::size_t dot = type.rfind('.');
    const std::string package(type.substr(0, dot));
    const auto known = prefixes_.find(package);
    if (known != prefixes_.end()) return fmt::format("{}:{}", known->second, type.substr(dot + 1));
    std::string prefix = package.substr(package.rfind('.') + 1);
    if (prefix == "cas" || prefix == "xmi" || !taken_.insert(prefix).second) {
      prefix += fmt::format("{}", prefixes_.size() + 2);
      taken_.insert(prefix);
    }
    prefixes_.emplace(package, prefix);
    return fmt::format("{}:{}", prefix, type.substr(dot + 1));
  }

  void member(std::uint64_t id, std::string_view type, const std::string& attributes) {
    out_ += fmt::format("<{} xmi:id=\"{}\"{}/>\n", name_of(type), id, attributes);
    members_ += fmt::format("{}{}", members_.empty() ? "" : " ", id);
  }

  void plain(std::string_view type, TextSpan span) { member(next_id_++, type, place(span)); }

  void write(const cas::Annotation& one) {
    std::string attributes = place(one.span);
    for (const TextAttribute& feature : one.features) {
      attributes += fmt::format(" {}=\"{}\"", feature.name, xml_attribute(feature.value));
    }
    if (one.source) {
      attributes += fmt::format(R"( Governor="{}" Dependent="{}")", *one.source, *one.target);
    }
    if (one.next) attributes += fmt::format(R"( next="{}")", *one.next);
    std::string slots;
    for (const cas::Link& link : one.links) {
      const std::uint64_t id = next_id_++;
      slots += fmt::format("{}{}", slots.empty() ? "" : " ", id);
      out_ += fmt::format("<{} xmi:id=\"{}\" role=\"{}\" target=\"{}\"/>\n",
                          name_of(cas::link_type_of(one.type)), id, xml_attribute(link.role),
                          link.target);
    }
    if (!slots.empty()) attributes += fmt::format(" {}=\"{}\"", cas::slots_feature, slots);
    member(one.id, one.type, attributes);
  }

  const cas::Document& document_;
  std::string out_;
  std::string members_;
  std::map<std::string, std::string> prefixes_;  // by package
  std::set<std::string> taken_;
  std::uint64_t next_id_ = 0;
};

std::string descriptor(const std::vector<cas::Type>& types) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<typeSystemDescription xmlns=\"http://uima.apache.org/resourceSpecifier\">\n<types>\n";
  for (const cas::Type& type : types) {
    out += fmt::format(
        "<typeDescription><name>{}</name><description/><supertypeName>{}</supertypeName>"
        "<features>\n",
        type.name, type.super);
    for (const cas::Feature& feature : type.features) {
      out += fmt::format(
          "<featureDescription><name>{}</name><description/><rangeTypeName>{}</rangeTypeName>",
          feature.name, feature.range);
      if (!feature.element.empty()) {
        out += fmt::format(
            "<elementType>{}</elementType>"
            "<multipleReferencesAllowed>false</multipleReferencesAllowed>",
            feature.element);
      }
      out += "</featureDescription>\n";
    }
    out += "</features></typeDescription>\n";
  }
  return out + "</types>\n</typeSystemDescription>\n";
}

}  // namespace

Result<LabelledText> read_xmi(std::string_view bytes) {
  const XmlElement root = CSL_TRY(read_xml(bytes));
  if (!root.name.ends_with(":XMI") && root.name != "XMI") {
    return fail(ErrorCode::InvalidInput, "the XML is no XMI", "line 1",
                "give a file whose root is <xmi:XMI>");
  }
  return Reader().read(root);
}

UimaFile write_xmi(const LabelledText& text) {
  UimaFile file;
  std::map<std::string, std::uint64_t> losses;
  const cas::Document document = cas::written_document(text, losses);
  Writer writer(document);
  writer.set_next_id(cas::free_id(document));
  file.bytes = writer.write();
  file.type_system = descriptor(cas::types_of(document));
  file.losses = cas::listed(losses);
  return file;
}

}  // namespace consilium
