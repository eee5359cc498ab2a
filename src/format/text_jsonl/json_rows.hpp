// The objects of a file of JSON lines, or of one JSON list. Internal to this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/parts.hpp"

namespace consilium::detail {

// `make` turns a row into a text. Errors: those of `make`, with the line.
[[nodiscard]] Result<std::vector<LabelledText>> texts_of_rows(
    std::string_view bytes,
    const std::function<Result<LabelledText>(const boost::json::value&)>& make);

// A row's text under the first of these names that is a string.
[[nodiscard]] Result<CanonicalText> row_text(const boost::json::value& row,
                                             std::initializer_list<std::string_view> names);

// A mention of the two offsets, or a problem.
void add_span(LabelledText& text, TextMention mention, std::optional<std::uint64_t> begin,
              std::optional<std::uint64_t> end);

// Members of an object as metadata, scalars only.
void add_metadata(LabelledText& text, const boost::json::value* object);
[[nodiscard]] boost::json::object metadata_json(const LabelledText& text);
[[nodiscard]] boost::json::value id_json(const std::string& id);  // a number when it is one

}  // namespace consilium::detail
