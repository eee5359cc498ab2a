// The first read of an item by a (person, item, purpose, sign-in) is a durable event before the
// first byte; what follows under the same four is free. On a full disk the events go to the
// reserve; when that is spent the read is refused.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"

namespace consilium::service {

struct ItemToRead {
  ItemId item;
  PatientId patient;
};

class ReadLedger {
 public:
  // One commit for all that are new. Errors: those of Store::write_from_reserve.
  [[nodiscard]] Status record(storage::Store& store, const Access& access, const ProjectId& project,
                              std::span<const ItemToRead> items, std::string_view purpose);

 private:
  Guarded<std::unordered_set<std::string>> known_;  // a cache: the table item_reads has them all
};

}  // namespace consilium::service
