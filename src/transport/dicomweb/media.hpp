// Which of the acceptable media types is answered (RFC 9110 12.5.1, PS3.18 8.7).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "service/dicomweb/dicomweb.hpp"
#include "transport/http/message.hpp"

namespace consilium::dicomweb {

struct MediaType {
  std::string type;                                             // "multipart/related", lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case
  double weight = 1;                                            // q
  [[nodiscard]] std::string parameter(std::string_view name) const;  // "" when absent
};

// A list as in Accept, the heaviest first; what is none is passed over. At most 64 are read.
[[nodiscard]] std::vector<MediaType> parse_media_types(std::string_view text);
// Of the query parameter "accept", else of the header; "*/*" when neither is there.
[[nodiscard]] std::vector<MediaType> accepted_types(const http::Request& request);

[[nodiscard]] bool accepts(const std::vector<MediaType>& types, std::string_view type);

// How parts are wanted. `single` asks for the one object alone, not within a multipart message.
struct WantedParts {
  std::vector<service::WantedForm> forms;
  std::string type;  // of the parts: "application/dicom"; of frames that of the first form
  bool single = false;
};
// Errors: Unsupported when nothing that we make is acceptable.
[[nodiscard]] Result<WantedParts> wanted_objects(const std::vector<MediaType>& types);
[[nodiscard]] Result<WantedParts> wanted_frames(const std::vector<MediaType>& types);
[[nodiscard]] Result<service::RenderedMedia> wanted_picture(const std::vector<MediaType>& types);

// The rest of a rendered image's parameters: window, viewport, quality.
// Errors: InvalidInput, naming the parameter.
[[nodiscard]] Result<service::RenderQuery> parse_render_query(const http::Request& request);

// "1,3,4": frame numbers. Errors: InvalidInput; at most 4096 of them.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_frame_list(std::string_view text);

}  // namespace consilium::dicomweb
