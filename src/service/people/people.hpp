// People: accounts by invitation, sign-in, sessions, one-time links, API tokens. No default
// password: the first start makes an administrator who signs in by a one-time link.
//
// What changes an account, and each sign-in and failure, is an event; sign-ins and refusals may use
// the store's reserve.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/people/passwords.hpp"
#include "service/people/sign_in_limit.hpp"
#include "storage/people.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// Who stands behind a request, checked.
struct Caller {
  Access access;
  std::string name;
  std::vector<std::string> roles;  // of the installation
  std::string csrf_token;          // of a session; empty for a token
  bool is_token = false;
  std::vector<std::string> scopes;  // of a token
};

// From where a request came.
struct Origin {
  std::string address;
  std::string user_agent;
};

struct SignedIn {
  std::string session_secret;  // for the cookie
  Caller caller;
};

struct OneTimeLink {
  std::string secret;
  Timestamp expires_at;
};

struct PersonSettings {
  std::string name;
  std::string display_name;
  std::vector<std::string> roles;
};

class People {
 public:
  struct Limits {
    std::int64_t idle_ms = 8LL * 3600 * 1000;          // a session unused for so long is over
    std::int64_t session_ms = 7LL * 24 * 3600 * 1000;  // and after so long in any case
    std::int64_t sign_in_link_ms = 24LL * 3600 * 1000;
    std::int64_t invitation_ms = 7LL * 24 * 3600 * 1000;
    std::int64_t reset_ms = 24LL * 3600 * 1000;
  };
  People(storage::Store& store, const Clock& clock, Random& random, Passwords& passwords,
         const Limits& limits)
      : store_(store), clock_(clock), random_(random), passwords_(passwords), limits_(limits) {}

  // Errors: Unauthenticated when name or password is wrong or the account is not active (which, is
  // not told); RateLimited.
  [[nodiscard]] Result<SignedIn> sign_in(std::string_view name, std::string_view password,
                                         const Origin& origin);
  [[nodiscard]] Status sign_out(const Caller& caller);
  // The caller of a session's secret. Errors: Unauthenticated when it is unknown, ended, idle or
  // expired.
  [[nodiscard]] Result<Caller> caller_of_session(std::string_view secret,
                                                 const std::string& address);
  [[nodiscard]] Result<Caller> caller_of_token(std::string_view token, const std::string& address);

  struct LinkView {
    std::string purpose;
    std::string name;
    std::string display_name;
    Timestamp expires_at;
  };
  // Errors: NotFound when it is unknown, used or expired.
  [[nodiscard]] Result<LinkView> link(std::string_view secret) const;
  // Uses it up. `password` is needed, and set, for invitations and resets.
  [[nodiscard]] Result<SignedIn> use_link(std::string_view secret,
                                          std::optional<std::string_view> password,
                                          const Origin& origin);

  // Sets a new password and ends the person's other sign-ins.
  [[nodiscard]] Status change_password(const Caller& caller, std::string_view old_password,
                                       std::string_view new_password);
  [[nodiscard]] Result<std::vector<storage::SignInRow>> sign_ins(
      const PersonId& person) const;  // that still hold
  [[nodiscard]] Status end_sign_in(const Access& access,
                                   const SignInId& id);  // an own one; NotFound else

  [[nodiscard]] Result<std::vector<storage::TokenRow>> tokens(
      const PersonId& person) const;  // that still hold
  struct MadeToken {
    storage::TokenRow row;
    std::string token;  // "csl_...", told once
  };
  [[nodiscard]] Result<MadeToken> make_token(const Access& access, std::string_view name,
                                             const std::vector<std::string>& scopes,
                                             std::int64_t days);
  [[nodiscard]] Status revoke_token(const Access& access, const TokenId& id);

  [[nodiscard]] Result<std::vector<storage::PersonRow>> list() const;
  [[nodiscard]] Result<storage::PersonRow> find(const PersonId& id) const;
  [[nodiscard]] Result<std::optional<storage::PersonRow>> find_named(std::string_view name) const;
  struct PutPerson {
    storage::PersonRow person;
    std::optional<OneTimeLink> link;  // of a new invitation
  };
  // Invites, or changes. The same again changes nothing (and makes no second link).
  // Errors: Conflict when the name is another's, or the last administrator would be none.
  [[nodiscard]] Result<PutPerson> put(const Access& access, const PersonId& id,
                                      const PersonSettings& settings);
  [[nodiscard]] Result<OneTimeLink> make_link(const Access& access, const PersonId& id,
                                              std::string_view purpose);
  [[nodiscard]] Result<storage::PersonRow> disable(const Access& access, const PersonId& id);
  [[nodiscard]] Result<storage::PersonRow> enable(const Access& access, const PersonId& id);

  // True when an active administrator with a password exists: only then may others than this
  // machine connect.
  [[nodiscard]] Result<bool> has_administrator() const;
  // A link for the administrator of a new installation, who is made when there is nobody yet;
  // nothing when an administrator with a password exists.
  [[nodiscard]] Result<std::optional<OneTimeLink>> first_link();
  // A refusal of rights, as an event; the same person's same operation at most once a minute.
  [[nodiscard]] Status record_refusal(const Access& access, std::string_view operation,
                                      const std::optional<ProjectId>& project);

 private:
  [[nodiscard]] Result<SignedIn> begin_session(const storage::PersonRow& person,
                                               const Origin& origin, std::string_view way,
                                               const std::string& used_link_hash,
                                               const std::string& new_password_hash);
  [[nodiscard]] Result<Caller> caller_for(const storage::PersonRow& person,
                                          const storage::Reader& reader, std::string sign_in,
                                          std::string address) const;
  void note_seen(const std::string& id, const PersonId& person, Timestamp seen_before);
  [[nodiscard]] Status keep_an_administrator(const storage::Reader& reader,
                                             const PersonId& without) const;

  storage::Store& store_;
  const Clock& clock_;
  Random& random_;
  Passwords& passwords_;
  const Limits limits_;
  SignInLimit limit_;
  Guarded<std::map<std::string, Timestamp>> refusals_;
};

}  // namespace consilium::service
