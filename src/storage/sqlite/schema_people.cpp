// People: accounts, one-time links, sign-ins and API tokens. Of a password, a link, a session and a
// token only a hash is kept; fields whose names begin with "secret_" hold one, and nobody shows
// them.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE people (
  person_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
  roles TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
  created_at INTEGER NOT NULL, secret_password_hash TEXT) STRICT;
CREATE TABLE links (
  secret_link_hash TEXT NOT NULL PRIMARY KEY, person_id TEXT NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'invitation', 'reset')),
  expires_at INTEGER NOT NULL, used_at INTEGER) STRICT;
CREATE INDEX links_of_person ON links (person_id);
CREATE TABLE sign_ins (
  sign_in_id TEXT NOT NULL PRIMARY KEY, person_id TEXT NOT NULL, secret_session_hash TEXT NOT NULL UNIQUE,
  started_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, started_from TEXT NOT NULL,
  user_agent TEXT NOT NULL, ended_at INTEGER) STRICT;
CREATE INDEX sign_ins_of_person ON sign_ins (person_id, started_at);
CREATE TABLE tokens (
  token_id TEXT NOT NULL PRIMARY KEY, person_id TEXT NOT NULL, secret_token_hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  revoked_at INTEGER) STRICT;
CREATE INDEX tokens_of_person ON tokens (person_id);
CREATE TABLE volatile_seen (
  id TEXT NOT NULL PRIMARY KEY, person_id TEXT NOT NULL, seen_at INTEGER NOT NULL) STRICT;
CREATE INDEX volatile_seen_of_person ON volatile_seen (person_id, seen_at);
)sql"},
};

constexpr const char* end_sign_ins =
    "UPDATE sign_ins SET ended_at = :at WHERE person_id = :subject AND ended_at IS NULL AND "
    "sign_in_id <> COALESCE(:kept_sign_in, '')";

const std::vector<Projection> projections = {
    {"person.invited",
     {R"sql(INSERT INTO people (person_id, name, display_name, roles, state, created_at)
        VALUES (:subject, :name, :display_name, :roles, 'invited', :at))sql"}},
    {"person.changed",
     {R"sql(UPDATE people SET name = :name, display_name = :display_name, roles = :roles
        WHERE person_id = :subject)sql"}},
    {"person.disabled",
     {"UPDATE people SET state = 'disabled' WHERE person_id = :subject", end_sign_ins,
      "UPDATE tokens SET revoked_at = :at WHERE person_id = :subject AND revoked_at IS NULL",
      "UPDATE links SET used_at = :at WHERE person_id = :subject AND used_at IS NULL"}},
    {"person.enabled",
     {R"sql(UPDATE people SET state = CASE WHEN secret_password_hash IS NULL THEN 'invited' ELSE 'active' END
        WHERE person_id = :subject)sql"}},
    {"person.password_set",
     {R"sql(UPDATE people SET secret_password_hash = :secret_password_hash, state = 'active'
        WHERE person_id = :subject)sql",
      end_sign_ins,
      "UPDATE links SET used_at = :at WHERE person_id = :subject AND used_at IS NULL"}},
    {"link.made", {R"sql(INSERT INTO links (secret_link_hash, person_id, purpose, expires_at)
        VALUES (:secret_link_hash, :subject, :purpose, :expires_at))sql"}},
    {"link.used", {"UPDATE links SET used_at = :at WHERE secret_link_hash = :secret_link_hash"}},
    {"sign_in.started",
     {R"sql(INSERT INTO sign_ins (sign_in_id, person_id, secret_session_hash, started_at, expires_at,
        started_from, user_agent) VALUES (:sign_in_id, :subject, :secret_session_hash, :at, :expires_at,
        :origin, :user_agent))sql",
      R"sql(UPDATE people SET state = 'active' WHERE person_id = :subject AND state = 'invited'
        AND secret_password_hash IS NOT NULL)sql"}},
    {"sign_in.ended",
     {"UPDATE sign_ins SET ended_at = :at WHERE sign_in_id = :sign_in_id AND ended_at IS NULL"}},
    {"sign_in.failed", {}},
    {"access.refused", {}},
    {"token.made",
     {R"sql(INSERT INTO tokens (token_id, person_id, secret_token_hash, name, scopes, created_at, expires_at)
        VALUES (:token_id, :subject, :secret_token_hash, :name, :scopes, :at, :expires_at))sql"}},
    {"token.revoked",
     {"UPDATE tokens SET revoked_at = :at WHERE token_id = :token_id AND revoked_at IS NULL"}},
};

#define CSL_PERSON_COLUMNS                                                                     \
  "SELECT p.*, (SELECT MAX(seen_at) FROM volatile_seen s WHERE s.person_id = p.person_id) AS " \
  "seen_at "                                                                                   \
  "FROM people p "

const std::vector<NamedQuery> queries = {
    {"people.by_id", CSL_PERSON_COLUMNS "WHERE p.person_id = :subject"},
    {"people.by_name", CSL_PERSON_COLUMNS "WHERE p.name = :name"},
    {"people.all", CSL_PERSON_COLUMNS "ORDER BY p.name"},
    {"people.link", "SELECT * FROM links WHERE secret_link_hash = :secret_link_hash"},
    {"people.session",
     R"sql(SELECT i.*, (SELECT seen_at FROM volatile_seen v WHERE v.id = i.sign_in_id) AS seen_at
        FROM sign_ins i WHERE i.secret_session_hash = :secret_session_hash)sql"},
    {"people.sign_ins",
     R"sql(SELECT i.*, (SELECT seen_at FROM volatile_seen v WHERE v.id = i.sign_in_id) AS seen_at
        FROM sign_ins i WHERE i.person_id = :subject AND i.ended_at IS NULL ORDER BY i.started_at DESC)sql"},
    {"people.token", "SELECT * FROM tokens WHERE secret_token_hash = :secret_token_hash"},
    {"people.tokens",
     R"sql(SELECT t.*, (SELECT seen_at FROM volatile_seen v WHERE v.id = t.token_id) AS seen_at
        FROM tokens t WHERE t.person_id = :subject AND t.revoked_at IS NULL ORDER BY t.created_at DESC)sql"},
};

const std::vector<NamedQuery> volatile_writes = {
    {"people.seen",
     R"sql(INSERT INTO volatile_seen (id, person_id, seen_at) VALUES (:id, :subject, :seen_at)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at)sql"},
};

}  // namespace

Area people_area() {
  return Area{.name = "people",
              .migrations = migrations,
              .projections = projections,
              .queries = queries,
              .volatile_writes = volatile_writes};
}

}  // namespace consilium::storage::sqlite
