// What people finished in a project and models may learn from: of each item the adjudicated word,
// else the reading that was submitted last. And whether the protocol wants models at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {

// In the order in which they were finished.
[[nodiscard]] std::vector<storage::ReadingRow> readings_that_count(
    const std::vector<storage::ReadingRow>& all);

// All that the reading says; without what an erased patient's said.
[[nodiscard]] Result<std::vector<Annotation>> said_in(const storage::Reader& reader,
                                                      const ProjectId& project,
                                                      const storage::ReadingRow& reading);

// Whether it asks for one choice about the whole item.
[[nodiscard]] bool is_choice_of_item(const Protocol& protocol, const std::string& question);

// How probable a suggestion of models must be for the protocol to want it; none where it wants
// none.
[[nodiscard]] std::optional<double> model_probability_min(const AssistPolicy& policy);

}  // namespace consilium::service
