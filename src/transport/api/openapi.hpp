// The OpenAPI 3.1 document of /api/v1, made from the route table, the schemas and the policy.
#pragma once

#include <string>
#include <string_view>

#include "transport/api/policy.hpp"
#include "transport/api/schemas.hpp"

namespace consilium::api {

// JSON text, members in the order of the table.
[[nodiscard]] std::string openapi_document(const SchemaSet& schemas, const Policy& policy,
                                           std::string_view version);

}  // namespace consilium::api
