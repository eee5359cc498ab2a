// The JSON Schemas (2020-12) of what is sent and answered, one file for each area under schemas/,
// and the check of a body against one of them. The subset that we use, and nothing else is
// understood (a schema with another keyword is refused when it is loaded): $ref, type, properties,
// required, additionalProperties, enum, const, items, prefixItems, minItems, maxItems, minimum,
// maximum, minLength, maxLength (code points), pattern, format uuid and date-time, allOf, anyOf,
// oneOf (parted by a const member where there is a discriminator); title and description are for
// people.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/label/violation.hpp"

namespace consilium::api {

class SchemaSet {
 public:
  // Errors: InvalidInput on a file that is not JSON, a name given twice, an unknown keyword, a $ref
  // to nothing.
  [[nodiscard]] static Result<SchemaSet> parse(std::span<const std::string_view> files);
  ~SchemaSet();
  SchemaSet(SchemaSet&&) noexcept;
  SchemaSet& operator=(SchemaSet&&) noexcept;

  [[nodiscard]] bool has(std::string_view name) const;
  // All schemas by name, as `components.schemas` of OpenAPI holds them.
  [[nodiscard]] const boost::json::object& components() const;
  // What is wrong with the value; nothing when it fits. At most 20 are told. An unknown name ends
  // the process.
  [[nodiscard]] std::vector<Violation> check(std::string_view name,
                                             const boost::json::value& value) const;

 private:
  struct State;
  explicit SchemaSet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace consilium::api
