#include "service/people/people.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "service/people/secrets.hpp"
#include "storage/open_store.hpp"

using namespace consilium;
using namespace consilium::service;

namespace {

constexpr Passwords::Cost cheap{.passes = 1, .memory_bytes = 8192, .at_once = 2, .waiting_max = 8};
constexpr std::string_view password = "a long enough sentence";

struct World {
  std::filesystem::path folder;
  ManualClock clock{Timestamp{1'800'000'000'000}};
  std::unique_ptr<Random> random = system_random();
  std::unique_ptr<storage::Store> store;
  Passwords passwords{cheap};
  std::unique_ptr<People> people;

  World() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "consilium-people-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    auto opened = storage::open_store({.folder = folder / "data", .clock = &clock});
    if (!opened) FAIL(to_line(opened.error()));
    store = std::move(*opened);
    people = std::make_unique<People>(*store, clock, *random, passwords, People::Limits{});
  }
  ~World() {
    people.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }
  PersonId add(const std::string& name, std::vector<std::string> roles = {}) {
    const auto id = make_id<PersonId>(clock, *random);
    const auto put = people->put(operator_access(), id, {name, "Dr " + name, std::move(roles)});
    REQUIRE(put);
    REQUIRE(put->link);
    REQUIRE(people->use_link(put->link->secret, password, {"127.0.0.1", "test"}));
    return id;
  }
};

}  // namespace

TEST_CASE("an invited person sets a password by the link and signs in by it") {
  World world;
  const auto id = make_id<PersonId>(world.clock, *world.random);
  const auto put =
      world.people->put(operator_access(), id, {"mara", "Dr Mara Reed", {"compliance"}});
  REQUIRE(put);
  CHECK(put->person.state == "invited");
  REQUIRE(put->link);
  CHECK_FALSE(world.people->sign_in("mara", password, {"127.0.0.1", "test"}));
  CHECK_FALSE(world.people->use_link(put->link->secret, std::nullopt, {}));
  CHECK_FALSE(world.people->use_link(put->link->secret, "short", {}));
  const auto first = world.people->use_link(put->link->secret, password, {"127.0.0.1", "test"});
  REQUIRE(first);
  CHECK(first->caller.access.is_compliance);
  CHECK_FALSE(first->caller.access.is_administrator);
  // Once.
  CHECK(world.people->use_link(put->link->secret, password, {}).error().code ==
        ErrorCode::NotFound);
  const auto second = world.people->sign_in("mara", password, {"127.0.0.1", "test"});
  REQUIRE(second);
  CHECK(second->caller.access.person == id);
  CHECK(world.people->sign_ins(id)->size() == 2);
}

TEST_CASE("the same invitation again changes nothing and makes no second link") {
  World world;
  const auto id = make_id<PersonId>(world.clock, *world.random);
  REQUIRE(world.people->put(operator_access(), id, {"mara", "Dr Mara Reed", {}})->link);
  const auto again = world.people->put(operator_access(), id, {"mara", "Dr Mara Reed", {}});
  REQUIRE(again);
  CHECK_FALSE(again->link);
  const auto other = world.people->put(
      operator_access(), make_id<PersonId>(world.clock, *world.random), {"mara", "Another", {}});
  CHECK(other.error().code == ErrorCode::Conflict);
}

TEST_CASE("a session ends by sign-out, by idleness and by its age") {
  World world;
  world.add("mara");
  const auto signed_in = world.people->sign_in("mara", password, {"127.0.0.1", "test"});
  REQUIRE(signed_in);
  CHECK(world.people->caller_of_session(signed_in->session_secret, ""));
  CHECK_FALSE(world.people->caller_of_session(signed_in->session_secret + "x", ""));
  CHECK_FALSE(world.people->caller_of_session("", ""));
  REQUIRE(world.people->sign_out(signed_in->caller));
  CHECK(world.people->caller_of_session(signed_in->session_secret, "").error().code ==
        ErrorCode::Unauthenticated);

  const auto idle = world.people->sign_in("mara", password, {"127.0.0.1", "test"});
  REQUIRE(idle);
  world.clock.advance_ms(9LL * 3600 * 1000);
  CHECK_FALSE(world.people->caller_of_session(idle->session_secret, ""));
}

TEST_CASE("a disabled person's sessions and tokens end, and the last administrator stays") {
  World world;
  const PersonId boss = world.add("boss", {"administrator"});
  const PersonId id = world.add("mara");
  const auto signed_in = world.people->sign_in("mara", password, {"127.0.0.1", "test"});
  REQUIRE(signed_in);
  const auto token = world.people->make_token(signed_in->caller.access, "script", {"read"}, 1);
  REQUIRE(token);
  const auto by_token = world.people->caller_of_token(token->token, "");
  REQUIRE(by_token);
  CHECK(by_token->is_token);
  CHECK(by_token->scopes == std::vector<std::string>{"read"});
  REQUIRE(world.people->disable(operator_access(), id));
  CHECK_FALSE(world.people->caller_of_session(signed_in->session_secret, ""));
  CHECK_FALSE(world.people->caller_of_token(token->token, ""));
  CHECK_FALSE(world.people->sign_in("mara", password, {"127.0.0.1", "test"}));
  REQUIRE(world.people->enable(operator_access(), id));
  CHECK(world.people->sign_in("mara", password, {"127.0.0.1", "test"}));
  CHECK(world.people->disable(operator_access(), boss).error().code == ErrorCode::Conflict);
  CHECK(world.people->put(operator_access(), boss, {"boss", "Boss", {}}).error().code ==
        ErrorCode::Conflict);
}

TEST_CASE("a token ends at its time and when it is revoked") {
  World world;
  const PersonId id = world.add("mara");
  Access access;
  access.person = id;
  const auto token = world.people->make_token(access, "script", {"read", "label"}, 1);
  REQUIRE(token);
  CHECK(world.people->tokens(id)->size() == 1);
  world.clock.advance_ms(25LL * 3600 * 1000);
  CHECK_FALSE(world.people->caller_of_token(token->token, ""));
  const auto second = world.people->make_token(access, "script", {"read"}, 1);
  REQUIRE(second);
  REQUIRE(world.people->revoke_token(access, second->row.id));
  CHECK_FALSE(world.people->caller_of_token(second->token, ""));
  CHECK(world.people->revoke_token(access, second->row.id).error().code == ErrorCode::NotFound);
}

TEST_CASE("who came by a link and has no password may use the tokens that they made") {
  World world;
  const auto id = make_id<PersonId>(world.clock, *world.random);
  REQUIRE(world.people->put(operator_access(), id, {"mara", "Dr Mara Reed", {}}));
  const auto link = world.people->make_link(operator_access(), id, "sign_in");
  REQUIRE(link);
  const auto signed_in = world.people->use_link(link->secret, std::nullopt, {"127.0.0.1", "test"});
  REQUIRE(signed_in);
  const auto token = world.people->make_token(signed_in->caller.access, "script", {"read"}, 1);
  REQUIRE(token);
  const auto by_token = world.people->caller_of_token(token->token, "");
  REQUIRE(by_token);
  CHECK(by_token->access.person == id);
  REQUIRE(world.people->disable(operator_access(), id));
  CHECK_FALSE(world.people->caller_of_token(token->token, ""));
}

TEST_CASE("a new password ends the person's other sign-ins") {
  World world;
  world.add("mara");
  const auto here = world.people->sign_in("mara", password, {"127.0.0.1", "test"});
  const auto there = world.people->sign_in("mara", password, {"127.0.0.2", "test"});
  REQUIRE(here);
  REQUIRE(there);
  CHECK_FALSE(
      world.people->change_password(here->caller, "not the old one", "another long sentence"));
  CHECK_FALSE(world.people->change_password(here->caller, password, "password123"));
  REQUIRE(world.people->change_password(here->caller, password, "another long sentence"));
  CHECK(world.people->caller_of_session(here->session_secret, ""));
  CHECK_FALSE(world.people->caller_of_session(there->session_secret, ""));
  CHECK_FALSE(world.people->sign_in("mara", password, {"127.0.0.1", "test"}));
  CHECK(world.people->sign_in("mara", "another long sentence", {"127.0.0.1", "test"}));
}

TEST_CASE("wrong passwords make the account and the address wait, longer each time") {
  SignInLimit limit;
  Timestamp now{1'800'000'000'000};
  for (int i = 0; i < 5; ++i) {
    CHECK(limit.check("mara", "10.0.0.1", now));
    limit.failed("mara", "10.0.0.1", now);
  }
  CHECK(limit.check("mara", "10.0.0.2", now).error().code == ErrorCode::RateLimited);
  CHECK(limit.check("john", "10.0.0.1", now));
  now.ms += 2'001;
  CHECK(limit.check("mara", "10.0.0.1", now));
  limit.failed("mara", "10.0.0.1", now);
  now.ms += 2'001;
  CHECK_FALSE(limit.check("mara", "10.0.0.1", now));
  for (int i = 0; i < 60; ++i) limit.failed("name" + std::to_string(i), "10.0.0.9", now);
  CHECK_FALSE(limit.check("anybody", "10.0.0.9", now));
}

TEST_CASE("the first start gives a link to one administrator until a password is set") {
  World world;
  const auto first = world.people->first_link();
  REQUIRE(first);
  REQUIRE(*first);
  REQUIRE(*world.people->first_link());
  CHECK(world.people->list()->size() == 1);
  CHECK_FALSE(*world.people->has_administrator());
  REQUIRE(world.people->use_link((**first).secret, password, {"127.0.0.1", "test"}));
  CHECK(*world.people->has_administrator());
  CHECK_FALSE(*world.people->first_link());
}

TEST_CASE("one link used by many at once works for one") {
  World world;
  const auto id = world.add("mara");
  const auto link = world.people->make_link(operator_access(), id, "sign_in");
  REQUIRE(link);
  std::atomic<int> worked{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        if (world.people->use_link(link->secret, std::nullopt, {"127.0.0.1", "test"}))
          worked.fetch_add(1);
      });
    }
  }
  CHECK(worked.load() == 1);
}

TEST_CASE("Argon2id is used with 64 MiB and 3 passes") {
  Passwords passwords;
  const auto hash = passwords.hash(password);
  REQUIRE(hash);
  CHECK(hash->starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  CHECK(*passwords.fits(password, *hash));
  CHECK_FALSE(*passwords.fits("another", *hash));
  CHECK_FALSE(*passwords.fits(password, ""));
}
