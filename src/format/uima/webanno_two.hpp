// WebAnno TSV 2, read: tokens without offsets under the text of their sentence. Used inside this
// module.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"

namespace consilium::cas {

// `bytes` are UTF-8. A value "I-..." goes on with the annotation of the token before. Sentences are
// parted by line ends. Errors: Corrupt, with the line, when a token is not in its sentence's text;
// InvalidInput without any sentence.
[[nodiscard]] Result<LabelledText> read_webanno_two(std::string_view bytes);

}  // namespace consilium::cas
