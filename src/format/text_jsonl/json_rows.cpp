#include "format/text_jsonl/json_rows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/canonical_json.hpp"

namespace consilium::detail {

namespace json = boost::json;

Result<std::vector<LabelledText>> texts_of_rows(
    std::string_view bytes, const std::function<Result<LabelledText>(const json::value&)>& make) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::vector<LabelledText> texts;
  if (const auto whole = parse_json(bytes); whole && whole->is_array()) {
    // [text, {...}] alone is one row and not a list of them.
    const json::array& list = whole->get_array();
    const bool is_row = list.size() == 2 && list[0].is_string();
    const json::array alone{*whole};
    for (const json::value& row : is_row ? alone : list) texts.push_back(CSL_TRY(make(row)));
    return texts;
  } else if (whole) {
    texts.push_back(CSL_TRY(make(*whole)));
    return texts;
  }
  TextLines lines(bytes);
  std::string_view line;
  while (lines.next(line)) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    auto text = [&]() -> Result<LabelledText> {
      const json::value row = CSL_TRY(parse_json(line));
      return make(row);
    }();
    if (!text) {
      Error error = text.error();
      error.where =
          fmt::format("line {}{}{}", lines.number(), error.where.empty() ? "" : ", ", error.where);
      return std::unexpected(error);
    }
    texts.push_back(std::move(*text));
  }
  return texts;
}

Result<CanonicalText> row_text(const json::value& row,
                               std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const json::value* text = json_parts::member(row, name);
    if (text != nullptr && text->is_string()) {
      return CanonicalText::from_utf8(std::string(text->get_string()));
    }
  }
  return fail(ErrorCode::InvalidInput, "there is no text", {},
              "give one object a line with a member \"text\"");
}

void add_span(LabelledText& text, TextMention mention, std::optional<std::uint64_t> begin,
              std::optional<std::uint64_t> end) {
  if (!begin || !end) return add_problem(text, "a span has no begin or end");
  const bool fits = *begin < *end && set_ranges(mention, {{*begin, *end}}, text.text);
  if (!fits) return add_problem(text, "a range is empty, reversed or leads past the text");
  text.mentions.push_back(std::move(mention));
}

void add_metadata(LabelledText& text, const json::value* object) {
  if (object == nullptr || !object->is_object()) return;
  for (const auto& [name, value] : object->get_object()) {
    if (!value.is_null()) text.metadata.push_back({name, json_parts::scalar(value)});
  }
}

json::object metadata_json(const LabelledText& text) {
  json::object out;
  for (const TextAttribute& one : text.metadata) out[one.name] = one.value;
  return out;
}

json::value id_json(const std::string& id) {
  const auto number = whole_number(id);
  const bool is_number = number && std::to_string(*number) == id && *number < (1ULL << 53U);
  return is_number ? json::value(*number) : json::value(id);
}

}  // namespace consilium::detail
