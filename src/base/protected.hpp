// A value that identifies or quotes a patient. It cannot be printed, formatted or logged by
// accident: `reveal` asks for the audited access under which it is read.
#pragma once

#include <utility>

namespace consilium {

// Proof that an access was made accountable. Only the storage layer's audit makes one (and tests),
// by recording the event first; see storage/store.hpp.
class AuditedAccess {
 public:
  // `event_recorded` is named so that a call without one reads wrong in review.
  static AuditedAccess event_recorded() { return AuditedAccess{}; }

 private:
  AuditedAccess() = default;
};

template <class T>
class Protected {
 public:
  Protected() = default;
  explicit Protected(T value) : value_(std::move(value)) {}
  [[nodiscard]] const T& reveal(const AuditedAccess&) const { return value_; }
  friend bool operator==(const Protected&, const Protected&) = default;

 private:
  T value_{};
};

}  // namespace consilium
