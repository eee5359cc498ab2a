// Named values: what an event carries, what a statement binds, what a row holds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

namespace consilium::storage {

// A JSON text that stays JSON inside an event, and is canonical text (RFC 8785) in a table.
struct JsonText {
  std::string text;
  friend bool operator==(const JsonText&, const JsonText&) = default;
};

// Something that identifies or quotes the event's patient. The store seals it with that patient's
// data key before it reaches the log or a table: as base64 in the event, as a blob in the row.
// Destroying the key erases it everywhere.
struct PatientText {
  std::string plain;
  friend bool operator==(const PatientText&, const PatientText&) = default;
};

// Whole numbers must lie within 2^53 (JSON has no others), and a double belongs in a REAL column:
// the log writes 3.0 as 3.
using FieldValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes,
                                JsonText, PatientText>;

class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<std::pair<std::string, FieldValue>> members) : members_(members) {}
  Fields& set(std::string name, FieldValue value) {
    members_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  template <class Tag>
  Fields& set(std::string name, const Id<Tag>& id) {
    return set(std::move(name), FieldValue{to_string(id)});
  }
  [[nodiscard]] const FieldValue* find(std::string_view name) const {
    for (const auto& [key, value] : members_) {
      if (key == name) return &value;
    }
    return nullptr;
  }
  [[nodiscard]] const std::vector<std::pair<std::string, FieldValue>>& members() const {
    return members_;
  }

 private:
  std::vector<std::pair<std::string, FieldValue>> members_;
};

// One row of an answer. Asking for a column that the statement does not have, or for another type
// than the column's, is our bug (CSL_CHECK): tables are STRICT, so a column holds its type or null.
class Row {
 public:
  using Columns = std::shared_ptr<const std::vector<std::string>>;
  Row(Columns columns, std::vector<FieldValue> values)
      : columns_(std::move(columns)), values_(std::move(values)) {}
  [[nodiscard]] bool is_null(std::string_view column) const;
  [[nodiscard]] std::string text(std::string_view column) const;      // "" for null
  [[nodiscard]] std::int64_t integer(std::string_view column) const;  // 0 for null
  [[nodiscard]] double number(std::string_view column) const;         // 0 for null
  [[nodiscard]] bool flag(std::string_view column) const { return integer(column) != 0; }
  [[nodiscard]] Bytes bytes(std::string_view column) const;  // empty for null
  template <class IdType>
  [[nodiscard]] Result<IdType> id(std::string_view column) const {
    return parse_id<IdType>(text(column));
  }
  // In the order of the statement's columns, for what walks over any row (verify, export).
  [[nodiscard]] const std::vector<std::string>& columns() const { return *columns_; }
  [[nodiscard]] const std::vector<FieldValue>& values() const { return values_; }

 private:
  [[nodiscard]] const FieldValue& value(std::string_view column) const;

  Columns columns_;
  std::vector<FieldValue> values_;
};
using Rows = std::vector<Row>;

}  // namespace consilium::storage
