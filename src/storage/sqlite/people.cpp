#include "storage/people.hpp"

namespace consilium::storage {
namespace {

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    names.emplace_back(text.substr(0, blank));
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  return names;
}

std::optional<Timestamp> time_of(const Row& row, std::string_view column) {
  if (row.is_null(column)) return std::nullopt;
  return Timestamp{row.integer(column)};
}

Result<PersonRow> person_of(const Row& row) {
  return PersonRow{.id = CSL_TRY(row.id<PersonId>("person_id")),
                   .name = row.text("name"),
                   .display_name = row.text("display_name"),
                   .roles = split_names(row.text("roles")),
                   .state = row.text("state"),
                   .created_at = {row.integer("created_at")},
                   .seen_at = time_of(row, "seen_at"),
                   .password_hash = row.text("secret_password_hash")};
}

Result<SignInRow> sign_in_of(const Row& row) {
  const Timestamp started{row.integer("started_at")};
  return SignInRow{.id = CSL_TRY(row.id<SignInId>("sign_in_id")),
                   .person = CSL_TRY(row.id<PersonId>("person_id")),
                   .started_at = started,
                   .expires_at = {row.integer("expires_at")},
                   .seen_at = time_of(row, "seen_at").value_or(started),
                   .origin = row.text("started_from"),
                   .user_agent = row.text("user_agent"),
                   .ended = !row.is_null("ended_at")};
}

Result<TokenRow> token_of(const Row& row, std::optional<Timestamp> seen_at) {
  return TokenRow{.id = CSL_TRY(row.id<TokenId>("token_id")),
                  .person = CSL_TRY(row.id<PersonId>("person_id")),
                  .name = row.text("name"),
                  .scopes = split_names(row.text("scopes")),
                  .created_at = {row.integer("created_at")},
                  .expires_at = {row.integer("expires_at")},
                  .seen_at = seen_at,
                  .revoked = !row.is_null("revoked_at")};
}

}  // namespace

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text.push_back(' ');
    text += name;
  }
  return text;
}

Result<std::optional<PersonRow>> find_person(const Reader& reader, const PersonId& id) {
  const Rows rows = CSL_TRY(reader.query("people.by_id", Fields().set("subject", id)));
  if (rows.empty()) return std::nullopt;
  return CSL_TRY(person_of(rows.front()));
}

Result<std::optional<PersonRow>> find_person_named(const Reader& reader, std::string_view name) {
  const Rows rows =
      CSL_TRY(reader.query("people.by_name", Fields().set("name", std::string(name))));
  if (rows.empty()) return std::nullopt;
  return CSL_TRY(person_of(rows.front()));
}

Result<std::vector<PersonRow>> all_people(const Reader& reader) {
  std::vector<PersonRow> people;
  for (const Row& row : CSL_TRY(reader.query("people.all")))
    people.push_back(CSL_TRY(person_of(row)));
  return people;
}

Result<std::optional<LinkRow>> find_link(const Reader& reader, std::string_view link_hash) {
  const Rows rows = CSL_TRY(
      reader.query("people.link", Fields().set("secret_link_hash", std::string(link_hash))));
  if (rows.empty()) return std::nullopt;
  return LinkRow{.person = CSL_TRY(rows.front().id<PersonId>("person_id")),
                 .purpose = rows.front().text("purpose"),
                 .expires_at = {rows.front().integer("expires_at")},
                 .used = !rows.front().is_null("used_at")};
}

Result<std::optional<SignInRow>> find_session(const Reader& reader, std::string_view session_hash) {
  const Rows rows = CSL_TRY(reader.query(
      "people.session", Fields().set("secret_session_hash", std::string(session_hash))));
  if (rows.empty()) return std::nullopt;
  return CSL_TRY(sign_in_of(rows.front()));
}

Result<std::vector<SignInRow>> sign_ins_of(const Reader& reader, const PersonId& person) {
  std::vector<SignInRow> sign_ins;
  for (const Row& row : CSL_TRY(reader.query("people.sign_ins", Fields().set("subject", person)))) {
    sign_ins.push_back(CSL_TRY(sign_in_of(row)));
  }
  return sign_ins;
}

Result<std::optional<TokenRow>> find_token(const Reader& reader, std::string_view token_hash) {
  const Rows rows = CSL_TRY(
      reader.query("people.token", Fields().set("secret_token_hash", std::string(token_hash))));
  if (rows.empty()) return std::nullopt;
  return CSL_TRY(token_of(rows.front(), std::nullopt));
}

Result<std::vector<TokenRow>> tokens_of(const Reader& reader, const PersonId& person) {
  std::vector<TokenRow> tokens;
  for (const Row& row : CSL_TRY(reader.query("people.tokens", Fields().set("subject", person)))) {
    tokens.push_back(CSL_TRY(token_of(row, time_of(row, "seen_at"))));
  }
  return tokens;
}

}  // namespace consilium::storage
