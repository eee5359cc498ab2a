// Another terminology server, asked by FHIR's operations (R4, as in fhir_operations.hpp) for what
// is not loaded here. A site names it; without one nothing is asked of anyone.
//
// Everything is asked by POST, so that what people type stands in no address and in no proxy's log.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/label/coded_concept.hpp"
#include "service/terminology/fhir_parameters.hpp"

namespace consilium::service {

class RemoteTerminology {
 public:
  // Posts a resource to a path below the server's base ("/ValueSet/$expand") and gives the body of
  // a good answer.
  using Post = std::function<Result<std::string>(std::string_view path, const std::string& body)>;
  explicit RemoteTerminology(Post post) : post_(std::move(post)) {}

  // The operation as it was asked of us. `body` is the Parameters resource that was sent, or empty:
  // then it is made of `values`. Errors: the server's; Corrupt when it answers no resource.
  [[nodiscard]] Result<boost::json::object> operation(std::string_view path, std::string_view body,
                                                      const FhirParameters& asked) const;

  // Concepts of a value set ("url", or "SYSTEM?fhir_vs" for all of a system) that the typed text
  // finds, in the server's order; of this system alone. `system` of each is a URI.
  [[nodiscard]] Result<std::vector<CodedConcept>> find(const std::string& url,
                                                       std::string_view system,
                                                       const std::string& text,
                                                       std::size_t limit) const;
  // Whether the value set has the concept; `system` is a URI.
  [[nodiscard]] Result<bool> holds(const std::string& url, std::string_view system,
                                   const std::string& code) const;

 private:
  Post post_;
};

}  // namespace consilium::service
