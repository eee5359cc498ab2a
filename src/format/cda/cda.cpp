#include "format/cda/cda.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "format/base64/base64_text.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

constexpr std::string_view loinc_oid = "2.16.840.1.113883.6.1";

// Documents may write their elements with a prefix.
std::string_view local_name(const XmlElement& element) {
  const std::string_view name = element.name;
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

const XmlElement* child_of(const XmlElement& element, std::string_view name) {
  const auto found = std::ranges::find(element.children, name, local_name);
  return found == element.children.end() ? nullptr : &*found;
}

std::string attribute_of(const XmlElement* element, std::string_view name) {
  const std::string* value = element == nullptr ? nullptr : element->attribute(name);
  return value == nullptr ? std::string{} : *value;
}

// "2.16.840.1.113883.6.1:18842-5"
std::string code_of(const XmlElement* code) {
  const std::string value = attribute_of(code, "code");
  const std::string system = attribute_of(code, "codeSystem");
  return value.empty() || system.empty() ? value : system + ":" + value;
}

bool is_block(std::string_view name) {
  constexpr std::array<std::string_view, 9> blocks{"paragraph", "list",  "item",  "table", "tr",
                                                   "caption",   "thead", "tbody", "title"};
  return std::ranges::find(blocks, name) != blocks.end();
}

class Reader {
 public:
  Result<LabelledText> read(const XmlElement& root) {
    const XmlElement* id = child_of(root, "id");
    text_.id = attribute_of(id, "extension");
    const std::string owner = attribute_of(id, "root");
    if (!owner.empty()) text_.id = text_.id.empty() ? owner : owner + "^" + text_.id;
    if (const XmlElement* title = child_of(root, "title")) {
      add_metadata("title", plain(title->text));
    }
    add_metadata("code", code_of(child_of(root, "code")));
    take_origin(root);
    for (const XmlElement& component : root.children) {
      if (local_name(component) != "component") continue;
      if (const XmlElement* body = child_of(component, "structuredBody")) take_sections(*body, 0);
      if (const XmlElement* other = child_of(component, "nonXMLBody")) {
        CSL_TRY(take_other(child_of(*other, "text")));
      }
    }
    while (utf8_.ends_with('\n') && is_structured_) utf8_.pop_back();
    if (utf8_.empty()) {
      return fail(ErrorCode::InvalidInput, "the document has no text", {},
                  "give a document whose sections have narrative text");
    }
    text_.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8_)));
    for (TextSpan& section : text_.sections) {
      section.end = std::min(section.end, text_.text.code_point_count());
    }
    std::erase_if(text_.sections, [](const TextSpan& s) { return s.begin >= s.end; });
    return std::move(text_);
  }

 private:
  void take_origin(const XmlElement& root) {
    const XmlElement* code = child_of(root, "code");
    if (attribute_of(code, "codeSystem") == loinc_oid) {
      text_.origin.kind_code = attribute_of(code, "code");
    }
    text_.origin.date =
        Protected(date_of_hl7(attribute_of(child_of(root, "effectiveTime"), "value")));
    const XmlElement* target = child_of(root, "recordTarget");
    const XmlElement* role = target == nullptr ? nullptr : child_of(*target, "patientRole");
    if (role == nullptr) return;
    NotePatient who;
    const XmlElement* id = child_of(*role, "id");
    who.identifier = attribute_of(id, "extension");
    // A root alone is the identifier itself.
    if (who.identifier.empty()) {
      who.identifier = attribute_of(id, "root");
    } else {
      who.identifier_system = system_of_oid(attribute_of(id, "root"));
    }
    if (const XmlElement* patient = child_of(*role, "patient")) {
      if (const XmlElement* name = child_of(*patient, "name")) take_name(*name, who);
      const XmlElement* sex = child_of(*patient, "administrativeGenderCode");
      who.sex = sex_of_hl7(attribute_of(sex, "code"));
      who.birth_date = date_of_hl7(attribute_of(child_of(*patient, "birthTime"), "value"));
    }
    text_.origin.patient = Protected(who);
  }

  // A name without parts is kept as a family name.
  static void take_name(const XmlElement& name, NotePatient& who) {
    if (const XmlElement* family = child_of(name, "family")) {
      who.family_name = plain(family->text);
    }
    for (const XmlElement& part : name.children) {
      if (local_name(part) != "given") continue;
      who.given_name += (who.given_name.empty() ? "" : " ") + plain(part.text);
    }
    if (who.family_name.empty() && who.given_name.empty()) who.family_name = plain(name.text);
  }

  void add_metadata(const std::string& name, const std::string& value) {
    if (!value.empty()) text_.metadata.push_back({name, value});
  }

  void take_sections(const XmlElement& parent, int depth) {
    is_structured_ = true;
    for (const XmlElement& component : parent.children) {
      if (local_name(component) != "component") continue;
      for (const XmlElement& section : component.children) {
        if (local_name(section) == "section") take_section(section, depth);
      }
    }
  }

  void take_section(const XmlElement& section, int depth) {
    end_line();
    if (!utf8_.empty() && depth == 0) append("\n");
    const std::uint64_t begin = count_;
    const std::size_t index = text_.sections.size();
    if (depth == 0) text_.sections.push_back({begin, begin});
    if (depth == 0) {
      add_metadata(fmt::format("section.{}.code", index), code_of(child_of(section, "code")));
    }
    for (const std::string_view part : {"title", "text"}) {
      if (const XmlElement* narrative = child_of(section, part)) {
        take_narrative(*narrative);
        end_line();
      }
    }
    take_sections(section, depth + 1);
    if (depth == 0) text_.sections[index].end = count_ - (utf8_.ends_with('\n') ? 1 : 0);
  }

  void append(std::string_view utf8) {
    utf8_ += utf8;
    count_ += code_point_count(utf8);
  }

  void end_line() {
    wants_blank_ = false;
    if (!utf8_.empty() && !utf8_.ends_with('\n')) append("\n");
  }

  void append_words(std::string_view raw) {
    for (std::size_t at = 0; at < raw.size();) {
      const std::size_t word = raw.find_first_not_of(" \t\r\n", at);
      if (word > at) wants_blank_ = true;
      if (word == std::string_view::npos) return;
      const std::size_t end = std::min(raw.find_first_of(" \t\r\n", word), raw.size());
      const bool at_edge = utf8_.empty() || std::string_view("\n\t").contains(utf8_.back());
      if (wants_blank_ && !at_edge) append(" ");
      wants_blank_ = false;
      append(raw.substr(word, end - word));
      at = end;
    }
  }

  void take_narrative(const XmlElement& element) {
    std::size_t at = 0;
    bool is_first_cell = true;
    for (const XmlElement& child : element.children) {
      append_words(std::string_view(element.text).substr(at, child.text_before - at));
      at = child.text_before;
      const std::string_view name = local_name(child);
      if (name == "br") {
        end_line();
      } else if (name == "td" || name == "th") {
        wants_blank_ = false;
        if (!is_first_cell) append("\t");
        is_first_cell = false;
        take_narrative(child);
      } else if (is_block(name)) {
        end_line();
        if (name == "item") append("- ");
        take_narrative(child);
        end_line();
      } else if (name == "renderMultiMedia") {
        add_problem(text_, "a picture in the text is left out");
      } else {
        take_narrative(child);
      }
    }
    append_words(std::string_view(element.text).substr(at));
  }

  static std::string plain(std::string_view raw) {
    std::string out;
    for (const char c : raw) {
      const bool is_blank = std::string_view(" \t\r\n").contains(c);
      if (is_blank && (out.empty() || out.ends_with(' '))) continue;
      out += is_blank ? ' ' : c;
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

  Status take_other(const XmlElement* body) {
    if (body == nullptr) return {};
    const std::string type = attribute_of(body, "mediaType");
    if (!type.empty() && !type.starts_with("text/plain")) {
      return fail(ErrorCode::Unsupported, "the body is of another type than plain text",
                  fmt::format("line {}", body->line_number),
                  "export the document with its text, or as plain text");
    }
    if (attribute_of(body, "representation") == "B64") {
      const Bytes bytes = CSL_TRY(from_base64_text(body->text));
      CSL_TRY(check_utf8(text_of(bytes)));
      append(text_of(bytes));
    } else {
      append(body->text);
    }
    return {};
  }

  LabelledText text_;
  std::string utf8_;
  std::uint64_t count_ = 0;  // code points of it
  bool wants_blank_ = false;
  bool is_structured_ = false;
};

}  // namespace

Result<std::vector<LabelledText>> read_cda(std::string_view bytes) {
  const XmlElement root = CSL_TRY(read_xml(bytes));
  if (local_name(root) != "ClinicalDocument") {
    return fail(ErrorCode::InvalidInput, "the XML is no clinical document", "line 1",
                "give CDA R2, whose root is <ClinicalDocument>");
  }
  std::vector<LabelledText> texts;
  texts.push_back(CSL_TRY(Reader().read(root)));
  return texts;
}

}  // namespace consilium
