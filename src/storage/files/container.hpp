// Container version 2: how one object lies on the disk. semantics.md has the form byte by byte and
// its invariants (O1 to O6).
//
//   header   48 bytes   magic, version, chunk size, patient, salt
//   chunks              each: cipher text of up to 64 KiB (chunk_form.hpp), 16 bytes tag
//   table    4 x chunks stored size of each chunk; the top two bits say its form
//   footer   56 bytes   content size, place of the table, HMAC over header, table and both, magic
//
// Every byte is under a seal: header, table and footer under the HMAC, chunks under AES-256-GCM
// with the chunk's index and form as associated data. The keys come from the patient's data key and
// the object's random salt, so a chunk index is nonce enough. Version 1, which is read, had no
// chunks that are split.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/byte_source.hpp"
#include "base/sha256.hpp"
#include "domain/identity/ids.hpp"
#include "storage/files/chunk_form.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {

// HMAC-SHA-256 of what arrives in pieces.
class Hmac {
 public:
  explicit Hmac(const Key& key);
  void update(ByteView bytes) { inner_.update(bytes); }
  [[nodiscard]] Sha256Digest finish();

 private:
  Key key_;
  Sha256 inner_;
};

// The name of an object: HMAC(store key, patient || content), hexadecimal.
[[nodiscard]] Hmac begin_object_name(const Key& store_key, const PatientId& patient);

// Turns content into a container. `append` is handed pieces of it in order.
class ContainerWriter {
 public:
  using Append = std::function<Status(ByteView)>;
  ContainerWriter(const PatientId& patient, const Key& patient_key, Random& random, Append append);
  ~ContainerWriter();
  ContainerWriter(const ContainerWriter&) = delete;
  ContainerWriter& operator=(const ContainerWriter&) = delete;
  // Errors: those of `append`.
  [[nodiscard]] Status write(ByteView content);
  // The last chunk, the table, the footer. Once.
  [[nodiscard]] Status finish();
  [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }

 private:
  [[nodiscard]] Status put_chunk(ByteView plain);
  [[nodiscard]] Status put(ByteView bytes);
  [[nodiscard]] Status flush();

  Append append_;
  Key chunk_key_;
  Key table_key_;
  Bytes header_;
  Bytes pending_;  // content of a chunk that is not full yet
  ChunkPacker packer_;
  Bytes out_;
  std::vector<std::uint32_t> table_;
  std::uint64_t content_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
};

// A container opened: its table is checked, its chunks are when they are read. Safe from all
// threads.
class Container {
 public:
  using FindKey = std::function<Result<Key>(const PatientId&)>;
  // Errors: Corrupt; Unsupported for another version; those of `find_key` (NotFound when erased).
  static Result<std::unique_ptr<Container>> open(std::unique_ptr<ByteSource> file,
                                                 const FindKey& find_key);
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  [[nodiscard]] const PatientId& patient() const { return patient_; }
  [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }
  [[nodiscard]] std::uint64_t chunk_count() const { return table_.size(); }
  [[nodiscard]] std::size_t chunk_size(std::uint64_t index) const;
  // Fills `out`, chunk_size(index) bytes. Errors: Corrupt, Unavailable.
  [[nodiscard]] Status read_chunk(std::uint64_t index, std::span<std::byte> out) const;

 private:
  struct Chunk {
    std::uint64_t offset;
    std::uint32_t size;
    ChunkForm form;
  };
  Container() = default;

  std::unique_ptr<ByteSource> file_;
  PatientId patient_;
  Key chunk_key_;
  std::uint64_t content_bytes_ = 0;
  std::vector<Chunk> table_;
};

// Reads every byte: seals, sizes, and whether the content has the name. Errors: Corrupt, and those
// of Container::open. Cost: about 1 GB/s a core.
[[nodiscard]] Status check_container(std::unique_ptr<ByteSource> file, const Key& store_key,
                                     const Container::FindKey& find_key, std::string_view name);

}  // namespace consilium::storage
