// gzip (RFC 1952) of answers that are text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/http/message.hpp"

namespace consilium::http {

// `level` 1 (fast) to 12 (small). No value when the result would not be smaller.
[[nodiscard]] std::optional<std::string> gzip(std::string_view bytes, int level);
[[nodiscard]] bool accepts_gzip(const Request& request);
// Packs a text or JSON body of at least 1 KiB when the request accepts gzip; sets Content-Encoding
// and Vary.
void compress_if_asked(const Request& request, Response& response);

}  // namespace consilium::http
