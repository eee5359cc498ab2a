// Labels of a file that join others of it: kept once those are, and only when the protocol lets
// them join. Used inside this module.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

// What was kept under a file's key.
struct KeptKey {
  AnnotationId id;
  std::string label;
};

// The target, with the kept annotations in the places of the keys, and roles as the protocol names
// them. Nothing when something that it joins was not kept.
[[nodiscard]] std::optional<Target> joined_target(const SaidJoining& said, const LabelSpec& label,
                                                  const std::map<std::string, KeptKey>& kept);

struct JoinedLabel {
  std::string what;  // as the file names it, for the report
  std::string key;
  Annotation body;
  std::int64_t revision = 1;
};
// Takes out, into `problems`, what may not join what it joins, and then what joined that.
[[nodiscard]] std::vector<JoinedLabel> sound_joined(const Protocol& protocol,
                                                    const std::map<std::string, KeptKey>& kept,
                                                    std::vector<JoinedLabel> joined,
                                                    std::set<std::string>& problems);

}  // namespace consilium::service
