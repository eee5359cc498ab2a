// Where objects get their patient's data key from.
#pragma once

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {

class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;
  // Errors: NotFound when the patient has none, or was erased.
  [[nodiscard]] virtual Result<Key> find_key(const PatientId& patient) = 0;
  // Made durably when there is none yet. Errors: NotFound when the patient was erased.
  [[nodiscard]] virtual Result<Key> find_or_make_key(const PatientId& patient) = 0;
};

}  // namespace consilium::storage
