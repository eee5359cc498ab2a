#include "transport/http/compression.hpp"

#include <libdeflate.h>

#include <memory>

#include "transport/http/media_types.hpp"

namespace consilium::http {
namespace {

constexpr std::size_t size_bytes_min = 1024;
constexpr int level_of_answers = 4;

bool packs_well(std::string_view media_type) {
  return media_type.starts_with("text/") || media_type.find("json") != std::string_view::npos ||
         media_type.starts_with("image/svg") || media_type == signal_window_type;
}

}  // namespace

std::optional<std::string> gzip(std::string_view bytes, int level) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!compressor) return std::nullopt;
  std::string packed(bytes.size(), '\0');  // one that does not fit is not smaller
  const std::size_t size = libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(),
                                                    packed.data(), packed.size());
  if (size == 0) return std::nullopt;
  packed.resize(size);
  return packed;
}

bool accepts_gzip(const Request& request) {
  std::string_view accepted = request.header("accept-encoding");
  while (!accepted.empty()) {
    const std::size_t comma = accepted.find(',');
    std::string_view one = accepted.substr(0, comma);
    accepted.remove_prefix(comma == std::string_view::npos ? accepted.size() : comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    const std::size_t semicolon = one.find(';');
    std::string_view name = one.substr(0, semicolon);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!equal_ignoring_case(name, "gzip")) continue;
    const std::string_view quality =
        semicolon == std::string_view::npos ? "" : one.substr(semicolon + 1);
    return quality.find("q=0") == std::string_view::npos ||
           quality.find("q=0.") != std::string_view::npos;
  }
  return false;
}

void compress_if_asked(const Request& request, Response& response) {
  auto* body = std::get_if<std::string>(&response.body);
  if (body == nullptr || body->size() < size_bytes_min ||
      !packs_well(response.header("content-type"))) {
    return;
  }
  if (!response.header("content-encoding").empty()) return;
  response.with("Vary", "Accept-Encoding");
  if (!accepts_gzip(request)) return;
  if (std::optional<std::string> packed = gzip(*body, level_of_answers)) {
    *body = std::move(*packed);
    response.with("Content-Encoding", "gzip");
  }
}

}  // namespace consilium::http
