// What arranging a series needs of each image, as kept in the catalog: it identifies nobody, and a
// series that grows by a later import is arranged anew without reading its objects.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "format/dicom/image_description.hpp"

namespace consilium::service {

struct CatalogedImage {
  ImageDescription image;  // without palette and stored pixels
  std::optional<std::int64_t> instance_number;
  // Of PET: what a rescaled value is multiplied by to be SUVbw, or why there is none. The values
  // that it is made of stay sealed.
  std::optional<double> suv_factor = {};
  std::string suv_refused = {};
};

[[nodiscard]] std::string description_json(const CatalogedImage& cataloged);
// Errors: InvalidInput on what the writer did not make.
[[nodiscard]] Result<CatalogedImage> read_description(std::string_view text);

[[nodiscard]] std::string_view name_of(SampleType type);          // "i16"
[[nodiscard]] std::string_view name_of(Photometric photometric);  // "monochrome2"

}  // namespace consilium::service
