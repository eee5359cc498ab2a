#include "storage/sqlite/schema.hpp"

#include <cstdio>
#include <utility>

#include "base/check.hpp"

namespace consilium::storage::sqlite {

Schema::Schema(std::vector<Area> areas) : areas_(std::move(areas)) {
  const auto add = [this](const char* sql) {
    statements_.push_back(sql);
    return statements_.size() - 1;
  };
  for (const Area& area : areas_) {
    for (const NamedQuery& query : area.queries) {
      CSL_CHECK(queries_.emplace(query.name, add(query.sql)).second);
    }
    for (const NamedQuery& write : area.volatile_writes) {
      CSL_CHECK(volatile_writes_.emplace(write.name, add(write.sql)).second);
    }
    for (const Projection& projection : area.projections) {
      std::vector<std::size_t>& statements = projections_[projection.event];
      for (const char* sql : projection.statements) statements.push_back(add(sql));
    }
  }
}

namespace {

template <class Map>
std::size_t find_or_end(const Map& map, std::string_view name) {
  const auto found = map.find(name);
  if (found == map.end()) {
    std::fprintf(stderr, "no statement is named %.*s\n", static_cast<int>(name.size()),
                 name.data());
  }
  CSL_CHECK(found != map.end());
  return found->second;
}

}  // namespace

std::size_t Schema::query(std::string_view name) const { return find_or_end(queries_, name); }

std::size_t Schema::volatile_write(std::string_view name) const {
  return find_or_end(volatile_writes_, name);
}

const std::vector<std::size_t>* Schema::projection(std::string_view event) const {
  const auto found = projections_.find(event);
  return found == projections_.end() ? nullptr : &found->second;
}

}  // namespace consilium::storage::sqlite
