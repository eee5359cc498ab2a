#include "storage/sqlite/sqlite_store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "storage/objects.hpp"
#include "storage/sqlite/test_store.hpp"
#include "storage/vault.hpp"

namespace consilium::storage {
namespace {

using test::open_test_store;
using test::TemporaryFolder;
using test::tester;

EventDraft remark(const std::string& id, double weight = 1.5) {
  EventDraft event{.type = "remark.made"};
  event.fields.set("remark_id", id).set("weight", weight);
  return event;
}

Status make(Store& store, EventDraft event) {
  CSL_TRY(store.write(
      tester(), [&](Transaction& transaction) { return transaction.append(std::move(event)); }));
  return {};
}

std::int64_t count(Store& store) {
  const auto reader = store.read();
  REQUIRE(reader.has_value());
  const auto rows = (*reader)->query("remark.count");
  REQUIRE(rows.has_value());
  return rows->front().integer("n");
}

TEST_CASE("a write is there after the store was closed and opened again") {
  const TemporaryFolder folder;
  {
    const auto store = open_test_store({.folder = folder.path()});
    CHECK(make(*store, remark("a", 3.0)).has_value());
  }
  const auto store = open_test_store({.folder = folder.path()});
  const auto reader = store->read();
  const auto rows = (*reader)->query("remark.by_id", Fields{{"remark_id", std::string("a")}});
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().number("weight") == 3.0);
  CHECK(rows->front().text("person") == "tester");
  CHECK(make(*store, remark("b")).has_value());
  CHECK(count(*store) == 2);
}

TEST_CASE("the folder, its keys and its files are for their owner alone") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "data";
  const auto store = open_test_store({.folder = path});
  const auto mode = [](const std::filesystem::path& file) {
    struct stat found{};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    return found.st_mode & 0777U;
  };
  CHECK(mode(path) == 0700U);
  CHECK(mode(path / "keys") == 0700U);
  CHECK(mode(path / "objects") == 0700U);
  for (const auto& key : std::filesystem::directory_iterator(path / "keys")) {
    CHECK(mode(key.path()) == 0600U);
  }
}

TEST_CASE("two servers cannot open one folder") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const auto second = sqlite::open_sqlite_store({.folder = folder.path()}, test::test_areas());
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::Conflict);
}

TEST_CASE("an old folder without one of its keys is refused, not given a new key") {
  const TemporaryFolder folder;
  {
    const auto store = open_test_store({.folder = folder.path()});
  }
  std::filesystem::remove(folder.path() / "keys" / "key_encryption.key");
  const auto store = sqlite::open_sqlite_store({.folder = folder.path()}, test::test_areas());
  REQUIRE(!store.has_value());
  CHECK(store.error().code == ErrorCode::NotFound);
}

TEST_CASE("a folder of a newer version is refused") {
  const TemporaryFolder folder;
  {
    const auto store = open_test_store({.folder = folder.path()});
  }
  const auto store = sqlite::open_sqlite_store({.folder = folder.path()}, {sqlite::core_area()});
  REQUIRE(!store.has_value());
  CHECK(store.error().code == ErrorCode::Unsupported);
}

TEST_CASE("a write that fails leaves nothing, and others of its batch stay") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&, i] {
      const auto done = store->write(tester(), [&](Transaction& transaction) -> Status {
        CSL_TRY(transaction.append(remark(std::to_string(i))));
        if (i % 2 == 1) return fail(ErrorCode::Conflict, "not this one");
        return {};
      });
      if (!done) refused.fetch_add(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 16);
  CHECK(count(*store) == 16);
  const auto reader = store->read();
  const auto total = (*reader)->query("remark.total", Fields{{"person", std::string("tester")}});
  CHECK(total->front().integer("count") == 16);
}

TEST_CASE("an event that a constraint refuses is undone alone: the transaction may go on") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  REQUIRE(make(*store, remark("a")).has_value());
  const auto receipt = store->write(tester(), [&](Transaction& transaction) -> Status {
    const Status again = transaction.append(remark("a"));
    CHECK(!again.has_value());
    CHECK(again.error().code == ErrorCode::InvalidInput);
    return transaction.append(remark("b"));
  });
  REQUIRE(receipt.has_value());
  CHECK(receipt->event_count == 1);
  CHECK(count(*store) == 2);
  const auto reader = store->read();
  const auto total = (*reader)->query("remark.total", Fields{{"person", std::string("tester")}});
  CHECK(total->front().integer("count") == 2);
}

TEST_CASE("far into a long write a refused event takes all of it along, though its work goes on") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  REQUIRE(make(*store, remark("a")).has_value());
  const auto done = store->write(tester(), [&](Transaction& transaction) -> Status {
    for (int i = 0; i < 1500; ++i) CSL_TRY(transaction.append(remark(std::to_string(i))));
    CHECK(!transaction.append(remark("a")).has_value());
    CHECK(!transaction.append(remark("b")).has_value());
    return {};
  });
  CHECK(!done.has_value());
  CHECK(count(*store) == 1);
  REQUIRE(make(*store, remark("b")).has_value());
  CHECK(count(*store) == 2);
  const auto reader = store->read();
  const auto total = (*reader)->query("remark.total", Fields{{"person", std::string("tester")}});
  CHECK(total->front().integer("count") == 2);
}

TEST_CASE("a reader keeps its snapshot while others write") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const auto before = store->read();
  REQUIRE(make(*store, remark("a")).has_value());
  CHECK((*before)->query("remark.count")->front().integer("n") == 0);
  CHECK(count(*store) == 1);
}

TEST_CASE("a transaction reads what it appended") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const auto done = store->write(tester(), [&](Transaction& transaction) -> Status {
    CSL_TRY(transaction.append(remark("a")));
    const Rows rows = CSL_TRY(transaction.query("remark.count", {}));
    CHECK(rows.front().integer("n") == 1);
    return {};
  });
  CHECK(done.has_value());
}

TEST_CASE(
    "a patient's text is nowhere in the clear, and gone for good once the patient is erased") {
  const TemporaryFolder folder;
  const auto random = system_random();
  const auto clock = system_clock();
  const auto patient = make_id<PatientId>(*clock, *random);
  const std::string secret = "Mrs Appleby-Quux has a nodule";
  Bytes sealed;
  {
    const auto store = open_test_store({.folder = folder.path()});
    EventDraft event = remark("a");
    event.patient = patient;
    event.fields.set("text", PatientText{secret});
    REQUIRE(make(*store, std::move(event)).has_value());
    const auto reader = store->read();
    sealed = (*reader)->query("remark.all")->front().bytes("text");
    CHECK((*reader)->open_sealed(patient, sealed) == secret);
    const auto other = make_id<PatientId>(*clock, *random);
    CHECK(!(*reader)->open_sealed(other, sealed).has_value());
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!file.is_regular_file()) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(stream)), {});
    CHECK(content.find("Appleby") == std::string::npos);
  }
  {
    const auto store = open_test_store({.folder = folder.path()});
    const auto stale = store->read();
    CHECK((*stale)->open_sealed(patient, sealed) == secret);
  }
  const auto store = open_test_store({.folder = folder.path()});
  const auto stale = store->read();
  REQUIRE(store->erase_patient(tester(), patient, "asked for").has_value());
  const auto reader = store->read();
  CHECK((*reader)->open_sealed(patient, sealed).error().code == ErrorCode::NotFound);
  EventDraft again = remark("b");
  again.patient = patient;
  again.fields.set("text", PatientText{"new"});
  CHECK(make(*store, std::move(again)).error().code == ErrorCode::NotFound);
}

TEST_CASE("a key made in a write that failed is not used by the next one") {
  const TemporaryFolder folder;
  const auto random = system_random();
  const auto clock = system_clock();
  const auto patient = make_id<PatientId>(*clock, *random);
  const auto event = [&](const std::string& id) {
    EventDraft draft = remark(id);
    draft.patient = patient;
    draft.fields.set("text", PatientText{"words"});
    return draft;
  };
  {
    const auto store = open_test_store({.folder = folder.path()});
    CHECK(!store
               ->write(tester(),
                       [&](Transaction& transaction) -> Status {
                         CSL_TRY(transaction.append(event("a")));
                         return fail(ErrorCode::Conflict, "no");
                       })
               .has_value());
    REQUIRE(make(*store, event("b")).has_value());
  }
  const auto store = open_test_store({.folder = folder.path()});
  const auto reader = store->read();
  const auto rows = (*reader)->query("remark.all");
  REQUIRE(rows->size() == 1);
  CHECK((*reader)->open_sealed(patient, rows->front().bytes("text")) == std::string("words"));
}

TEST_CASE("every kind of value comes out of a table as it went into the event") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  EventDraft event{.type = "remark.made"};
  event.fields.set("remark_id", std::string("\x01\"\\ \xC3\xA4\n"))
      .set("weight", 0.1 + 0.2)
      .set("text", Bytes{std::byte{0}, std::byte{255}, std::byte{7}})
      .set("body", JsonText{R"({"b":[1,2.50,"x\u00e4"],"a":{"$bytes":"no"}, "$json":1})"});
  REQUIRE(make(*store, std::move(event)).has_value());
  const auto reader = store->read();
  const Row row = (*reader)->query("remark.all")->front();
  CHECK(row.text("remark_id") == "\x01\"\\ \xC3\xA4\n");
  CHECK(row.number("weight") == 0.1 + 0.2);
  CHECK(row.bytes("text") == Bytes{std::byte{0}, std::byte{255}, std::byte{7}});
  CHECK(row.text("body") == "{\"$json\":1,\"a\":{\"$bytes\":\"no\"},\"b\":[1,2.5,\"x\xC3\xA4\"]}");
}

TEST_CASE("changes are told after the commit, without a patient's text") {
  const TemporaryFolder folder;
  std::vector<Store::Change> heard;
  {
    const auto store = open_test_store({.folder = folder.path()});
    store->on_change([&](const Store::Change& change) { heard.push_back(change); });
    const auto patient = make_id<PatientId>(*system_clock(), *system_random());
    EventDraft event = remark("a");
    event.patient = patient;
    event.fields.set("text", PatientText{"words"});
    REQUIRE(make(*store, std::move(event)).has_value());
  }  // the writer's thread has ended
  REQUIRE(heard.size() == 1);
  CHECK(heard.front().type == "remark.made");
  CHECK(heard.front().fields.find("text") == nullptr);
  CHECK(heard.front().fields.find("remark_id") != nullptr);
}

TEST_CASE("a volatile write is seen after the next commit and makes no event") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  REQUIRE(store
              ->volatile_write("remark.see",
                               Fields{{"person", std::string("p")}, {"at", std::int64_t{7}}})
              .has_value());
  const auto receipt = store->write(
      tester(), [](Transaction& transaction) { return transaction.append(remark("a")); });
  CHECK(receipt->last_sequence == 2);  // after store.created
  const auto reader = store->read();
  CHECK((*reader)
            ->query("remark.seen", Fields{{"person", std::string("p")}})
            ->front()
            .integer("at") == 7);
}

TEST_CASE("one patient's identity is found again, and no other's") {
  const TemporaryFolder folder;
  const auto identity = [](std::string issuer, std::string id) {
    return Identity{.issuer = Protected<std::string>(std::move(issuer)),
                    .patient_id = Protected<std::string>(std::move(id)),
                    .name = Protected<std::string>("Doe^Jane"),
                    .birth_date = {},
                    .sex = {}};
  };
  VaultEntry first;
  {
    const auto store = open_test_store({.folder = folder.path()});
    Vault& vault = store->vault();
    const auto made = vault.find_or_add(identity("H", "1"));
    REQUIRE(made.has_value());
    CHECK(made->made);
    CHECK(made->entry.pseudonym == "P-0001");
    first = made->entry;
    CHECK(vault.find_or_add(identity("H", "2"))->entry.pseudonym == "P-0002");
    CHECK(vault.find_or_add(identity("", "H1"))->entry.pseudonym == "P-0003");
    CHECK(vault.find_or_add(identity("H", ""))->entry.pseudonym == "P-0004");
    CHECK(vault.find_or_add(identity("H", ""))->entry.pseudonym == "P-0005");
  }
  const auto store = open_test_store({.folder = folder.path()});
  Vault& vault = store->vault();
  const auto again = vault.find_or_add(identity("H", "1"));
  CHECK(!again->made);
  CHECK(again->entry.patient == first.patient);
  const AuditedAccess access = AuditedAccess::event_recorded();
  CHECK(vault.reveal(first.patient, access)->name.reveal(access) == "Doe^Jane");
  REQUIRE(store->erase_patient(tester(), first.patient, "asked for").has_value());
  CHECK(vault.reveal(first.patient, access).error().code == ErrorCode::NotFound);
  const auto anew = vault.find_or_add(identity("H", "1"));
  CHECK(anew->made);
  CHECK(anew->entry.pseudonym == "P-0006");
}

}  // namespace
}  // namespace consilium::storage
