#include "format/dicom/dictionary.hpp"

#include <algorithm>
#include <span>

#include "format/dicom/dictionary_table.hpp"

namespace consilium {
namespace {

std::span<const detail::DictionaryRow> rows() {
  return {detail::dictionary_rows, detail::dictionary_row_count};
}

const detail::DictionaryRow* find_row(DicomTag tag) {
  const unsigned family = tag.group & 0xFF00U;
  const bool repeats = (family == 0x5000U || family == 0x6000U) && !tag.is_private();
  const std::uint32_t number =
      repeats ? ((std::uint32_t{family} << 16U) | tag.element) : tag.number();
  const auto row = std::ranges::lower_bound(rows(), number, {}, &detail::DictionaryRow::tag);
  return row != rows().end() && row->tag == number ? &*row : nullptr;
}

DictionaryEntry entry_of(const detail::DictionaryRow& row, DicomTag tag) {
  const std::string_view keyword(detail::dictionary_text + row.text_offset);
  const std::string_view name(keyword.data() + keyword.size() + 1);
  const std::string_view multiplicity(name.data() + name.size() + 1);
  return {.tag = tag,
          .vr = row.vr,
          .is_vr_choice = (row.flags & 2U) != 0,
          .is_retired = (row.flags & 1U) != 0,
          .multiplicity = multiplicity,
          .keyword = keyword,
          .name = name};
}

}  // namespace

std::optional<DictionaryEntry> find_in_dictionary(DicomTag tag) {
  const detail::DictionaryRow* row = find_row(tag);
  if (row == nullptr) return std::nullopt;
  return entry_of(*row, tag);
}

std::optional<DictionaryEntry> find_in_dictionary(std::string_view keyword) {
  if (keyword.empty()) return std::nullopt;  // some retired attributes have none
  for (const detail::DictionaryRow& row : rows()) {
    if (keyword == detail::dictionary_text + row.text_offset) {
      return entry_of(row, dicom_tag(row.tag));
    }
  }
  return std::nullopt;
}

Vr implicit_vr(DicomTag tag) {
  if (tag.element == 0) return Vr::Ul;
  if (tag.is_private()) {
    return tag.element >= 0x0010 && tag.element <= 0x00FF ? Vr::Lo : Vr::Un;
  }
  const detail::DictionaryRow* row = find_row(tag);
  return row == nullptr ? Vr::Un : row->vr;
}

}  // namespace consilium
