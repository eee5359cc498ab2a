// What an area of the store declares, as data: its tables, how its events change them, its named
// queries. Each area is one file sqlite/schema_<area>.cpp with one function that returns its Area,
// and one line in areas.cpp; nothing else has SQL in it.
//
// SQL parameters: the event's fields by name (":title"), and of every event
//   :sequence  INTEGER  place in the log, from 1
//   :at        INTEGER  milliseconds since 1970 UTC (Timestamp::ms)
//   :person :sign_in :origin             TEXT  the actor; "" when there is none
//   :project_id :item_id :patient_id     TEXT  the draft's ids, or null
// A parameter that neither has is null. Values are bound as: null, bool 0/1, INTEGER, REAL, TEXT,
// BLOB (Bytes, and PatientText as sealed), TEXT (JsonText, canonical).
//
// Tables are STRICT. Rows must follow from the events alone: no CURRENT_TIMESTAMP, no random(), no
// look at a volatile_ table, since `verify` rebuilds every table from the log and compares.
// Exempt are the tables named volatile_*: lost at a restore, written by Store::volatile_write.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace consilium::storage::sqlite {

// Run once, in order of number from 1, each in one transaction; never changed once released.
struct Migration {
  int number;
  const char* sql;
};
// What an event of this type does. No statements: the event is only logged. Two areas may name the
// same event; they are applied in the order of the areas.
struct Projection {
  const char* event;
  std::vector<const char*> statements;
};
struct NamedQuery {
  const char* name;  // "people.by_name": area.what
  const char* sql;
};

struct Area {
  const char* name;
  std::vector<Migration> migrations;
  std::vector<Projection> projections;
  std::vector<NamedQuery> queries;
  // Statements for Store::volatile_write; they change volatile_* tables only.
  std::vector<NamedQuery> volatile_writes = {};
  // Queries with the columns `patient_id` and `object` (a name) of every object that the area's
  // rows stand on; `verify` looks whether they are there, `scrub` whether others are.
  std::vector<const char*> object_references = {};
};

// The areas compiled: every statement has a number, by which each connection keeps it prepared.
class Schema {
 public:
  // CSL_CHECKs that names are given once.
  explicit Schema(std::vector<Area> areas);
  [[nodiscard]] const std::vector<Area>& areas() const { return areas_; }
  [[nodiscard]] const char* sql(std::size_t statement) const { return statements_[statement]; }
  [[nodiscard]] std::size_t statement_count() const { return statements_.size(); }
  // The statement of that name; an unknown one ends the process.
  [[nodiscard]] std::size_t query(std::string_view name) const;
  [[nodiscard]] std::size_t volatile_write(std::string_view name) const;
  // The statements of an event, or nullptr when no area declared the type.
  [[nodiscard]] const std::vector<std::size_t>* projection(std::string_view event) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  std::vector<Area> areas_;
  std::vector<const char*> statements_;
  ByName<std::size_t> queries_;
  ByName<std::size_t> volatile_writes_;
  ByName<std::vector<std::size_t>> projections_;
};

// The log itself, heads, keys and meta. Always the first area.
[[nodiscard]] Area core_area();

}  // namespace consilium::storage::sqlite
