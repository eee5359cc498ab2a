// What a protocol says of recordings beyond its labels: scoring by epochs, and texts of EDF+
// annotations. Read from the protocol's document, whose form read_protocol has checked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/protocol/protocol.hpp"

namespace consilium {

// Each epoch of a recording has one of these stages, or is unscored.
struct EpochPlan {
  double length_s = 30;             // above 0, an hour at most
  std::vector<std::string> stages;  // labels that exclude each other, the hypnogram's top first
  friend bool operator==(const EpochPlan&, const EpochPlan&) = default;
};

// The member `view`.`epochs`; none when recordings are not scored by epochs. Cost: the document is
// parsed.
[[nodiscard]] std::optional<EpochPlan> epoch_plan_of(const Protocol& protocol);

// The texts that labels have in EDF+ ("Sleep stage N2"), by label; those without one are left out.
// Cost: the document is parsed.
[[nodiscard]] std::map<std::string, std::string> edf_texts_of(const Protocol& protocol);

}  // namespace consilium
