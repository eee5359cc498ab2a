#include <fmt/format.h>

#include <optional>
#include <utility>

#include "format/icd10cm/icd10cm.hpp"
#include "format/icd10cm/icd10cm_system.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t file_bytes_max = 256U << 20U;

class TabularReader {
 public:
  Result<Terminology> run(const XmlElement& root, std::string version) {
    if (root.name != "ICD10CM.tabular") {
      return fail(ErrorCode::Unsupported, "this is not the tabular list of ICD-10-CM", {},
                  "give icd10cm_tabular_YEAR.xml");
    }
    if (const XmlElement* own = root.child("version"); own != nullptr && version.empty()) {
      version = own->text;
    }
    for (const XmlElement& chapter : root.children) CSL_TRY(take(chapter, std::nullopt));
    return std::move(builder_).finish(std::string(icd10cm_system), std::move(version), "ICD-10-CM");
  }

 private:
  using Node = std::optional<std::uint32_t>;

  // A chapter, section or diagnosis; its code comes in its <name>, a section's in its id.
  Status take(const XmlElement& element, Node parent) {
    const std::string& kind = element.name;
    if (kind != "chapter" && kind != "section" && kind != "diag") return {};
    Node node;
    if (const std::string* id = element.attribute("id"); kind == "section" && id && !id->empty()) {
      node = CSL_TRY(declare(*id, "section", parent));
    }
    for (const XmlElement& child : element.children) {
      if (child.name == "name" && kind == "diag") {
        node = CSL_TRY(declare(child.text, "diagnosis", parent));
      } else if (child.name == "name" && kind == "chapter") {
        node = CSL_TRY(declare("chapter-" + child.text, "chapter", parent));
      } else if (child.name == "desc" && node) {
        CSL_TRY(builder_.add_term(*node, TermKind::Preferred, child.text));
      } else if (child.name == "inclusionTerm" && node) {
        for (const XmlElement& note : child.children) {
          if (note.name != "note") continue;
          CSL_TRY(builder_.add_term(*node, TermKind::Synonym, note.text));
        }
      } else {
        CSL_TRY(take(child, node));
      }
    }
    return {};
  }

  Result<std::uint32_t> declare(std::string_view code, std::string_view tag, Node parent) {
    const std::uint32_t at = CSL_TRY(builder_.at(code));
    builder_.declare(at, true, tag);
    if (parent) CSL_TRY(builder_.add_parent(at, *parent));
    return at;
  }

  TerminologyBuilder builder_;
};

Result<Terminology> read(std::string_view text, std::string version) {
  const XmlElement root = CSL_TRY(read_xml(text));
  return TabularReader().run(root, std::move(version));
}

}  // namespace

Result<Terminology> read_icd10cm_tabular(const TerminologyFile& file, std::string version) {
  const Bytes bytes = CSL_TRY(read_all(*file.bytes, file_bytes_max));
  auto made = read(text_of(bytes), std::move(version));
  if (!made) {
    Error error = made.error();
    error.where = error.where.empty() ? file.name : file.name + ", " + error.where;
    return std::unexpected(std::move(error));
  }
  return made;
}

}  // namespace consilium
