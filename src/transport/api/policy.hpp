// Who may call what: policy.csv, a row for each operation, a column for each role, "yes" or
// nothing. Deny by default: an operation without a row, a cell with anything else and a role
// without a column give no right. Finer rules (a rater's own tasks, blinding) are the services'.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace consilium::api {

enum class PolicyRole : std::uint8_t {
  Public,  // everybody, signed in or not
  Person,  // whoever is signed in
  Rater,
  Reviewer,
  Adjudicator,
  Lead,
  MlExport,
  Compliance,
  Administrator,
};
inline constexpr std::size_t policy_role_count = 9;
[[nodiscard]] std::string_view name_of(PolicyRole role);

class Grants {
 public:
  constexpr void add(PolicyRole role) { bits_ |= bit(role); }
  [[nodiscard]] constexpr bool has(PolicyRole role) const { return (bits_ & bit(role)) != 0; }
  [[nodiscard]] constexpr bool intersects(Grants other) const { return (bits_ & other.bits_) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr std::uint16_t bit(PolicyRole role) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(role));
  }
  std::uint16_t bits_ = 0;
};

class Policy {
 public:
  // Errors: InvalidInput, with the row, on an unknown column, a missing cell, a cell that is
  // neither "yes" nor empty, an operation named twice.
  [[nodiscard]] static Result<Policy> parse(std::string_view csv);
  // The roles that may call the operation; none for an unknown one.
  [[nodiscard]] Grants grants(std::string_view operation) const;
  [[nodiscard]] bool has_row(std::string_view operation) const;
  [[nodiscard]] std::vector<std::string> operations() const;

 private:
  std::map<std::string, Grants, std::less<>> rows_;
};

}  // namespace consilium::api
