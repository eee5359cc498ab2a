// Labels at tokens, a token a line, a blank line between sentences: CoNLL-2002 and -2003
// (aclanthology.org W02-2024, W03-0419), BIO, BILOU, IOBES, IOB1.
//
// The token stands in the first column and the tag in the last. Where the second and third hold
// offsets (code points, half open), as some write them, places are those of the original text and
// what stands between tokens is blanks; else tokens are joined by single blanks, sentences by line
// ends. "-DOCSTART-" and "# doc_id = ..." begin a document.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities conll_abilities{
    .ids = true,
    .line_breaking = true,
    .sentences = true,
    .tokens = true,
};

// Tags of any scheme, also mixed: B, S and U begin; I, E, L and M continue the mention of the same
// type before them, or else begin (IOB1); E, L, S and U end. Offsets that do not fit their token
// are a problem, and the document is then read without them. Other columns are counted and not
// read. Errors: InvalidInput when it is not UTF-8; TooLarge when offsets leave gaps of over 1 MiB.
// Cost: O(bytes).
[[nodiscard]] Result<std::vector<LabelledText>> read_conll(std::string_view bytes);

enum class TagScheme { Iob1, Iob2, Bilou, Iobes };
enum class ConllColumns {
  TokenTag,        // CoNLL-2002: the text between tokens is lost
  TokenOffsetsTag  // with begin and end
};

struct ConllFile {
  std::string bytes;
  std::vector<TextLoss> losses;
};

// The texts were fitted to conll_abilities. A text without tokens is cut into plain ones, and
// tokens are cut where a mention begins or ends within. What of a text lies between tokens and is
// not a blank or line end is lost, as are line ends where the file has no sentence's end; both are
// counted.
[[nodiscard]] ConllFile write_conll(std::span<const LabelledText> texts, TagScheme scheme,
                                    ConllColumns columns);

}  // namespace consilium
