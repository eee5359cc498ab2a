// The vault: pseudonym <-> identity, in a database file of its own under a key of its own. Nothing
// else in the product knows who a patient is. Look-ups go by keyed hash, so that the file tells
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/protected.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"

namespace consilium::storage {

struct Identity {
  Protected<std::string> issuer;      // issuer of the patient id, may be empty
  Protected<std::string> patient_id;  // as the hospital knows the patient
  Protected<std::string> name;        // may be empty
  Protected<std::string> birth_date;  // ISO 8601 date, may be empty
  Protected<std::string> sex;         // may be empty
};

struct VaultEntry {
  PatientId patient;
  std::string pseudonym;  // "P-0042"
};

class Vault {
 public:
  Vault() = default;
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;
  virtual ~Vault() = default;
  // The patient with this issuer and patient id, made (durably) when there is none: so that one
  // patient's images, notes and recordings find each other. Without a patient id every call makes a
  // new patient. `made` tells that this call made it; whether the event `patient.added` is still
  // due the caller learns from its own tables, for a crash may come between the two.
  struct Found {
    VaultEntry entry;
    bool made = false;
  };
  [[nodiscard]] virtual Result<Found> find_or_add(const Identity& identity) = 0;
  // The patient of a pseudonym ("P-0042"), also when erased. Errors: NotFound.
  [[nodiscard]] virtual Result<VaultEntry> find(std::string_view pseudonym) = 0;
  // Errors: NotFound when the patient was erased or is unknown.
  [[nodiscard]] virtual Result<Identity> reveal(const PatientId& patient,
                                                const AuditedAccess& access) = 0;
  // Only Store::erase_patient calls this. The pseudonym is never given again.
  [[nodiscard]] virtual Status erase(const PatientId& patient) = 0;
};

}  // namespace consilium::storage
