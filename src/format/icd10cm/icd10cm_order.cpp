#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "format/icd10cm/icd10cm.hpp"
#include "format/icd10cm/icd10cm_system.hpp"

namespace consilium {
namespace {

constexpr std::size_t code_column = 6;
constexpr std::size_t code_width = 7;
constexpr std::size_t flag_column = 14;
constexpr std::size_t short_column = 16;
constexpr std::size_t short_width = 60;
constexpr std::size_t long_column = 77;
constexpr std::size_t category_size = 3;

std::string_view without_spaces_behind(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string with_point(std::string_view code) {
  return code.size() <= category_size
             ? std::string(code)
             : fmt::format("{}.{}", code.substr(0, category_size), code.substr(category_size));
}

bool is_code(std::string_view code) {
  return code.size() >= category_size && std::ranges::all_of(code, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

}  // namespace

Result<Terminology> read_icd10cm_order(const TerminologyFile& file, std::string version) {
  TerminologyBuilder builder;
  LineReader lines(file);
  while (const std::string_view* line = CSL_TRY(lines.next())) {
    if (line->empty()) continue;
    if (line->size() <= short_column) {
      return lines.refuse("the line ends before its title",
                          "give the order file, not the list of codes");
    }
    const std::string_view code = without_spaces_behind(line->substr(code_column, code_width));
    const char flag = (*line)[flag_column];
    if (!is_code(code) || (flag != '0' && flag != '1')) {
      return lines.refuse("columns 7 to 15 hold no code with its mark 0 or 1",
                          "give icd10cm_order_YEAR.txt as it is published");
    }
    const std::uint32_t at = CSL_TRY(builder.at(with_point(code)));
    builder.declare(at, true, flag == '1' ? "billable" : "header");
    const std::string_view short_title =
        without_spaces_behind(line->substr(short_column, short_width));
    const std::string_view long_title =
        line->size() > long_column ? line->substr(long_column) : short_title;
    CSL_TRY(builder.add_term(at, TermKind::Preferred, long_title));
    CSL_TRY(builder.add_term(at, TermKind::Synonym, short_title));
    // Headings come before what they head.
    for (std::size_t size = code.size() - 1; size >= category_size; --size) {
      const std::uint32_t* parent = builder.find(with_point(code.substr(0, size)));
      if (parent == nullptr) continue;
      CSL_TRY(builder.add_parent(at, *parent));
      break;
    }
  }
  return std::move(builder).finish(std::string(icd10cm_system), std::move(version), "ICD-10-CM");
}

}  // namespace consilium
