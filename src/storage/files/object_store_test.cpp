#include "storage/files/object_store.hpp"

#include <doctest/doctest.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <tuple>

#include "storage/files/container.hpp"
#include "storage/sqlite/test_store.hpp"

namespace consilium::storage {
namespace {

using test::open_test_store;
using test::TemporaryFolder;

// Of every 70,000 bytes some are samples of two bytes (a slope with noise), some one run after the
// other, and some cannot be packed.
Bytes content_of(std::size_t size, std::uint64_t seed) {
  SeededRandom random(seed);
  Bytes content(size);
  random.fill(content);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t kind = i / 70'000 % 3;
    if (kind == 0) content[i] = static_cast<std::byte>(i / 512);
    if (kind == 1 && i % 2 == 1) content[i] = static_cast<std::byte>(i / 9'000);
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

TEST_CASE("samples of two bytes are split, which packs them better; other content is not") {
  SeededRandom random(4);
  Bytes samples(chunk_bytes);
  for (std::size_t i = 0; i < samples.size(); i += 2) {
    // Tissues of a CT with their noise.
    const double tissue = i / 2'000 % 3 == 0 ? 180 : i / 2'000 % 3 == 1 ? 1'060 : 1'240;
    const auto value = static_cast<int>(tissue + 20 * random.normal());
    samples[i] = static_cast<std::byte>(value & 0xFF);
    samples[i + 1] = static_cast<std::byte>(value >> 8);
  }
  Bytes turned(samples.size());  // of the other byte order
  for (std::size_t i = 0; i < samples.size(); ++i) turned[i] = samples[i ^ 1U];
  Bytes text;
  while (text.size() < chunk_bytes) {
    const std::string_view word = random.below(2) == 0 ? "liver " : "spleen, ";
    for (const char c : word.substr(0, chunk_bytes - text.size())) text.push_back(std::byte(c));
  }
  Bytes noise(chunk_bytes);
  random.fill(noise);
  const struct {
    const char* name;
    Bytes content;
    ChunkForm form;
  } kinds[] = {
      {"samples", samples, ChunkForm::SplitPacked},
      {"samples, the other byte first", turned, ChunkForm::SplitPacked},
      {"an odd number of bytes", Bytes(samples.begin(), samples.end() - 1), ChunkForm::Packed},
      {"text", text, ChunkForm::Packed},
      {"zeros", Bytes(chunk_bytes), ChunkForm::Packed},
      {"noise", noise, ChunkForm::Raw},
      {"nothing", {}, ChunkForm::Raw},
      {"little", Bytes(samples.begin(), samples.begin() + 40), ChunkForm::Raw}};
  ChunkPacker packer;
  for (const auto& [name, content, form] : kinds) {
    CAPTURE(std::string(name));
    const auto packed = packer.pack(content);
    CHECK(packed.form == form);
    Bytes back(content.size());
    REQUIRE(unpack_chunk(packed.form, packed.bytes, back));
    CHECK(back == content);
    Bytes more(content.size() + 2);
    CHECK_FALSE(unpack_chunk(packed.form, packed.bytes, more));
  }
  const std::size_t split_size = packer.pack(samples).bytes.size();
  const std::size_t plain_size =
      packer.pack(ByteView(samples).first(samples.size() - 1)).bytes.size();
  CHECK(10 * split_size < 9 * plain_size);
}

TEST_CASE("a container of version 1, put together by hand, is read") {
  const PatientId patient = some_patient();
  SeededRandom random(9);
  const Key patient_key = Key::random(random);
  Bytes content(chunk_bytes + 100, std::byte{7});
  random.fill(std::span(content).subspan(chunk_bytes));
  const auto add = [](Bytes& to, auto value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      to.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFFU));
    }
  };
  Bytes header = to_bytes("CSLOBJ\r\n");
  add(header, 1, 4);
  add(header, 65'536, 4);
  header.insert(header.end(), patient.value.begin(), patient.value.end());
  Bytes purpose = to_bytes("consilium object 1");
  for (int i = 0; i < 16; ++i) {
    header.push_back(std::byte{0x5A});
    purpose.push_back(std::byte{0x5A});
  }
  const Key object = patient_key.derive(purpose);
  Bytes file = header;
  Bytes table;
  Bytes first(ZSTD_compressBound(chunk_bytes));
  first.resize(ZSTD_compress(first.data(), first.size(), content.data(), chunk_bytes, 1));
  const ByteView last = ByteView(content).subspan(chunk_bytes);
  for (const auto& [index, stored, is_zstd] :
       {std::tuple(0, ByteView(first), true), std::tuple(1, last, false)}) {
    Nonce nonce{};
    nonce[0] = static_cast<std::byte>(index);
    Bytes associated;
    add(associated, index, 8);
    add(associated, is_zstd ? 1 : 0, 1);
    Bytes sealed(stored.size() + seal_tag_bytes);
    seal_into(object.derive(bytes_of("chunks")), nonce, associated, stored, sealed);
    file.insert(file.end(), sealed.begin(), sealed.end());
    add(table, sealed.size() | (is_zstd ? 1U << 31U : 0U), 4);
  }
  Bytes footer;
  add(footer, content.size(), 8);
  add(footer, file.size(), 8);
  Hmac seal(object.derive(bytes_of("table")));
  for (const Bytes& part : {header, table, footer}) seal.update(part);
  file.insert(file.end(), table.begin(), table.end());
  file.insert(file.end(), footer.begin(), footer.end());
  const Sha256Digest tag = seal.finish();
  file.insert(file.end(), tag.begin(), tag.end());
  for (const char c : std::string_view("CSLEND\r\n")) file.push_back(std::byte(c));

  const auto open = [&](Bytes bytes) {
    return Container::open(memory_source(std::move(bytes)),
                           [&](const PatientId&) -> Result<Key> { return patient_key; });
  };
  const auto container = open(file);
  REQUIRE(container.has_value());
  Bytes back(content.size());
  REQUIRE((*container)->read_chunk(0, std::span(back).first(chunk_bytes)).has_value());
  REQUIRE((*container)->read_chunk(1, std::span(back).subspan(chunk_bytes)).has_value());
  CHECK(back == content);
  file[8] = std::byte{3};
  CHECK(open(file).error().code == ErrorCode::Unsupported);
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
