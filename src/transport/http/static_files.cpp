#include "transport/http/static_files.hpp"

#include <fmt/format.h>

#include <array>

#include "base/sha256.hpp"
#include "transport/http/compression.hpp"

namespace consilium::http {
namespace {

constexpr std::uint64_t size_bytes_max = 64U << 20U;
constexpr int packing_level = 9;

bool has_suffix(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return path.find('.', slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::filesystem::path& folder) {
  StaticFiles files;
  std::error_code error;
  std::uint64_t total = 0;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  if (error) return fail(ErrorCode::NotFound, "the folder of the browser part cannot be read");
  for (; entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (error) return fail(ErrorCode::Unavailable, "the folder of the browser part cannot be read");
    if (!entry->is_regular_file(error) || entry->is_symlink(error)) continue;
    const std::unique_ptr<ByteSource> source = CSL_TRY(open_file_source(entry->path()));
    total += source->size();
    if (total > size_bytes_max)
      return fail(ErrorCode::TooLarge, "the browser part is larger than 64 MiB");
    const Bytes bytes = CSL_TRY(read_all(*source, size_bytes_max));
    File file;
    file.plain = std::make_shared<const std::string>(text_of(bytes));
    file.media_type = media_type_of(entry->path().filename().string());
    file.etag = fmt::format("\"{}\"", to_hex(sha256(bytes)).substr(0, 32));
    const bool may_shrink =
        !file.media_type.starts_with("image/png") && !file.media_type.starts_with("font/");
    if (may_shrink && bytes.size() >= 1024) {
      if (std::optional<std::string> packed = gzip(*file.plain, packing_level)) {
        file.packed = std::make_shared<const std::string>(std::move(*packed));
      }
    }
    const std::string relative =
        std::filesystem::relative(entry->path(), folder, error).generic_string();
    files.files_.emplace(fmt::format("/{}", relative), std::move(file));
  }
  if (!files.files_.contains("/index.html")) {
    return fail(ErrorCode::NotFound, "the folder of the browser part has no index.html", {},
                "build the browser part");
  }
  return files;
}

Response StaticFiles::page(Random& random) const {
  std::array<std::byte, 18> bytes;
  random.fill(bytes);
  const std::string nonce = to_base64url(bytes);
  std::string text = *files_.find("/index.html")->second.plain;
  for (std::size_t at = text.find(nonce_placeholder); at != std::string::npos;
       at = text.find(nonce_placeholder, at + nonce.size())) {
    text.replace(at, nonce_placeholder.size(), nonce);
  }
  Response response;
  response.body = std::move(text);
  response.with("Content-Type", "text/html; charset=utf-8")
      .with("Cache-Control", "no-store")
      .with("Content-Security-Policy",
            fmt::format(
                "default-src 'self'; script-src 'self' 'nonce-{0}' 'wasm-unsafe-eval'; style-src "
                "'self' "
                "'nonce-{0}'; img-src 'self' blob: data:; worker-src 'self'; connect-src 'self'; "
                "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
                nonce));
  return response;
}

std::optional<Response> StaticFiles::answer(const Request& request, Random& random) const {
  const auto found = files_.find(request.path);
  if (found == files_.end() || request.path == "/index.html") {
    if (found == files_.end() && has_suffix(request.path)) return std::nullopt;
    return page(random);
  }
  const File& file = found->second;
  Response response;
  const bool is_hashed = request.path.starts_with("/assets/");
  response.with("Content-Type", file.media_type)
      .with("ETag", file.etag)
      .with("Cache-Control", is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.header("if-none-match") == file.etag) {
    response.status = 304;
    return response;
  }
  // A worker has the policy of its own script, and the page's listens to the server's events.
  response.with("Content-Security-Policy",
                "default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
  if (file.packed) response.with("Vary", "Accept-Encoding");
  if (file.packed && accepts_gzip(request)) {
    response.with("Content-Encoding", "gzip").body = file.packed;
  } else {
    response.body = file.plain;
  }
  return response;
}

}  // namespace consilium::http
