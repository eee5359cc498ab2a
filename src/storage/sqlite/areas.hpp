// The areas of the product, in the order in which their tables are made and their events applied.
#pragma once

#include <vector>

#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {

[[nodiscard]] std::vector<Area> product_areas();

}  // namespace consilium::storage::sqlite
