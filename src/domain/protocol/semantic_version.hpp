// Versions of protocols: Semantic Versioning 2.0.0. MAJOR when an annotation that was valid may no
// longer be, MINOR when something is added, PATCH for wording. Build metadata is not taken.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium {

struct SemanticVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  std::string prerelease;  // "rc.1"; empty for a release

  // Precedence (clause 11): a pre-release comes before its release; its parts compare as numbers
  // where both are numbers, numbers before words.
  friend std::strong_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b);
  friend bool operator==(const SemanticVersion&, const SemanticVersion&) = default;
};

// Errors: InvalidInput on anything but MAJOR.MINOR.PATCH[-prerelease] without leading zeros.
[[nodiscard]] Result<SemanticVersion> parse_semantic_version(std::string_view text);
[[nodiscard]] std::string to_string(const SemanticVersion& version);

}  // namespace consilium
