// Serving an installation until SIGINT or SIGTERM.
#pragma once

#include <functional>
#include <string>

#include "transport/cli/commands.hpp"
#include "transport/cli/installation.hpp"

namespace consilium::cli {

// `announce` is called with the address ("http://localhost:8080") once the server answers.
[[nodiscard]] Status serve(Installation& installation, const ServeOptions& options,
                           const std::function<Status(const std::string& url)>& announce);

}  // namespace consilium::cli
