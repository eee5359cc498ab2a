// What a file of labelled text says of one of our notes: its mentions, relations, events, chains
// and answers as labels of whoever the file names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

// What a rater of a file is called here, by the name that the file has for them.
using RaterNamer = std::function<std::string(const std::string& name)>;

// A mention's name is its type, without one its layer; its concepts are its codes, its attributes
// answers named by their text. Who said it: a model by its name when the file gives a probability
// with it, else a rater of `format` ("brat standoff"), by what `name_rater` calls whom the file
// names, for that may be a person (docs/decisions/rater-names.md). Relations, events and chains
// are of the rater of what they join first. `source` tells the text from others. Places between
// characters are told in `notes`.
[[nodiscard]] LabelSet labels_of_text(const LabelledText& text, const ItemId& item,
                                      const std::string& format, const std::string& source,
                                      const RaterNamer& name_rater,
                                      std::vector<std::string>& notes);

}  // namespace consilium::service
