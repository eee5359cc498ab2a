#include "format/loinc/loinc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace consilium {
namespace {

constexpr std::size_t absent = SIZE_MAX;

// Where the named columns stand. Errors (without a place): Corrupt when a needed one is missing.
class Columns {
 public:
  explicit Columns(std::span<const std::string> header) : header_(header.begin(), header.end()) {}
  [[nodiscard]] std::size_t find(std::string_view name) const {
    const auto at = std::ranges::find(header_, name);
    return at == header_.end() ? absent : static_cast<std::size_t>(at - header_.begin());
  }
  [[nodiscard]] Result<std::size_t> need(std::string_view name) const {
    const std::size_t at = find(name);
    if (at == absent) {
      return fail(ErrorCode::Corrupt, fmt::format("the table has no column {}", name), {},
                  "give Loinc.csv of the LOINC release as it is");
    }
    return at;
  }
  [[nodiscard]] std::size_t count() const { return header_.size(); }

 private:
  std::vector<std::string> header_;
};

constexpr std::array axes{"COMPONENT", "PROPERTY",  "TIME_ASPCT",
                          "SYSTEM",    "SCALE_TYP", "METHOD_TYP"};

class TableReader {
 public:
  explicit TableReader(TerminologyBuilder& builder) : builder_(builder) {}

  Status header(std::span<const std::string> names) {
    const Columns columns(names);
    count_ = columns.count();
    code_ = CSL_TRY(columns.need("LOINC_NUM"));
    name_ = CSL_TRY(columns.need("LONG_COMMON_NAME"));
    status_ = CSL_TRY(columns.need("STATUS"));
    class_ = columns.find("CLASS");
    for (const char* synonym : {"SHORTNAME", "DisplayName", "CONSUMER_NAME"}) {
      if (const std::size_t at = columns.find(synonym); at != absent) synonyms_.push_back(at);
    }
    for (const char* axis : axes) axes_.push_back(CSL_TRY(columns.need(axis)));
    return {};
  }

  Status row(std::span<const std::string> fields) {
    if (fields.size() != count_) {
      return fail(ErrorCode::Corrupt,
                  fmt::format("the row has {} fields, and the header {}", fields.size(), count_));
    }
    const std::uint32_t at = CSL_TRY(builder_.at(fields[code_]));
    builder_.declare(at, fields[status_] != "DEPRECATED",
                     class_ == absent ? std::string_view{} : fields[class_]);
    std::string full;
    for (const std::size_t axis : axes_) full += (full.empty() ? "" : ":") + fields[axis];
    while (full.ends_with(':')) full.pop_back();
    CSL_TRY(builder_.add_term(at, TermKind::Preferred, fields[name_]));
    for (const std::size_t synonym : synonyms_) {
      CSL_TRY(builder_.add_term(at, TermKind::Synonym, fields[synonym]));
    }
    return builder_.add_term(at, TermKind::FullName, full);
  }

 private:
  TerminologyBuilder& builder_;
  std::size_t count_ = 0;
  std::size_t code_ = 0, name_ = 0, status_ = 0, class_ = absent;
  std::vector<std::size_t> synonyms_, axes_;
};

class HierarchyReader {
 public:
  explicit HierarchyReader(TerminologyBuilder& builder) : builder_(builder) {}

  Status header(std::span<const std::string> names) {
    const Columns columns(names);
    count_ = columns.count();
    parent_ = CSL_TRY(columns.need("IMMEDIATE_PARENT"));
    code_ = CSL_TRY(columns.need("CODE"));
    text_ = CSL_TRY(columns.need("CODE_TEXT"));
    return {};
  }

  Status row(std::span<const std::string> fields) {
    if (fields.size() != count_) {
      return fail(ErrorCode::Corrupt,
                  fmt::format("the row has {} fields, and the header {}", fields.size(), count_));
    }
    const bool known = builder_.find(fields[code_]) != nullptr;
    const std::uint32_t at = CSL_TRY(builder_.at(fields[code_]));
    if (!known) {
      builder_.declare(at, true, "part");
      CSL_TRY(builder_.add_term(at, TermKind::Preferred, fields[text_]));
    }
    if (fields[parent_].empty()) return {};
    const std::uint32_t* parent = builder_.find(fields[parent_]);  // parents come first
    if (parent == nullptr) {
      return fail(ErrorCode::Corrupt, "the row's parent has not come before it");
    }
    return builder_.add_parent(at, *parent);
  }

 private:
  TerminologyBuilder& builder_;
  std::size_t count_ = 0, parent_ = 0, code_ = 0, text_ = 0;
};

template <class Reader>
Status read_table(const TerminologyFile& file, Reader reader) {
  bool first = true;
  CSL_TRY(read_csv(file, [&](const LineReader& lines, std::span<const std::string> row) -> Status {
    const Status done = std::exchange(first, false) ? reader.header(row) : reader.row(row);
    if (!done) return std::unexpected(lines.placed(done.error()));
    return {};
  }));
  if (first) return fail(ErrorCode::Corrupt, "the table is empty", file.name);
  return {};
}

}  // namespace

Result<Terminology> read_loinc(const TerminologyFile& table,
                               const std::optional<TerminologyFile>& hierarchy,
                               std::string version) {
  TerminologyBuilder builder;
  CSL_TRY(read_table(table, TableReader(builder)));
  if (hierarchy) CSL_TRY(read_table(*hierarchy, HierarchyReader(builder)));
  return std::move(builder).finish("http://loinc.org", std::move(version), "LOINC");
}

}  // namespace consilium
