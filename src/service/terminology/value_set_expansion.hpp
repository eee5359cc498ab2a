// The concepts that a value set comes to, over the terminologies that are loaded.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/concept_search/concept_index.hpp"
#include "analysis/concept_search/concept_set.hpp"
#include "base/result.hpp"
#include "domain/terminology/value_set.hpp"

namespace consilium::service {

using SharedIndex = std::shared_ptr<const ConceptIndex>;

// What of one system is in a value set.
struct SystemConcepts {
  SharedIndex index;
  ConceptSet concepts;
  std::map<std::uint32_t, std::string> displays;  // where the value set has its own wording
};

struct TerminologyLookup {
  std::function<Result<SharedIndex>(const std::string& system, const std::string& version)> index;
  std::function<Result<ValueSet>(const std::string& url)> value_set;
};

// One entry a system, in the order of their first mention. Filters: property "concept" with is-a,
// descendent-of, is-not-a, in, not-in, generalizes, child-of; "parent" and "child" with "=";
// "constraint" with "=" (an expression); "tag", "code" and "inactive" with "=". A listed code that
// the terminology lacks is not in the value set.
// Errors: NotFound when a system or value set is not loaded, Unsupported on other filters,
// InvalidInput on value sets that contain each other. Cost: O(concepts) a part.
[[nodiscard]] Result<std::vector<SystemConcepts>> expand_value_set(const ValueSet& value_set,
                                                                   const TerminologyLookup& lookup);

}  // namespace consilium::service
