// The browser part: files in memory, packed once. Assets whose names carry a hash of their content
// (assets/) may be kept by browsers for ever; every other address that is no file gets index.html,
// so that the browser's own routes work.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"
#include "transport/http/message.hpp"

namespace consilium::http {

class StaticFiles {
 public:
  // All files of the folder, symbolic links not followed. `nonce_placeholder` in index.html is
  // replaced by a fresh nonce for each page. Errors: NotFound without an index.html, TooLarge past
  // 64 MiB.
  [[nodiscard]] static Result<StaticFiles> load(const std::filesystem::path& folder);
  // The file at the path, or index.html for a path without a file name suffix; no value otherwise.
  [[nodiscard]] std::optional<Response> answer(const Request& request, Random& random) const;

  static constexpr std::string_view nonce_placeholder = "__CSP_NONCE__";

 private:
  struct File {
    std::shared_ptr<const std::string> plain;
    std::shared_ptr<const std::string> packed;  // null when packing gains nothing
    std::string media_type;
    std::string etag;
  };
  [[nodiscard]] Response page(Random& random) const;
  std::map<std::string, File, std::less<>> files_;  // by path with a leading slash
};

}  // namespace consilium::http
