// Names that go out instead of people's, and UIDs instead of the archive's.
#pragma once

#include <string>
#include <string_view>

#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// "R-1f2e3d4c": tells raters apart without their names, the same in every export of this store.
[[nodiscard]] std::string rater_pseudonym(storage::Store& store, const RaterId& rater);
// The "2.25." UID that goes out instead of `uid`: the same for the same in every export and over
// DICOMweb; nobody without the store's key can map it. Cost: about 2 us.
[[nodiscard]] std::string mapped_uid(storage::Store& store, std::string_view uid);

}  // namespace consilium::service
