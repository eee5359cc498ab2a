// Sealed objects: what was imported and what was derived from it, encrypted with the patient's data
// key.
//
// Container version 1: header, independent 64 KiB chunks (raw or zstd, then AES-256-GCM with the
// chunk index as associated data), chunk table. Ranges decode only their chunks, into a cache. An
// object is named by HMAC-SHA-256(store key, patient id + content), so that a name tells nothing
// and the same content twice for one patient is stored once. Objects are immutable.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/byte_source.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "domain/identity/ids.hpp"

namespace consilium::storage {

struct ObjectRef {
  std::string name;              // 64 hexadecimal digits
  std::uint64_t size_bytes = 0;  // of the content
  friend bool operator==(const ObjectRef&, const ObjectRef&) = default;
};

// Content goes in piece by piece; memory stays at a few chunks. Dropped without `finish`, nothing
// stays.
class ObjectWriter {
 public:
  ObjectWriter() = default;
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  virtual ~ObjectWriter() = default;
  [[nodiscard]] virtual Status write(ByteView bytes) = 0;
  // Names the object. It is not durable before `ObjectStore::sync`, and only an event that was
  // committed after that may name it. `existed` is true when the same content was there already.
  struct Finished {
    ObjectRef object;
    bool existed = false;
  };
  [[nodiscard]] virtual Result<Finished> finish() = 0;
};

class ObjectStore {
 public:
  ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;
  virtual ~ObjectStore() = default;

  // Makes a patient's data key, durably, when there is none yet. Safe from all threads, as
  // everything here. Errors: NotFound when the patient was erased, NoSpace, Unavailable.
  [[nodiscard]] virtual Result<std::unique_ptr<ObjectWriter>> begin(const PatientId& patient) = 0;
  // Files, then folders, to the disk: many objects in one call cost little more than one. To be
  // called for objects that `existed` too: whoever made them may not have synced them yet. After a
  // failure the store takes no more writes until a restart.
  [[nodiscard]] virtual Status sync(std::span<const ObjectRef> objects) = 0;
  // Random access. Errors: NotFound (also after erasure), Corrupt when a chunk's seal does not
  // hold.
  [[nodiscard]] virtual Result<std::unique_ptr<ByteSource>> open(const PatientId& patient,
                                                                 const ObjectRef& object) = 0;
  // Takes back one `finish` of an object that no committed event of the caller names (an import
  // that failed half-way). The file goes when everyone who was given it took it back.
  [[nodiscard]] virtual Status discard(const ObjectRef& object) = 0;

  // A name that tells nothing without the store's keys: HMAC-SHA-256 under a key derived from the
  // store key for `purpose`. For recognising content that came before, and for mapping UIDs.
  [[nodiscard]] virtual Sha256Digest keyed_hash(std::string_view purpose, ByteView bytes) const = 0;

  // begin + write + finish + (no sync).
  [[nodiscard]] Result<ObjectWriter::Finished> put(const PatientId& patient, ByteView content);
  // open + read all.
  [[nodiscard]] Result<Bytes> get(const PatientId& patient, const ObjectRef& object);
};

}  // namespace consilium::storage
