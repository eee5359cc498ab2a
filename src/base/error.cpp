#include "base/error.hpp"

#include <array>

namespace consilium {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int http_status;
  int exit_code;
};

constexpr std::array<Row, 13> table{{
    {ErrorCode::InvalidInput, "invalid_input", 422, 1},
    {ErrorCode::Corrupt, "corrupt", 422, 1},
    {ErrorCode::Unsupported, "unsupported", 415, 1},
    {ErrorCode::TooLarge, "too_large", 413, 1},
    {ErrorCode::NotFound, "not_found", 404, 1},
    {ErrorCode::Conflict, "conflict", 409, 1},
    {ErrorCode::PreconditionFailed, "precondition_failed", 412, 1},
    {ErrorCode::Unauthenticated, "unauthenticated", 401, 1},
    {ErrorCode::Forbidden, "forbidden", 403, 1},
    {ErrorCode::RateLimited, "rate_limited", 429, 1},
    {ErrorCode::NoSpace, "no_space", 507, 3},
    {ErrorCode::Unavailable, "unavailable", 503, 3},
    {ErrorCode::Internal, "internal", 500, 3},
}};

const Row& row_of(ErrorCode code) {
  for (const Row& row : table) {
    if (row.code == code) return row;
  }
  return table.back();
}

}  // namespace

std::string_view name_of(ErrorCode code) { return row_of(code).name; }
int http_status(ErrorCode code) { return row_of(code).http_status; }
int exit_code(ErrorCode code) { return row_of(code).exit_code; }

std::string to_line(const Error& error) {
  std::string line{name_of(error.code)};
  line += ": ";
  line += error.what;
  if (!error.where.empty()) {
    line += " (";
    line += error.where;
    line += ")";
  }
  return line;
}

}  // namespace consilium
