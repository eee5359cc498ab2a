#include "transport/api/policy.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace consilium::api {
namespace {

constexpr std::array<std::string_view, policy_role_count> role_names{
    "public", "person",    "rater",      "reviewer",     "adjudicator",
    "lead",   "ml_export", "compliance", "administrator"};

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::optional<PolicyRole> role_named(std::string_view name) {
  for (std::size_t i = 0; i < role_names.size(); ++i) {
    if (role_names[i] == name) return static_cast<PolicyRole>(i);
  }
  return std::nullopt;
}

Result<std::vector<PolicyRole>> parse_header(std::string_view line) {
  const std::vector<std::string_view> names = cells_of(line);
  if (names.empty() || names.front() != "operation") {
    return fail(ErrorCode::InvalidInput, "the policy's first column is not \"operation\"", "row 1");
  }
  std::vector<PolicyRole> columns;
  for (std::size_t i = 1; i < names.size(); ++i) {
    const std::optional<PolicyRole> role = role_named(names[i]);
    if (!role) {
      return fail(ErrorCode::InvalidInput, "the policy has a column that is no role",
                  fmt::format("column {}", i + 1));
    }
    columns.push_back(*role);
  }
  return columns;
}

}  // namespace

std::string_view name_of(PolicyRole role) { return role_names[static_cast<std::size_t>(role)]; }

Result<Policy> Policy::parse(std::string_view csv) {
  Policy policy;
  std::optional<std::vector<PolicyRole>> columns;
  for (int row_number = 1; !csv.empty(); ++row_number) {
    const std::size_t end = csv.find('\n');
    const std::string_view line = csv.substr(0, end);
    csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
    if (line.empty()) continue;
    if (!columns) {
      columns = CSL_TRY(parse_header(line));
      continue;
    }
    const std::vector<std::string_view> cells = cells_of(line);
    const std::string where = fmt::format("row {}", row_number);
    if (cells.size() != columns->size() + 1) {
      return fail(ErrorCode::InvalidInput, "a row of the policy has too few or too many cells",
                  where);
    }
    Grants grants;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      if (cells[i] == "yes") {
        grants.add((*columns)[i - 1]);
      } else if (!cells[i].empty()) {
        return fail(ErrorCode::InvalidInput, "a cell of the policy is neither \"yes\" nor empty",
                    where);
      }
    }
    if (!policy.rows_.emplace(std::string(cells.front()), grants).second) {
      return fail(ErrorCode::InvalidInput, "the policy names an operation twice", where);
    }
  }
  return policy;
}

Grants Policy::grants(std::string_view operation) const {
  const auto row = rows_.find(operation);
  return row == rows_.end() ? Grants{} : row->second;
}

bool Policy::has_row(std::string_view operation) const { return rows_.contains(operation); }

std::vector<std::string> Policy::operations() const {
  std::vector<std::string> names;
  for (const auto& row : rows_) names.push_back(row.first);
  return names;
}

}  // namespace consilium::api
