#include "storage/files/object_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "storage/files/container.hpp"
#include "storage/sqlite/test_store.hpp"

namespace consilium::storage {
namespace {

using test::open_test_store;
using test::TemporaryFolder;

// Half of it compresses, half does not.
Bytes content_of(std::size_t size, std::uint64_t seed) {
  SeededRandom random(seed);
  Bytes content(size);
  random.fill(content);
  for (std::size_t i = 0; i < size; ++i) {
    if ((i / 70'000) % 2 == 0) content[i] = static_cast<std::byte>(i / 512);
  }
  return content;
}

PatientId some_patient() { return make_id<PatientId>(*system_clock(), *system_random()); }

std::size_t file_count(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) ++count;
  }
  return count;
}

TEST_CASE("O1: content of any size comes back as it was, whole and by ranges") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path(), .chunk_cache_bytes = 200'000});
  const PatientId patient = some_patient();
  for (const std::size_t size : {0UL, 1UL, 65'535UL, 65'536UL, 65'537UL, 131'072UL, 1'000'003UL}) {
    CAPTURE(size);
    const Bytes content = content_of(size, size);
    const auto put = store->objects().put(patient, content);
    REQUIRE(put.has_value());
    CHECK(put->object.size_bytes == size);
    REQUIRE(store->objects().sync(std::array{put->object}).has_value());
    CHECK(store->objects().get(patient, put->object) == content);
    const auto source = store->objects().open(patient, put->object);
    REQUIRE(source.has_value());
    SeededRandom random(size);
    for (int i = 0; i < 50; ++i) {
      const std::size_t from = random.below(size + 1);
      Bytes part(random.below(std::min<std::size_t>(size - from, 150'000) + 1));
      REQUIRE((*source)->read(from, part).has_value());
      CHECK(std::equal(part.begin(), part.end(),
                       content.begin() + static_cast<std::ptrdiff_t>(from)));
    }
    Bytes past(2);
    CHECK(!(*source)->read(size - std::min<std::size_t>(size, 1), past).has_value());
  }
}

TEST_CASE("O2: every single flipped bit of a container is found, and every cut") {
  SeededRandom random(5);
  const Key patient_key = Key::random(random);
  const Key store_key = Key::random(random);
  const PatientId patient = some_patient();
  const Bytes content = content_of(70'100, 1);
  Bytes file;
  ContainerWriter writer(patient, patient_key, random, [&](ByteView bytes) -> Status {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return {};
  });
  REQUIRE(writer.write(content).has_value());
  REQUIRE(writer.finish().has_value());
  Hmac hmac = begin_object_name(store_key, patient);
  hmac.update(content);
  const std::string name = to_hex(hmac.finish());
  const auto check = [&](const Bytes& bytes) {
    return check_container(
               view_source(bytes), store_key,
               [&](const PatientId& owner) -> Result<Key> {
                 if (owner != patient) return fail(ErrorCode::Corrupt, "unknown");
                 return patient_key;
               },
               name)
        .has_value();
  };
  REQUIRE(check(file));
  // All of the header, the first chunk's begin, the table and the footer; elsewhere every 37th
  // byte.
  for (std::size_t i = 0; i < file.size(); i += (i < 300 || i + 200 > file.size()) ? 1 : 37) {
    file[i] ^= static_cast<std::byte>(1U << (i % 8));
    CHECK_MESSAGE(!check(file), "byte ", i);
    file[i] ^= static_cast<std::byte>(1U << (i % 8));
  }
  for (std::size_t size = 0; size < file.size(); size += size < 300 ? 1 : 401) {
    CHECK(!check(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))));
  }
}

TEST_CASE("O3: one patient's content twice is one file, another patient's is another") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const PatientId patient = some_patient();
  const Bytes content = content_of(100'000, 2);
  const auto first = store->objects().put(patient, content);
  const auto second = store->objects().put(patient, content);
  const auto other = store->objects().put(some_patient(), content);
  CHECK(!first->existed);
  CHECK(second->existed);
  CHECK(second->object == first->object);
  CHECK(other->object.name != first->object.name);
  CHECK(file_count(folder.path() / "objects") == 2);
  CHECK(file_count(folder.path() / "tmp") == 0);
}

TEST_CASE("O4: a file that is damaged is not trusted but replaced when its content comes again") {
  const TemporaryFolder folder;
  const PatientId patient = some_patient();
  const Bytes content = content_of(100'000, 3);
  ObjectRef object;
  {
    const auto store = open_test_store({.folder = folder.path()});
    object = store->objects().put(patient, content)->object;
  }
  const auto path = object_path(folder.path() / "objects", object.name);
  std::filesystem::resize_file(path, 70'000);  // a power cut before the sync
  const auto store = open_test_store({.folder = folder.path()});
  CHECK(store->objects().get(patient, object).error().code == ErrorCode::Corrupt);
  const auto again = store->objects().put(patient, content);
  REQUIRE(again.has_value());
  CHECK(!again->existed);
  CHECK(store->objects().get(patient, object) == content);
  const auto third = store->objects().put(patient, content);
  CHECK(third->existed);
}

TEST_CASE("O5: discarding takes an object away only when nobody else was given it") {
  const TemporaryFolder folder;
  const PatientId patient = some_patient();
  const Bytes content = content_of(1000, 4);
  ObjectRef object;
  {
    const auto store = open_test_store({.folder = folder.path()});
    object = store->objects().put(patient, content)->object;
    CHECK(store->objects().put(patient, content)->existed);
    REQUIRE(store->objects().discard(object).has_value());
    CHECK(store->objects().get(patient, object) == content);
    REQUIRE(store->objects().discard(object).has_value());
    CHECK(store->objects().open(patient, object).error().code == ErrorCode::NotFound);
    object = store->objects().put(patient, content)->object;
  }
  const auto store = open_test_store({.folder = folder.path()});
  CHECK(store->objects().put(patient, content)->existed);
  REQUIRE(store->objects().discard(object).has_value());
  CHECK(store->objects().get(patient, object) == content);
}

TEST_CASE("an object opens for its own patient only, and not once that one is erased") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const PatientId patient = some_patient();
  const PatientId other = some_patient();
  const ObjectRef object = store->objects().put(patient, content_of(1000, 5))->object;
  static_cast<void>(store->objects().put(other, content_of(1000, 6)));
  CHECK(store->objects().open(other, object).error().code == ErrorCode::NotFound);
  CHECK(store->objects().open(patient, object).has_value());
  REQUIRE(store->erase_patient(test::tester(), patient, "asked for").has_value());
  CHECK(store->objects().open(patient, object).error().code == ErrorCode::NotFound);
  CHECK(store->objects().begin(patient).error().code == ErrorCode::NotFound);
}

TEST_CASE("a writer that is dropped leaves nothing") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  {
    const auto writer = store->objects().begin(some_patient());
    REQUIRE(writer.has_value());
    REQUIRE((*writer)->write(content_of(3'000'000, 7)).has_value());
  }
  CHECK(file_count(folder.path() / "tmp") == 0);
  CHECK(file_count(folder.path() / "objects") == 0);
}

TEST_CASE("the same content from eight threads is one object, whole") {
  const TemporaryFolder folder;
  const auto store = open_test_store({.folder = folder.path()});
  const PatientId patient = some_patient();
  const Bytes content = content_of(300'000, 8);
  std::vector<std::thread> threads;
  std::atomic<int> made{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto put = store->objects().put(patient, content);
      if (put && !put->existed) made.fetch_add(1);
      if (put) static_cast<void>(store->objects().sync(std::array{put->object}));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(file_count(folder.path() / "objects") == 1);
}

}  // namespace
}  // namespace consilium::storage
