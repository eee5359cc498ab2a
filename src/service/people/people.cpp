#include "service/people/people.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "service/people/secrets.hpp"

namespace consilium::service {
namespace {

using storage::EventDraft;
using storage::Fields;
using storage::PersonRow;
using storage::Transaction;

constexpr std::int64_t seen_every_ms = 60'000;
constexpr std::int64_t refusal_every_ms = 60'000;
constexpr std::size_t refusals_max = 10'000;
constexpr std::string_view token_prefix = "csl_";
constexpr std::size_t user_agent_bytes_max = 256;

std::unexpected<Error> unauthenticated(std::string what) {
  return fail(ErrorCode::Unauthenticated, std::move(what), {}, "sign in");
}

EventDraft event(std::string type, Fields fields) {
  EventDraft draft;
  draft.type = std::move(type);
  draft.fields = std::move(fields);
  return draft;
}

bool is_administrator(const PersonRow& person) {
  return std::ranges::find(person.roles, "administrator") != person.roles.end();
}

// Printable ASCII only: it is shown to people and kept in the log.
std::string cleaned(std::string_view user_agent) {
  std::string text;
  for (const char c : user_agent.substr(0, user_agent_bytes_max)) {
    text.push_back(c >= ' ' && c <= '~' ? c : '?');
  }
  return text;
}

storage::Actor actor_for(const PersonId& person, const Origin& origin) {
  return {.person = to_string(person), .sign_in = {}, .origin = origin.address};
}

}  // namespace

Result<Caller> People::caller_for(const PersonRow& person, const storage::Reader& reader,
                                  std::string sign_in, std::string address) const {
  Caller caller;
  caller.name = person.name;
  caller.roles = person.roles;
  caller.access.person = person.id;
  caller.access.display_name = person.display_name;
  caller.access.sign_in = std::move(sign_in);
  caller.access.origin = std::move(address);
  caller.access.is_administrator = is_administrator(person);
  caller.access.is_compliance = std::ranges::find(person.roles, "compliance") != person.roles.end();
  CSL_TRY(load_memberships(reader, caller.access));
  return caller;
}

void People::note_seen(const std::string& id, const PersonId& person, Timestamp seen_before) {
  const Timestamp now = clock_.now();
  if (now.ms - seen_before.ms < seen_every_ms) return;
  // Lost when the store is closing, which harms nobody.
  static_cast<void>(store_.volatile_write(
      "people.seen", Fields().set("id", id).set("subject", person).set("seen_at", now.ms)));
}

Result<SignedIn> People::begin_session(const PersonRow& person, const Origin& origin,
                                       std::string_view way, const std::string& used_link_hash,
                                       const std::string& new_password_hash) {
  const Secret secret = make_secret(random_);
  const auto id = make_id<SignInId>(clock_, random_);
  storage::Actor actor = actor_for(person.id, origin);
  actor.sign_in = to_string(id);
  CSL_TRY(store_.write_from_reserve(actor, [&](Transaction& transaction) -> Status {
    if (!used_link_hash.empty()) {
      // Looked at again here, where nobody else writes: a link works once.
      const auto link = CSL_TRY(storage::find_link(transaction, used_link_hash));
      if (!link || link->used) return fail(ErrorCode::NotFound, "the link was used already");
      CSL_TRY(transaction.append(
          event("link.used",
                Fields().set("subject", person.id).set("secret_link_hash", used_link_hash))));
    }
    if (!new_password_hash.empty()) {
      CSL_TRY(transaction.append(event(
          "person.password_set",
          Fields().set("subject", person.id).set("secret_password_hash", new_password_hash))));
    }
    return transaction.append(
        event("sign_in.started", Fields()
                                     .set("subject", person.id)
                                     .set("sign_in_id", id)
                                     .set("way", std::string(way))
                                     .set("secret_session_hash", secret.hash)
                                     .set("expires_at", clock_.now().ms + limits_.session_ms)
                                     .set("user_agent", cleaned(origin.user_agent))));
  }));
  note_seen(to_string(id), person.id, Timestamp{0});
  SignedIn signed_in;
  signed_in.session_secret = secret.shown;
  signed_in.caller = CSL_TRY(caller_of_session(secret.shown, origin.address));
  return signed_in;
}

Result<SignedIn> People::sign_in(std::string_view name, std::string_view password,
                                 const Origin& origin) {
  CSL_TRY(limit_.check(name, origin.address, clock_.now()));
  std::optional<PersonRow> person;
  {
    const auto reader = CSL_TRY(store_.read());
    person = CSL_TRY(storage::find_person_named(*reader, name));
  }
  const bool fits =
      CSL_TRY(passwords_.fits(password, person ? person->password_hash : std::string()));
  if (fits && person->state == "active") {
    limit_.succeeded(name);
    return begin_session(*person, origin, "password", {}, {});
  }
  limit_.failed(name, origin.address, clock_.now());
  // A name that is no account's may be a password typed into the wrong field: it is not kept.
  CSL_TRY(store_.write_from_reserve(
      {.person = "system", .sign_in = {}, .origin = origin.address}, [&](Transaction& transaction) {
        Fields fields;
        if (person) fields.set("subject", person->id);
        return transaction.append(event("sign_in.failed", std::move(fields)));
      }));
  return fail(ErrorCode::Unauthenticated, "name or password is wrong", {},
              "try again, or ask for a reset");
}

Status People::sign_out(const Caller& caller) {
  if (caller.is_token) return {};
  CSL_TRY(store_.write_from_reserve(actor_of(caller.access), [&](Transaction& transaction) {
    return transaction.append(event(
        "sign_in.ended",
        Fields().set("subject", caller.access.person).set("sign_in_id", caller.access.sign_in)));
  }));
  return {};
}

Result<Caller> People::caller_of_session(std::string_view secret, const std::string& address) {
  const auto reader = CSL_TRY(store_.read());
  const auto sign_in = CSL_TRY(storage::find_session(*reader, hash_of_secret(secret)));
  const Timestamp now = clock_.now();
  if (!sign_in || sign_in->ended || sign_in->expires_at <= now ||
      now.ms - sign_in->seen_at.ms > limits_.idle_ms) {
    return unauthenticated("the sign-in does not hold any more");
  }
  const auto person = CSL_TRY(storage::find_person(*reader, sign_in->person));
  if (!person || person->state == "disabled") return unauthenticated("the account is disabled");
  Caller caller = CSL_TRY(caller_for(*person, *reader, to_string(sign_in->id), address));
  caller.csrf_token = csrf_token_of(secret);
  note_seen(to_string(sign_in->id), person->id, sign_in->seen_at);
  return caller;
}

Result<Caller> People::caller_of_token(std::string_view token, const std::string& address) {
  if (!token.starts_with(token_prefix)) return unauthenticated("the token is not known");
  const auto reader = CSL_TRY(store_.read());
  const auto row = CSL_TRY(storage::find_token(*reader, hash_of_secret(token)));
  if (!row || row->revoked || row->expires_at <= clock_.now()) {
    return unauthenticated("the token does not hold any more");
  }
  const auto person = CSL_TRY(storage::find_person(*reader, row->person));
  // As with a sign-in: who came by a link and has no password yet is somebody all the same.
  if (!person || person->state == "disabled") return unauthenticated("the account is disabled");
  Caller caller = CSL_TRY(caller_for(*person, *reader, to_string(row->id), address));
  caller.is_token = true;
  caller.scopes = row->scopes;
  note_seen(to_string(row->id), person->id, Timestamp{0});
  return caller;
}

Result<People::LinkView> People::link(std::string_view secret) const {
  const auto reader = CSL_TRY(store_.read());
  const auto link = CSL_TRY(storage::find_link(*reader, hash_of_secret(secret)));
  if (!link || link->used || link->expires_at <= clock_.now()) {
    return fail(ErrorCode::NotFound, "the link is unknown, used or expired", {},
                "ask for a new one");
  }
  const auto person = CSL_TRY(storage::find_person(*reader, link->person));
  if (!person || person->state == "disabled")
    return fail(ErrorCode::NotFound, "the link's account is disabled");
  return LinkView{link->purpose, person->name, person->display_name, link->expires_at};
}

Result<SignedIn> People::use_link(std::string_view secret, std::optional<std::string_view> password,
                                  const Origin& origin) {
  const LinkView view = CSL_TRY(link(secret));
  std::string password_hash;
  if (view.purpose != "sign_in") {
    if (!password) {
      return fail(ErrorCode::InvalidInput, "this link sets a password, and none was sent",
                  "/password", "send one");
    }
    CSL_TRY(check_new_password(*password, view.name));
    password_hash = CSL_TRY(passwords_.hash(*password));
  }
  std::optional<PersonRow> person;
  {
    const auto reader = CSL_TRY(store_.read());
    person = CSL_TRY(storage::find_person_named(*reader, view.name));
  }
  if (!person) return fail(ErrorCode::NotFound, "the link's account is gone");
  return begin_session(*person, origin, view.purpose, hash_of_secret(secret), password_hash);
}

Status People::change_password(const Caller& caller, std::string_view old_password,
                               std::string_view new_password) {
  const PersonRow person = CSL_TRY(find(caller.access.person));
  CSL_TRY(limit_.check(person.name, caller.access.origin, clock_.now()));
  // Who came by the first link has no password yet, and nothing to show.
  if (!person.password_hash.empty() &&
      !CSL_TRY(passwords_.fits(old_password, person.password_hash))) {
    limit_.failed(person.name, caller.access.origin, clock_.now());
    return fail(ErrorCode::InvalidInput, "the old password is wrong", "/old", "try again");
  }
  CSL_TRY(check_new_password(new_password, person.name));
  const std::string hash = CSL_TRY(passwords_.hash(new_password));
  CSL_TRY(store_.write(actor_of(caller.access), [&](Transaction& transaction) {
    return transaction.append(
        event("person.password_set", Fields()
                                         .set("subject", person.id)
                                         .set("secret_password_hash", hash)
                                         .set("kept_sign_in", caller.access.sign_in)));
  }));
  return {};
}

Result<std::vector<storage::SignInRow>> People::sign_ins(const PersonId& person) const {
  const auto reader = CSL_TRY(store_.read());
  auto rows = CSL_TRY(storage::sign_ins_of(*reader, person));
  const Timestamp now = clock_.now();
  std::erase_if(rows, [&](const storage::SignInRow& row) {
    return row.expires_at <= now || now.ms - row.seen_at.ms > limits_.idle_ms;
  });
  return rows;
}

Status People::end_sign_in(const Access& access, const SignInId& id) {
  const auto rows = CSL_TRY(sign_ins(access.person));
  if (std::ranges::none_of(rows, [&](const storage::SignInRow& row) { return row.id == id; })) {
    return fail(ErrorCode::NotFound, "there is no such sign-in");
  }
  CSL_TRY(store_.write_from_reserve(actor_of(access), [&](Transaction& transaction) {
    return transaction.append(
        event("sign_in.ended", Fields().set("subject", access.person).set("sign_in_id", id)));
  }));
  return {};
}

Result<std::vector<storage::TokenRow>> People::tokens(const PersonId& person) const {
  const auto reader = CSL_TRY(store_.read());
  auto rows = CSL_TRY(storage::tokens_of(*reader, person));
  std::erase_if(rows, [&](const storage::TokenRow& row) { return row.expires_at <= clock_.now(); });
  return rows;
}

Result<People::MadeToken> People::make_token(const Access& access, std::string_view name,
                                             const std::vector<std::string>& scopes,
                                             std::int64_t days) {
  const Timestamp now = clock_.now();
  MadeToken made;
  made.token = std::string(token_prefix) + make_secret(random_).shown;
  made.row = {.id = make_id<TokenId>(clock_, random_),
              .person = access.person,
              .name = std::string(name),
              .scopes = scopes,
              .created_at = now,
              .expires_at = Timestamp{now.ms + days * 24 * 3600 * 1000},
              .seen_at = std::nullopt,
              .revoked = false};
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
    made.row.created_at = transaction.now();
    return transaction.append(
        event("token.made", Fields()
                                .set("subject", access.person)
                                .set("token_id", made.row.id)
                                .set("secret_token_hash", hash_of_secret(made.token))
                                .set("name", made.row.name)
                                .set("scopes", storage::join_names(scopes))
                                .set("expires_at", made.row.expires_at.ms)));
  }));
  return made;
}

Status People::revoke_token(const Access& access, const TokenId& id) {
  const auto rows = CSL_TRY(tokens(access.person));
  if (std::ranges::none_of(rows, [&](const storage::TokenRow& row) { return row.id == id; })) {
    return fail(ErrorCode::NotFound, "there is no such token");
  }
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
    return transaction.append(
        event("token.revoked", Fields().set("subject", access.person).set("token_id", id)));
  }));
  return {};
}

Result<std::vector<PersonRow>> People::list() const {
  const auto reader = CSL_TRY(store_.read());
  return storage::all_people(*reader);
}

Result<PersonRow> People::find(const PersonId& id) const {
  const auto reader = CSL_TRY(store_.read());
  auto person = CSL_TRY(storage::find_person(*reader, id));
  if (!person) return fail(ErrorCode::NotFound, "there is no such person");
  return std::move(*person);
}

Result<std::optional<PersonRow>> People::find_named(std::string_view name) const {
  const auto reader = CSL_TRY(store_.read());
  return storage::find_person_named(*reader, name);
}

Status People::keep_an_administrator(const storage::Reader& reader, const PersonId& without) const {
  for (const PersonRow& person : CSL_TRY(storage::all_people(reader))) {
    if (person.id != without && is_administrator(person) && person.state == "active") return {};
  }
  return fail(ErrorCode::Conflict, "this is the last administrator", {},
              "make another administrator first");
}

Result<People::PutPerson> People::put(const Access& access, const PersonId& id,
                                      const PersonSettings& settings) {
  std::optional<Secret> link_secret;
  Timestamp link_expires;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const auto namesake = CSL_TRY(storage::find_person_named(transaction, settings.name));
    if (namesake && namesake->id != id) {
      return fail(ErrorCode::Conflict, "the name is another person's", "/name", "choose another");
    }
    const auto before = CSL_TRY(storage::find_person(transaction, id));
    Fields fields = Fields()
                        .set("subject", id)
                        .set("name", settings.name)
                        .set("display_name", settings.display_name)
                        .set("roles", storage::join_names(settings.roles));
    if (!before) {
      CSL_TRY(transaction.append(event("person.invited", std::move(fields))));
      link_secret = make_secret(random_);
      link_expires = Timestamp{transaction.now().ms + limits_.invitation_ms};
      return transaction.append(event("link.made", Fields()
                                                       .set("subject", id)
                                                       .set("secret_link_hash", link_secret->hash)
                                                       .set("purpose", std::string("invitation"))
                                                       .set("expires_at", link_expires.ms)));
    }
    if (before->name == settings.name && before->display_name == settings.display_name &&
        before->roles == settings.roles) {
      return {};
    }
    const bool stays = std::ranges::find(settings.roles, "administrator") != settings.roles.end();
    if (is_administrator(*before) && before->state == "active" && !stays) {
      CSL_TRY(keep_an_administrator(transaction, id));
    }
    return transaction.append(event("person.changed", std::move(fields)));
  }));
  PutPerson answer{.person = CSL_TRY(find(id)), .link = std::nullopt};
  if (link_secret) answer.link = OneTimeLink{link_secret->shown, link_expires};
  return answer;
}

Result<OneTimeLink> People::make_link(const Access& access, const PersonId& id,
                                      std::string_view purpose) {
  const PersonRow person = CSL_TRY(find(id));
  if (person.state == "disabled") {
    return fail(ErrorCode::Conflict, "the account is disabled", {}, "enable it first");
  }
  const Secret secret = make_secret(random_);
  const std::int64_t life_ms = purpose == "invitation" ? limits_.invitation_ms
                               : purpose == "reset"    ? limits_.reset_ms
                                                       : limits_.sign_in_link_ms;
  const Timestamp expires_at{clock_.now().ms + life_ms};
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
    return transaction.append(event("link.made", Fields()
                                                     .set("subject", id)
                                                     .set("secret_link_hash", secret.hash)
                                                     .set("purpose", std::string(purpose))
                                                     .set("expires_at", expires_at.ms)));
  }));
  return OneTimeLink{secret.shown, expires_at};
}

Result<PersonRow> People::disable(const Access& access, const PersonId& id) {
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const auto person = CSL_TRY(storage::find_person(transaction, id));
    if (!person) return fail(ErrorCode::NotFound, "there is no such person");
    if (person->state == "disabled") return {};
    if (is_administrator(*person)) CSL_TRY(keep_an_administrator(transaction, id));
    return transaction.append(event("person.disabled", Fields().set("subject", id)));
  }));
  return find(id);
}

Result<PersonRow> People::enable(const Access& access, const PersonId& id) {
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const auto person = CSL_TRY(storage::find_person(transaction, id));
    if (!person) return fail(ErrorCode::NotFound, "there is no such person");
    if (person->state != "disabled") return {};
    return transaction.append(event("person.enabled", Fields().set("subject", id)));
  }));
  return find(id);
}

Result<bool> People::has_administrator() const {
  const auto people = CSL_TRY(list());
  return std::ranges::any_of(people, [](const PersonRow& person) {
    return is_administrator(person) && person.state == "active" && !person.password_hash.empty();
  });
}

Result<std::optional<OneTimeLink>> People::first_link() {
  if (CSL_TRY(has_administrator())) return std::nullopt;
  const Access access = operator_access();
  const auto people = CSL_TRY(list());
  const auto found = std::ranges::find_if(people, [](const PersonRow& person) {
    return is_administrator(person) && person.state != "disabled";
  });
  PersonId id;
  if (found != people.end()) {
    id = found->id;
  } else {
    id = make_id<PersonId>(clock_, random_);
    CSL_TRY(put(access, id,
                {.name = "admin", .display_name = "Administrator", .roles = {"administrator"}}));
  }
  // It sets the password: an administrator without one could not sign in a second time.
  return CSL_TRY(make_link(access, id, "invitation"));
}

Status People::record_refusal(const Access& access, std::string_view operation,
                              const std::optional<ProjectId>& project) {
  const Timestamp now = clock_.now();
  const std::string key = fmt::format("{} {}", to_string(access.person), operation);
  const bool is_new = refusals_.with([&](std::map<std::string, Timestamp>& refusals) {
    if (refusals.size() >= refusals_max) {
      std::erase_if(refusals,
                    [&](const auto& row) { return now.ms - row.second.ms > refusal_every_ms; });
    }
    Timestamp& last = refusals[key];
    const bool due = now.ms - last.ms > refusal_every_ms;
    if (due) last = now;
    return due;
  });
  if (!is_new) return {};
  CSL_TRY(store_.write_from_reserve(actor_of(access), [&](Transaction& transaction) {
    EventDraft draft = event("access.refused", Fields().set("operation", std::string(operation)));
    draft.project = project;
    return transaction.append(std::move(draft));
  }));
  return {};
}

}  // namespace consilium::service
