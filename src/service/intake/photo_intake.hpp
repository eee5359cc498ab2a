// One photograph (JPEG, PNG, TIFF) into the catalog, as an image item of its own. It is decoded by
// the confined codec alone; of its Exif only the orientation is used, and none of it is served.
#pragma once

#include <string>

#include "service/intake/prepared.hpp"

namespace consilium::service {

struct PhotoFile {
  ByteView bytes;
  std::string name;     // as the user has it: the study's and the series' text, never shown
  std::string patient;  // whose it is; may be empty
};

// Errors: those of describe_photo and of decoding; Unsupported without a codec.
// Cost: decoding and sealing every page.
[[nodiscard]] Status prepare_photo(const IntakeTools& tools, const PhotoFile& file,
                                   const std::string& content, const PreparedSink& sink);

}  // namespace consilium::service
