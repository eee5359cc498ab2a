#include "transport/cli/cli.hpp"

#include <fmt/format.h>

#include <string_view>

#include "transport/api/embedded.hpp"
#include "transport/api/openapi.hpp"

namespace consilium::cli {

int run(int argument_count, const char* const* arguments) {
  if (argument_count != 2 || std::string_view(arguments[1]) != "openapi") return 2;
  const auto schemas = api::SchemaSet::parse(api::embedded_schema_files());
  const auto policy = api::Policy::parse(api::embedded_policy_csv());
  if (!schemas || !policy) return 3;
  fmt::print("{}\n", api::openapi_document(*schemas, *policy, "0.1.0"));
  return 0;
}

}  // namespace consilium::cli
