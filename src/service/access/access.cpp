#include "service/access/access.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/canonical_json.hpp"

namespace consilium::service {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 5> role_names{{
    {Role::Rater, "rater"},
    {Role::Reviewer, "reviewer"},
    {Role::Adjudicator, "adjudicator"},
    {Role::Lead, "lead"},
    {Role::MlExport, "ml_export"},
}};

}  // namespace

std::string_view name_of(Role role) {
  for (const auto& [value, name] : role_names) {
    if (value == role) return name;
  }
  return "";
}

std::optional<Role> role_named(std::string_view name) {
  for (const auto& [value, text] : role_names) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Roles::names() const {
  std::vector<std::string> names;
  for (const auto& [role, name] : role_names) {
    if (has(role)) names.emplace_back(name);
  }
  return names;
}

Result<Roles> Roles::of(const std::vector<std::string>& names) {
  Roles roles;
  for (const std::string& name : names) {
    const std::optional<Role> role = role_named(name);
    if (!role) {
      return fail(ErrorCode::InvalidInput, "there is no role of that name", "roles",
                  "use rater, reviewer, adjudicator, lead or ml_export");
    }
    roles.add(*role);
  }
  return roles;
}

Access operator_access() {
  Access access;
  access.display_name = "Operator";
  access.origin = "command line";
  access.is_operator = true;
  return access;
}

storage::Actor actor_of(const Access& access) {
  return {.person = access.is_operator ? std::string("system") : to_string(access.person),
          .sign_in = access.sign_in,
          .origin = access.origin};
}

Roles roles_in(const Access& access, const ProjectId& project) {
  if (access.is_operator) return Roles{Role::Lead, Role::MlExport};
  const auto found = access.projects.find(project);
  return found == access.projects.end() ? Roles{} : found->second;
}

Status require(const Access& access, const ProjectId& project, Roles wanted) {
  const Roles roles = roles_in(access, project);
  if (roles.empty()) return fail(ErrorCode::NotFound, "there is no such project");
  if (!roles.has_any(wanted)) {
    return fail(ErrorCode::Forbidden, "your role in this project does not allow this", "",
                "ask the project's lead for the role");
  }
  return {};
}

Status load_memberships(const storage::Reader& reader, Access& access) {
  access.projects.clear();
  for (const storage::Row& row : CSL_TRY(
           reader.query("catalog.memberships", storage::Fields().set("member", access.person)))) {
    const auto names = CSL_TRY(parse_json(row.text("roles")));
    Roles roles;
    for (const boost::json::value& name : names.as_array()) {
      if (const std::optional<Role> role = role_named(name.as_string())) roles.add(*role);
    }
    access.projects[CSL_TRY(row.id<ProjectId>("project_id"))] = roles;
  }
  return {};
}

}  // namespace consilium::service
