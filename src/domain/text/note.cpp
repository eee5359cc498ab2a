#include "domain/text/note.hpp"

#include <algorithm>
#include <array>

namespace consilium {
namespace {

struct SexCode {
  std::string_view code;
  std::string_view sex;
};
// HL7 tables 0001 (version 2) and AdministrativeGender (version 3).
constexpr std::array<SexCode, 8> sex_codes{{{"M", "male"},
                                            {"F", "female"},
                                            {"O", "other"},
                                            {"A", "other"},
                                            {"N", "other"},
                                            {"UN", "other"},
                                            {"UNK", "unknown"},
                                            {"U", "unknown"}}};

int number_of(std::string_view digits) {
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

}  // namespace

std::string_view sex_of_hl7(std::string_view code) {
  const auto found = std::ranges::find(sex_codes, code, &SexCode::code);
  return found == sex_codes.end() ? std::string_view{} : found->sex;
}

std::string date_of_hl7(std::string_view timestamp) {
  const std::size_t end = std::min(timestamp.find_first_not_of("0123456789"), timestamp.size());
  const std::string_view digits = timestamp.substr(0, std::min<std::size_t>(end, 8));
  if (digits.size() != 4 && digits.size() != 6 && digits.size() != 8) return {};
  std::string date(digits.substr(0, 4));
  if (digits.size() < 6) return date;
  const std::string_view month = digits.substr(4, 2);
  if (number_of(month) < 1 || number_of(month) > 12) return {};
  date.append("-").append(month);
  if (digits.size() < 8) return date;
  const std::string_view day = digits.substr(6, 2);
  if (number_of(day) < 1 || number_of(day) > 31) return {};
  return date.append("-").append(day);
}

std::string system_of_oid(std::string_view oid) {
  return oid.empty() ? std::string() : "urn:oid:" + std::string(oid);
}

}  // namespace consilium
