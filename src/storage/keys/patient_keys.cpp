#include "storage/keys/patient_keys.hpp"

#include <string>

namespace consilium::storage {
namespace {

Bytes associated(std::string_view purpose, const PatientId& patient) {
  Bytes bytes = to_bytes(purpose);
  bytes.insert(bytes.end(), patient.value.begin(), patient.value.end());
  return bytes;
}

}  // namespace

Bytes seal_patient_text(const Key& patient_key, const PatientId& patient, std::string_view plain,
                        Random& random) {
  return seal(patient_key.derive(bytes_of("consilium text 1")), associated("text", patient),
              bytes_of(plain), random);
}

Result<Bytes> open_patient_text(const Key& patient_key, const PatientId& patient, ByteView sealed) {
  return open_seal(patient_key.derive(bytes_of("consilium text 1")), associated("text", patient),
                   sealed);
}

Bytes PatientKeys::wrap(const PatientId& patient, const Key& key) const {
  return seal(key_encryption_, associated("patient key", patient), key.view(), random_);
}

Result<Key> PatientKeys::unwrap(const PatientId& patient, ByteView wrapped) const {
  Bytes plain = CSL_TRY(open_seal(key_encryption_, associated("patient key", patient), wrapped));
  if (plain.size() != Key::size_bytes) {
    return fail(ErrorCode::Corrupt, "a patient's key has the wrong size");
  }
  Key key{ByteView(plain)};
  wipe(plain);
  return key;
}

std::optional<Key> PatientKeys::cached(const PatientId& patient) const {
  return state_.with([&](const State& state) -> std::optional<Key> {
    const auto found = state.keys.find(patient);
    if (found == state.keys.end()) return std::nullopt;
    return found->second;
  });
}

void PatientKeys::remember(const PatientId& patient, const Key& key) {
  state_.with([&](State& state) {
    if (state.erased.contains(patient)) return;
    if (state.keys.size() >= cached_max) state.keys.erase(state.keys.begin());
    state.keys.emplace(patient, key);
  });
}

void PatientKeys::forget_for_good(const PatientId& patient) {
  state_.with([&](State& state) {
    state.keys.erase(patient);
    state.erased.insert(patient);
  });
}

}  // namespace consilium::storage
