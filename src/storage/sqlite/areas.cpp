#include "storage/sqlite/areas.hpp"

namespace consilium::storage::sqlite {

std::vector<Area> product_areas() {
  return {
      core_area(),
  };
}

}  // namespace consilium::storage::sqlite
