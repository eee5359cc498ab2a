#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/utf8.hpp"
#include "format/icd10cm/icd10cm.hpp"
#include "format/icd10cm/icd10cm_system.hpp"
#include "format/icd10cm/tabular_elements.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t file_bytes_max = 256U << 20U;

class TabularReader {
 public:
  explicit TabularReader(std::string_view text) : elements_(text) {}

  Result<Terminology> run(std::string version) {
    while (true) {
      const auto step = CSL_TRY(elements_.next());
      if (step == TabularElements::Step::End) break;
      if (step == TabularElements::Step::Open) {
        if (path_.empty() && elements_.name() != "ICD10CM.tabular") {
          return fail(ErrorCode::Unsupported, "this is not the tabular list of ICD-10-CM", {},
                      "give icd10cm_tabular_YEAR.xml");
        }
        CSL_TRY(opened());
      } else {
        CSL_TRY(closed());
      }
    }
    if (version.empty()) version = version_;
    return std::move(builder_).finish(std::string(icd10cm_system), std::move(version), "ICD-10-CM");
  }

 private:
  Status opened() {
    const std::string& name = elements_.name();
    path_.push_back(name);
    if (name == "chapter" || name == "diag") {
      nodes_.emplace_back();  // the code follows in its <name>
    } else if (name == "section") {
      nodes_.emplace_back();
      if (const std::string_view id = elements_.attribute("id"); !id.empty()) {
        CSL_TRY(declare(id, "section"));
      }
    }
    return {};
  }

  Status declare(std::string_view code, std::string_view tag) {
    const std::uint32_t at = CSL_TRY(builder_.at(code));
    builder_.declare(at, true, tag);
    nodes_.back() = at;
    if (nodes_.size() > 1 && nodes_[nodes_.size() - 2]) {
      CSL_TRY(builder_.add_parent(at, *nodes_[nodes_.size() - 2]));
    }
    return {};
  }

  Status closed() {
    const std::string name = path_.back();
    path_.pop_back();
    const std::string parent = path_.empty() ? "" : path_.back();
    const std::string& text = elements_.text();
    if (name == "version" && parent == "ICD10CM.tabular") version_ = text;
    if (name == "chapter" || name == "diag" || name == "section") {
      nodes_.pop_back();
    } else if (name == "name" && parent == "diag") {
      return declare(text, "diagnosis");
    } else if (name == "name" && parent == "chapter") {
      return declare("chapter-" + text, "chapter");
    } else if (name == "desc" && !nodes_.empty() && nodes_.back() &&
               (parent == "diag" || parent == "chapter" || parent == "section")) {
      return builder_.add_term(*nodes_.back(), TermKind::Preferred, text);
    } else if (name == "note" && parent == "inclusionTerm" && !nodes_.empty() && nodes_.back()) {
      return builder_.add_term(*nodes_.back(), TermKind::Synonym, text);
    }
    return {};
  }

  TabularElements elements_;
  TerminologyBuilder builder_;
  std::vector<std::string> path_;
  std::vector<std::optional<std::uint32_t>> nodes_;  // open chapter, section and diagnoses
  std::string version_;
};

}  // namespace

Result<Terminology> read_icd10cm_tabular(const TerminologyFile& file, std::string version) {
  const Bytes bytes = CSL_TRY(read_all(*file.bytes, file_bytes_max));
  std::string_view text = text_of(bytes);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!is_utf8(text)) return fail(ErrorCode::Corrupt, "the file is not UTF-8", file.name);
  auto made = TabularReader(text).run(std::move(version));
  if (!made) {
    Error error = made.error();
    error.where = error.where.empty() ? file.name : file.name + ", " + error.where;
    return std::unexpected(std::move(error));
  }
  return made;
}

}  // namespace consilium
