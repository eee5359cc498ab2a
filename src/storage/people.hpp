// People, one-time links, sign-ins and API tokens as typed rows (sqlite/schema_people.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct PersonRow {
  PersonId id;
  std::string name;                // for signing in; unique
  std::string display_name;        // "Dr Mara Reed"
  std::vector<std::string> roles;  // of the installation: "administrator", "compliance"
  std::string state;               // "invited" | "active" | "disabled"
  Timestamp created_at;
  std::optional<Timestamp> seen_at;
  std::string password_hash;  // empty: none set
};

struct LinkRow {
  PersonId person;
  std::string purpose;  // "sign_in" | "invitation" | "reset"
  Timestamp expires_at;
  bool used = false;
};

struct SignInRow {
  SignInId id;
  PersonId person;
  Timestamp started_at;
  Timestamp expires_at;
  Timestamp seen_at;
  std::string origin;
  std::string user_agent;
  bool ended = false;
};

struct TokenRow {
  TokenId id;
  PersonId person;
  std::string name;
  std::vector<std::string> scopes;
  Timestamp created_at;
  Timestamp expires_at;
  std::optional<Timestamp> seen_at;
  bool revoked = false;
};

// Lists of names are kept as text, parted by blanks.
[[nodiscard]] std::string join_names(const std::vector<std::string>& names);

[[nodiscard]] Result<std::optional<PersonRow>> find_person(const Reader& reader,
                                                           const PersonId& id);
[[nodiscard]] Result<std::optional<PersonRow>> find_person_named(const Reader& reader,
                                                                 std::string_view name);
[[nodiscard]] Result<std::vector<PersonRow>> all_people(const Reader& reader);  // by name
[[nodiscard]] Result<std::optional<LinkRow>> find_link(const Reader& reader,
                                                       std::string_view link_hash);
[[nodiscard]] Result<std::optional<SignInRow>> find_session(const Reader& reader,
                                                            std::string_view session_hash);
[[nodiscard]] Result<std::vector<SignInRow>> sign_ins_of(const Reader& reader,
                                                         const PersonId& person);  // not ended
[[nodiscard]] Result<std::optional<TokenRow>> find_token(const Reader& reader,
                                                         std::string_view token_hash);
[[nodiscard]] Result<std::vector<TokenRow>> tokens_of(const Reader& reader,
                                                      const PersonId& person);  // not revoked

}  // namespace consilium::storage
