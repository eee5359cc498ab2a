// What changed between two versions of a protocol, and which step of the version that asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/protocol/protocol.hpp"

namespace consilium {

enum class ChangeLevel {
  Patch,  // wording, view, plans: every annotation stays valid and means the same
  Minor,  // something was added: every annotation stays valid
  Major,  // breaking: an annotation or submission that was valid may not be, or means another thing
};
[[nodiscard]] std::string_view name_of(ChangeLevel level);  // "patch", "minor", "major"

struct ProtocolChange {
  ChangeLevel level = ChangeLevel::Patch;
  std::string path;  // by id: "/labels/nodule/places"
  std::string what;
  friend bool operator==(const ProtocolChange&, const ProtocolChange&) = default;
};

struct ProtocolDiff {
  std::vector<ProtocolChange> changes;
  ChangeLevel level = ChangeLevel::Patch;  // the highest of the changes
  bool version_is_right = true;            // the new version steps at least that far, and forward
  std::string version_needed;              // the lowest version that would do, "2.0.0"
  std::vector<std::string> unmapped;       // labels that went and that no migration map names
};

// Labels are compared by id; one that the new version's migration map renames is compared with what
// it becomes. Before 1.0.0 a minor step may break (Semantic Versioning, clause 4).
[[nodiscard]] ProtocolDiff diff_protocols(const Protocol& before, const Protocol& after);

}  // namespace consilium
