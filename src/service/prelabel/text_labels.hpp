// What a file of labelled text says of one of our notes: its mentions, relations, events, chains
// and answers as labels of whoever the file names.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

// A mention's name is its type, without one its layer; its concepts are its codes, its attributes
// answers named by their text. Who said it is the mention's rater, else `format` ("brat standoff"):
// a model when the file gives a probability with it, else an import. Relations, events and chains
// are of the rater of what they join first. `source` tells the text from others. Places between
// characters are told in `notes`.
[[nodiscard]] LabelSet labels_of_text(const LabelledText& text, const ItemId& item,
                                      const std::string& format, const std::string& source,
                                      std::vector<std::string>& notes);

}  // namespace consilium::service
