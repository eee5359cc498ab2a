// Names that go out instead of people's.
#pragma once

#include <string>

#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// "R-1f2e3d4c": tells raters apart without their names, the same in every export of this store.
[[nodiscard]] std::string rater_pseudonym(storage::Store& store, const RaterId& rater);

}  // namespace consilium::service
