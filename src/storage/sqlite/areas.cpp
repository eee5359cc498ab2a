#include "storage/sqlite/areas.hpp"

namespace consilium::storage::sqlite {

Area people_area();
Area catalog_area();
Area work_area();
Area labels_area();
Area segmentation_area();
Area terminology_area();
Area received_area();
Area note_tools_area();
Area signal_detectors_area();

std::vector<Area> product_areas() {
  return {core_area(),       people_area(),          catalog_area(),     work_area(),
          labels_area(),     segmentation_area(),    terminology_area(), received_area(),
          note_tools_area(), signal_detectors_area()};
}

}  // namespace consilium::storage::sqlite
