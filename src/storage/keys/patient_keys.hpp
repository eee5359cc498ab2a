// The patients' data keys: 256 bits each, wrapped (AES-256-GCM) with the key-encryption key in the
// table patient_keys, unwrapped in memory. Erasing a patient is destroying the row's key.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {

// One purpose of use for each kind of thing sealed, so that no seal passes for another.
[[nodiscard]] Result<Bytes> open_patient_text(const Key& patient_key, const PatientId& patient,
                                              ByteView sealed);
[[nodiscard]] Bytes seal_patient_text(const Key& patient_key, const PatientId& patient,
                                      std::string_view plain, Random& random);

class PatientKeys {
 public:
  PatientKeys(Key key_encryption, Random& random)
      : key_encryption_(std::move(key_encryption)), random_(random) {}

  [[nodiscard]] Bytes wrap(const PatientId& patient, const Key& key) const;
  // Errors: Corrupt when it was not wrapped for this patient by this store.
  [[nodiscard]] Result<Key> unwrap(const PatientId& patient, ByteView wrapped) const;
  [[nodiscard]] Random& random() const { return random_; }

  // What is known in memory. A key enters only once its row is committed; an erased patient's never
  // again, even from a reader whose snapshot still has the row.
  [[nodiscard]] std::optional<Key> cached(const PatientId& patient) const;
  void remember(const PatientId& patient, const Key& key);
  void forget_for_good(const PatientId& patient);

 private:
  static constexpr std::size_t cached_max = 100'000;  // about 10 MB
  struct State {
    std::unordered_map<PatientId, Key> keys;
    std::unordered_set<PatientId> erased;
  };

  Key key_encryption_;
  Random& random_;
  Guarded<State> state_;
};

}  // namespace consilium::storage
