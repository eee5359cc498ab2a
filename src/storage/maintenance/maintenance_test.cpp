#include <doctest/doctest.h>
#include <sqlite3.h>

#include <array>
#include <fstream>
#include <sstream>

#include "storage/files/object_store.hpp"
#include "storage/maintenance/audit_check.hpp"
#include "storage/maintenance/backup.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/maintenance/scrub.hpp"
#include "storage/sqlite/test_store.hpp"
#include "storage/vault.hpp"

namespace consilium::storage {
namespace {

using test::open_test_store;
using test::TemporaryFolder;
using test::tester;

struct Filled {
  PatientId patient;
  ObjectRef object;
  std::vector<ObjectRef> objects;
};

Filled fill(Store& store, int count) {
  Filled filled;
  filled.patient = store.vault()
                       .find_or_add(Identity{.issuer = {},
                                             .patient_id = Protected<std::string>("77"),
                                             .name = Protected<std::string>("Doe^Jane"),
                                             .birth_date = {},
                                             .sex = {}})
                       ->entry.patient;
  for (int i = 0; i < count; ++i) {
    Bytes content(100'000, static_cast<std::byte>(i));
    filled.object = store.objects().put(filled.patient, content)->object;
    filled.objects.push_back(filled.object);
    REQUIRE(store.objects().sync(std::array{filled.object}).has_value());
    REQUIRE(store
                .write(tester(),
                       [&](Transaction& transaction) {
                         EventDraft event{.type = "remark.made"};
                         event.patient = filled.patient;
                         event.fields.set("remark_id", std::to_string(i))
                             .set("text", PatientText{"words"})
                             .set("weight", i / 3.0)
                             .set("body", JsonText{R"({"x":[0.1,2e-7]})"})
                             .set("object", filled.object.name);
                         return transaction.append(std::move(event));
                       })
                .has_value());
  }
  return filled;
}

// Changes the closed store's database as somebody with the file could.
void tamper(const std::filesystem::path& folder, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open((folder / "catalog.db").c_str(), &database) == SQLITE_OK);
  char* message = nullptr;
  const int code = sqlite3_exec(database, sql, nullptr, nullptr, &message);
  CHECK_MESSAGE(code == SQLITE_OK, sql);
  sqlite3_free(message);
  sqlite3_close(database);
}

TEST_CASE("what was written verifies, while the store is open and after it was closed") {
  const TemporaryFolder folder;
  {
    const auto store = open_test_store({.folder = folder.path()});
    fill(*store, 20);
    const auto open = verify_store(folder.path(), test::test_areas());
    REQUIRE(open.has_value());
    CHECK_MESSAGE(open->holds, (open->problems.empty() ? "" : open->problems.front()));
  }
  const auto report = verify_store(folder.path(), test::test_areas());
  REQUIRE(report.has_value());
  CHECK(report->holds);
  CHECK(report->audit.event_count == 21);
  CHECK(report->object_count == 20);
  CHECK(report->unnamed_object_count == 0);
  REQUIRE(report->tables.size() == 2);
  CHECK(report->tables[0].name == "remarks");
  CHECK(report->tables[0].row_count == 20);
}

TEST_CASE("every way to change the log behind its back is found") {
  struct Case {
    const char* name;
    const char* sql;
  };
  constexpr std::array cases{
      Case{"one event's text",
           "UPDATE events SET body = replace(body, 'tester', 'somebody'), "
           "person = 'somebody' WHERE sequence = 7"},
      Case{"a copied column", "UPDATE events SET person = 'somebody' WHERE sequence = 7"},
      Case{"a copied time", "UPDATE events SET at = at + 1 WHERE sequence = 7"},
      Case{"an event taken out", "DELETE FROM events WHERE sequence = 7"},
      Case{"the last event taken out", "DELETE FROM events WHERE sequence = 11"},
      Case{"the log cut, with its heads",
           "DELETE FROM events WHERE sequence > 5; DELETE FROM heads "
           "WHERE tree_size > 5"},
      Case{"two events swapped",
           "UPDATE events SET sequence = 999 WHERE sequence = 4; UPDATE events SET sequence = 4 "
           "WHERE "
           "sequence = 5; UPDATE events SET sequence = 5 WHERE sequence = 999"},
      Case{"an event added",
           "INSERT INTO events SELECT 12, at, type, person, project_id, item_id, "
           "patient_id, body, hash, leaf FROM events WHERE sequence = 11"},
      Case{"a hash", "UPDATE events SET hash = zeroblob(32) WHERE sequence = 3"},
      Case{"a leaf", "UPDATE events SET leaf = zeroblob(32) WHERE sequence = 3"},
      Case{"a head's root", "UPDATE heads SET root = zeroblob(32) WHERE tree_size = 3"},
      Case{"a head's time", "UPDATE heads SET at = at + 1 WHERE tree_size = 3"},
      Case{"a head's signature", "UPDATE heads SET signature = zeroblob(64) WHERE tree_size = 3"},
      Case{"the newest head", "DELETE FROM heads WHERE tree_size = 11"},
      Case{"the tail", "UPDATE log_tail SET peaks = zeroblob(length(peaks))"},
  };
  for (const Case& change : cases) {
    CAPTURE(change.name);
    const TemporaryFolder folder;
    {
      const auto store = open_test_store({.folder = folder.path()});
      fill(*store, 10);
    }
    REQUIRE(audit_verify(folder.path())->holds);
    tamper(folder.path(), change.sql);
    const auto report = audit_verify(folder.path());
    REQUIRE(report.has_value());
    CHECK(!report->holds);
    CHECK(!report->problem.empty());
  }
}

TEST_CASE("a head kept elsewhere finds a rollback to an older copy") {
  const TemporaryFolder folder;
  const TemporaryFolder copies;
  const auto copy = copies.path() / "old";
  LogHead witness;
  {
    const auto store = open_test_store({.folder = folder.path()});
    fill(*store, 3);
    REQUIRE(back_up(folder.path(), copy, BackupKeys::Included, *system_clock()).has_value());
    REQUIRE(store
                ->write(tester(),
                        [](Transaction& transaction) {
                          EventDraft event{.type = "remark.made"};
                          event.fields.set("remark_id", std::string("late"));
                          return transaction.append(std::move(event));
                        })
                .has_value());
    witness = *audit_verify(folder.path())->newest_head;
  }
  CHECK(audit_verify(folder.path(), witness)->holds);
  CHECK(audit_verify(copy)->holds);
  CHECK(!audit_verify(copy, witness)->holds);
}

TEST_CASE("a row that the log did not make is found, and one that it lacks") {
  for (const char* sql :
       {"UPDATE remarks SET weight = 9 WHERE remark_id = '4'",
        "DELETE FROM remarks WHERE remark_id = '4'", "INSERT INTO totals VALUES ('nobody', 1)"}) {
    CAPTURE(sql);
    const TemporaryFolder folder;
    {
      const auto store = open_test_store({.folder = folder.path()});
      fill(*store, 10);
    }
    tamper(folder.path(), sql);
    const auto report = verify_store(folder.path(), test::test_areas());
    REQUIRE(report.has_value());
    CHECK(report->audit.holds);
    CHECK(!report->holds);
  }
}

TEST_CASE("an object that is missing is named") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const Filled filled = fill(*store, 3);
  std::filesystem::remove(object_path(folder.path() / "objects", filled.object.name));
  const auto report = verify_store(folder.path(), test::test_areas());
  REQUIRE(report->missing_objects.size() == 1);
  CHECK(report->missing_objects.front() == filled.object.name);
  CHECK(!report->holds);
}

TEST_CASE("scrubbing finds a bit that turned, wherever it lies") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const Filled filled = fill(*store, 4);
  REQUIRE(scrub_store(folder.path())->holds);
  const auto path = object_path(folder.path() / "objects", filled.object.name);
  SeededRandom random(11);
  for (int i = 0; i < 40; ++i) {
    const auto place = static_cast<std::streamoff>(random.below(std::filesystem::file_size(path)));
    const auto flip = [&] {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(place);
      const char byte = static_cast<char>(file.get() ^ 16);
      file.seekp(place);
      file.put(byte);
    };
    flip();
    const auto report = scrub_store(folder.path());
    REQUIRE(report.has_value());
    REQUIRE(report->damaged.size() == 1);
    CHECK(report->damaged.front().object == filled.object.name);
    flip();
  }
  const auto report = scrub_store(folder.path());
  CHECK(report->holds);
  CHECK(report->object_count == 4);
}

TEST_CASE("an erased patient's log still verifies, and its objects are counted as erased") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const Filled filled = fill(*store, 3);
  REQUIRE(store->erase_patient(tester(), filled.patient, "asked for").has_value());
  const auto report = verify_store(folder.path(), test::test_areas());
  CHECK_MESSAGE(report->holds, (report->problems.empty() ? "" : report->problems.front()));
  const auto scrubbed = scrub_store(folder.path());
  CHECK(scrubbed->holds);
  CHECK(scrubbed->erased_count == 3);
}

TEST_CASE("a backup made while writing restores to a store that verifies and reads") {
  const TemporaryFolder folder;
  const TemporaryFolder others;
  Filled filled;
  {
    const auto store = open_test_store({.folder = folder.path()});
    filled = fill(*store, 5);
    const auto first =
        back_up(folder.path(), others.path() / "b", BackupKeys::LeftOut, *system_clock());
    REQUIRE(first.has_value());
    CHECK(first->copied_object_count == 5);
    const auto second =
        back_up(folder.path(), others.path() / "b", BackupKeys::LeftOut, *system_clock());
    REQUIRE(second.has_value());
    CHECK(second->copied_object_count == 0);
    CHECK(second->known_object_count == 5);
  }
  CHECK(!std::filesystem::exists(others.path() / "b" / "keys"));
  CHECK(restore(others.path() / "b", others.path() / "r").error().code == ErrorCode::NotFound);
  const auto restored = restore(others.path() / "b", others.path() / "r", folder.path() / "keys");
  REQUIRE(restored.has_value());
  CHECK(restored->head.root == audit_verify(folder.path())->newest_head->root);
  CHECK(restore(others.path() / "b", others.path() / "r", folder.path() / "keys").error().code ==
        ErrorCode::Conflict);
  CHECK(verify_store(others.path() / "r", test::test_areas())->holds);
  CHECK(scrub_store(others.path() / "r")->holds);
  const auto store = open_test_store({.folder = others.path() / "r"});
  for (const ObjectRef& object : filled.objects) {
    CHECK(store->objects().get(filled.patient, object).has_value());
  }
  const AuditedAccess access = AuditedAccess::event_recorded();
  CHECK(store->vault().reveal(filled.patient, access)->name.reveal(access) == "Doe^Jane");
}

TEST_CASE("an export holds every event and head, one a line") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  fill(*store, 3);
  std::ostringstream out;
  CHECK(audit_export(folder.path(), out) == 4);
  const std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 4 + 4);
  CHECK(text.starts_with(R"({"format":"consilium audit 1","log_public_key":")"));
}

}  // namespace
}  // namespace consilium::storage
