// Who asks, and what they may do. Every use case takes an Access first: transport makes one for
// each request from the sign-in or token, the command line makes one for the person at the machine.
//
// Rights come from roles within projects (DESIGN 6). A project that the person is no member of does
// not exist for them: NotFound, never Forbidden.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::service {

enum class Role : std::uint8_t { Rater, Reviewer, Adjudicator, Lead, MlExport };
[[nodiscard]] std::string_view name_of(Role role);  // "ml_export"
[[nodiscard]] std::optional<Role> role_named(std::string_view name);

class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) add(role);
  }
  constexpr void add(Role role) { bits_ |= bit(role); }
  [[nodiscard]] constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  [[nodiscard]] constexpr bool has_any(Roles others) const { return (bits_ & others.bits_) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] std::vector<std::string> names() const;
  // Errors: InvalidInput on a name that is no role.
  [[nodiscard]] static Result<Roles> of(const std::vector<std::string>& names);
  friend constexpr bool operator==(const Roles&, const Roles&) = default;

 private:
  static constexpr std::uint8_t bit(Role role) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
  }
  std::uint8_t bits_ = 0;
};

inline constexpr Roles any_role{Role::Rater, Role::Reviewer, Role::Adjudicator, Role::Lead,
                                Role::MlExport};
// Those who may look at cases. ML engineers get releases only.
inline constexpr Roles case_roles{Role::Rater, Role::Reviewer, Role::Adjudicator, Role::Lead};

struct Access {
  PersonId person;
  std::string display_name;
  std::string sign_in;  // a SignInId as text, or empty (command line)
  std::string origin;   // network address, "command line", or empty
  bool is_administrator = false;
  bool is_compliance = false;
  // The machine's own operator at the command line: acts as lead of every project.
  bool is_operator = false;
  std::map<ProjectId, Roles> projects;

  // A person's rater has the person's id: one human is one rater everywhere.
  [[nodiscard]] RaterId rater() const { return RaterId{person.value}; }
};

// The operator at the command line. `person` is nobody with an account.
[[nodiscard]] Access operator_access();

[[nodiscard]] storage::Actor actor_of(const Access& access);
[[nodiscard]] Roles roles_in(const Access& access, const ProjectId& project);
// Errors: NotFound when the person is no member, Forbidden when a member has none of `wanted`.
[[nodiscard]] Status require(const Access& access, const ProjectId& project, Roles wanted);
// Fills `access.projects` from the catalog. Cost: one indexed query.
[[nodiscard]] Status load_memberships(const storage::Reader& reader, Access& access);

}  // namespace consilium::service
