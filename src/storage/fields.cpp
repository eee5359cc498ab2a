#include "storage/fields.hpp"

#include "base/check.hpp"

namespace consilium::storage {

const FieldValue& Row::value(std::string_view column) const {
  std::size_t index = 0;
  while (index < columns_->size() && (*columns_)[index] != column) ++index;
  CSL_CHECK(index < columns_->size());
  return values_[index];
}

bool Row::is_null(std::string_view column) const {
  return std::holds_alternative<std::monostate>(value(column));
}

std::string Row::text(std::string_view column) const {
  const FieldValue& found = value(column);
  if (std::holds_alternative<std::monostate>(found)) return {};
  CSL_CHECK(std::holds_alternative<std::string>(found));
  return std::get<std::string>(found);
}

std::int64_t Row::integer(std::string_view column) const {
  const FieldValue& found = value(column);
  if (std::holds_alternative<std::monostate>(found)) return 0;
  CSL_CHECK(std::holds_alternative<std::int64_t>(found));
  return std::get<std::int64_t>(found);
}

double Row::number(std::string_view column) const {
  const FieldValue& found = value(column);
  if (std::holds_alternative<std::monostate>(found)) return 0;
  // An expression such as a sum may be whole.
  if (const auto* whole = std::get_if<std::int64_t>(&found)) return static_cast<double>(*whole);
  CSL_CHECK(std::holds_alternative<double>(found));
  return std::get<double>(found);
}

Bytes Row::bytes(std::string_view column) const {
  const FieldValue& found = value(column);
  if (std::holds_alternative<std::monostate>(found)) return {};
  CSL_CHECK(std::holds_alternative<Bytes>(found));
  return std::get<Bytes>(found);
}

}  // namespace consilium::storage
