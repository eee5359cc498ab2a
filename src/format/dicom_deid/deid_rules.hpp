// The rules of DICOM PS3.15 annex E as data: what Table E.1-1 of one edition does with each
// attribute, by itself and under each option, and the types (1, 2, 3) that decide its compound
// actions. The files are rules/<edition>.rules, made by tools/make_deid_rules.py, compiled in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "domain/image/dicom_dataset.hpp"

namespace consilium {

// The options with a column in the table, in its order (PS3.15 E.3).
enum class DeidOption : std::uint8_t {
  RetainSafePrivate,
  RetainUids,
  RetainDevice,
  RetainInstitution,
  RetainPatientCharacteristics,
  RetainFullDates,
  ModifiedDates,
  CleanDescriptors,
  CleanStructuredContent,
  CleanGraphics,
};
inline constexpr std::size_t deid_option_count = 10;
[[nodiscard]] std::string_view name_of(DeidOption option);  // "retain-uids"
[[nodiscard]] std::optional<DeidOption> deid_option(std::string_view name);

// What is done with one attribute (PS3.15 E.1.1): the letters of the table.
enum class DeidAction : std::uint8_t {
  Remove,  // X
  Empty,   // Z: zero length, or a dummy
  Dummy,   // D
  Uid,     // U: another UID, the same for the same
  Clean,   // C
  Keep,    // K
};
[[nodiscard]] char letter_of(DeidAction action);

// Of a row: the actions among which the attribute's type chooses (one where there is no choice).
struct DeidRow {
  std::string keyword;
  std::string basic;  // as the table writes it: "X/Z/D"
  std::array<std::optional<DeidAction>, deid_option_count> by_option;
};

// Type 1, 2 or 3 of an attribute in an object. 1C counts as 1 and 2C as 2: whether the condition
// holds is not known, and what type 1 asks for is never wrong.
class DeidRules {
 public:
  // Errors: Corrupt, with the line.
  [[nodiscard]] static Result<DeidRules> parse(std::string_view text);
  // Those compiled in; read once.
  [[nodiscard]] static const DeidRules& standard();

  [[nodiscard]] const std::string& edition() const { return edition_; }
  [[nodiscard]] std::size_t row_count() const { return row_count_; }
  // The row of an attribute; of all private ones together; nothing where the table has none.
  // Repeating groups (50xx, 60xx) find theirs.
  [[nodiscard]] const DeidRow* find(DicomTag tag) const;
  // The basic action in an object of that SOP class, below the sequence `parent` (a zero tag at
  // the top): by its type there; where that is not known the one that is valid for every type.
  [[nodiscard]] DeidAction basic_action(const DeidRow& row, std::string_view sop_class_uid,
                                        DicomTag parent) const;

 private:
  struct TypePlace {
    char usual = '-';                    // in the objects that are not named; '-': not in these
    std::map<std::string, char> others;  // by the object's name
  };
  [[nodiscard]] Status take_action_row(const std::vector<std::string_view>& cells);
  [[nodiscard]] Status take_type_row(const std::vector<std::string_view>& cells);
  [[nodiscard]] std::optional<char> type_of(const DeidRow& row, std::string_view sop_class_uid,
                                            DicomTag parent) const;

  std::string edition_;
  std::size_t row_count_ = 0;
  std::unordered_map<std::uint32_t, DeidRow> rows_;
  std::optional<DeidRow> private_row_;
  std::optional<DeidRow> curve_row_;
  std::map<std::string, TypePlace, std::less<>> types_;        // "keyword parent-keyword"
  std::map<std::string, std::string, std::less<>> object_of_;  // by SOP class
};

namespace detail {
[[nodiscard]] std::string_view embedded_deid_rules();
}

}  // namespace consilium
