// Projects, their members and their protocols.
//
// Views (boost::json::object) are what the API shows, in its shape (api/v1, Project); nobody
// computes on them. Administrators make projects and set members but see no cases.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/access/answer.hpp"

namespace consilium::service {

struct ProjectSettings {
  std::string name = {};
  std::string description = {};
  std::string deid_at = "release";  // "import" | "release"
  std::int64_t readers_per_item = 1;
};

class Projects {
 public:
  Projects(storage::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // {"items": [Project...], "next_cursor": null, "total": n}: those the person belongs to; all for
  // administrators.
  [[nodiscard]] Result<boost::json::object> list(const Access& access) const;
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& id) const;
  // Makes the project (administrators, operator) or changes it (lead). The same settings again
  // change nothing. Errors: InvalidInput, Forbidden, NotFound; PreconditionFailed as Refusal.
  [[nodiscard]] Answer<boost::json::object> put(const Access& access, const ProjectId& id,
                                                const ProjectSettings& settings,
                                                std::optional<std::int64_t> if_match);

  // {"items": [{"person_id", "display_name", "roles", "revision"}]}
  [[nodiscard]] Result<boost::json::object> members(const Access& access,
                                                    const ProjectId& id) const;
  // `display_name` is kept beside so that audit and exports can name the rater.
  [[nodiscard]] Result<boost::json::object> put_member(const Access& access, const ProjectId& id,
                                                       const PersonId& person,
                                                       std::string_view display_name, Roles roles);
  [[nodiscard]] Status remove_member(const Access& access, const ProjectId& id,
                                     const PersonId& person);

  // {"protocol": {...}, "yaml": "...", "hash": "...", "version": "1.0.0"}
  [[nodiscard]] Result<boost::json::object> protocol(const Access& access,
                                                     const ProjectId& id) const;
  // Sets the protocol from its YAML. Lint errors are violations (path, what, remedy).
  [[nodiscard]] Answer<boost::json::object> put_protocol(const Access& access, const ProjectId& id,
                                                         std::string_view yaml);
  // {"items": [{"id", "version", "title", "hash", "created_at", "set_by"}]}, newest first
  [[nodiscard]] Result<boost::json::object> protocol_versions(const Access& access,
                                                              const ProjectId& id) const;

 private:
  storage::Store& store_;
  const Clock& clock_;
};

}  // namespace consilium::service
