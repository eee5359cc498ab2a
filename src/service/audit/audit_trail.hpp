// The log in sentences: who did what, when, to which item. Compliance reads all of it, a lead that
// of their projects. Sealed fields are never opened here.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"

namespace consilium::service {

struct AuditQuery {
  std::string cursor;
  std::int64_t limit = 50;  // 1..500
  std::optional<ProjectId> project;
  std::optional<ItemId> item;
  std::optional<PersonId> person;
  std::string type;  // exact; empty: all
  std::string from;  // RFC 3339, empty: open
  std::string to;
};

// {"items": [{"sequence", "at", "type", "person", "project_id", "item_id", "patient_pseudonym",
// "sentence", "fields", "hash"}], "next_cursor"}, newest first.
[[nodiscard]] Result<boost::json::object> audit_events(const storage::Store& store,
                                                       const Access& access,
                                                       const AuditQuery& query);

}  // namespace consilium::service
