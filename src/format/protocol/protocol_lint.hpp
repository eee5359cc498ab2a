// What is allowed but likely a mistake, or will trouble raters and users of the data.
#pragma once

#include <string_view>
#include <vector>

#include "format/protocol/protocol_yaml.hpp"

namespace consilium {

// Errors of the document, and when there are none, warnings: labels without a code, colour or
// example; colours with a contrast under 3:1 (WCAG 2.2, 1.4.11) against the ground they are shown
// on; keys that the workspace uses itself or that two things share; tolerances that fit no place;
// code systems we do not know; export mappings that fold two labels into one; a version without a
// changelog entry; modalities that do not fit the item; adjudication without a second reader.
// In the order of the document's lines.
[[nodiscard]] std::vector<ProtocolRemark> lint_protocol(std::string_view yaml);

// Contrast of two colours "#rrggbb", from 1 to 21.
[[nodiscard]] double colour_contrast(std::string_view first, std::string_view second);

}  // namespace consilium
