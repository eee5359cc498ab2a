// What relations, events and chains may join: part of validate_item, and asked alone of labels that
// come from a file.
#pragma once

#include <span>
#include <vector>

#include "domain/protocol/validate_annotation.hpp"

namespace consilium::detail {

// Ends that are not there or of a label that the protocol does not allow, roles that the event does
// not have or has too often, events that lead back to themselves; in a submission also what is
// missing: a required trigger, arguments, members. Cost: O(joined annotations x log).
[[nodiscard]] std::vector<Violation> joining_violations(const Protocol& protocol,
                                                        std::span<const Annotation> annotations,
                                                        Stage stage);

}  // namespace consilium::detail
