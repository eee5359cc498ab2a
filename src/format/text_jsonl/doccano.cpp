#include <boost/json.hpp>
#include <map>
#include <utility>

#include "format/text_jsonl/json_rows.hpp"
#include "format/text_jsonl/text_jsonl.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

// Either [begin, end, label] or a category.
void take_label(LabelledText& text, const json::value& one) {
  const json::array* triple = one.if_array();
  if (triple == nullptr) {
    text.answers.push_back({"label", json_parts::scalar(one)});
    return;
  }
  if (triple->size() < 3) return add_problem(text, "a label is no triple");
  const auto offset = [](const json::value& value) -> std::optional<std::uint64_t> {
    boost::system::error_code error;
    const auto number = value.to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional(number);
  };
  detail::add_span(text, {.type = json_parts::scalar((*triple)[2])}, offset((*triple)[0]),
                   offset((*triple)[1]));
}

// Ids are numbers and relations have their own.
std::string entity_id(const std::string& id) { return id.empty() ? id : "T" + id; }

Result<LabelledText> text_of_row(const json::value& row) {
  LabelledText text;
  text.text = CSL_TRY(detail::row_text(row, {"text", "data"}));
  text.id = json_parts::text(row, "id");
  for (const json::value& one : json_parts::list(row, "entities")) {
    detail::add_span(
        text,
        {.id = entity_id(json_parts::text(one, "id")), .type = json_parts::text(one, "label")},
        json_parts::number(one, "start_offset"), json_parts::number(one, "end_offset"));
  }
  for (const std::string_view name : {"label", "labels"}) {
    for (const json::value& one : json_parts::list(row, name)) take_label(text, one);
    const std::string alone = json_parts::text(row, name);
    if (!alone.empty()) text.answers.push_back({"label", alone});
  }
  for (const json::value& one : json_parts::list(row, "cats")) take_label(text, one);
  for (const json::value& one : json_parts::list(row, "relations")) {
    text.relations.push_back({.id = "R" + json_parts::text(one, "id"),
                              .type = json_parts::text(one, "type"),
                              .from = {"", entity_id(json_parts::text(one, "from_id"))},
                              .to = {"", entity_id(json_parts::text(one, "to_id"))}});
  }
  detail::add_metadata(text, json_parts::member(row, "meta"));
  if (!json_parts::list(row, "Comments").empty()) {
    add_problem(text, "comments on the document are not read");
  }
  complete(text);
  return text;
}

}  // namespace

Result<std::vector<LabelledText>> read_doccano(std::string_view bytes) {
  return detail::texts_of_rows(bytes, text_of_row);
}

std::string write_doccano(std::span<const LabelledText> texts) {
  std::string out;
  std::uint64_t id = 0;  // over the whole file, as doccano's own
  std::uint64_t text_number = 0;
  for (const LabelledText& text : texts) {
    ++text_number;
    json::object row{{"id", text.id.empty() ? json::value(text_number) : detail::id_json(text.id)},
                     {"text", text.text.utf8()}};
    std::map<std::string, std::uint64_t> ids;
    json::array entities;
    for (const TextMention& m : text.mentions) {
      ids[m.id] = ++id;
      entities.push_back(json::object{{"id", id},
                                      {"label", m.type},
                                      {"start_offset", m.ranges.front().begin},
                                      {"end_offset", m.ranges.front().end}});
    }
    json::array relations;
    for (const TextRelation& r : text.relations) {
      if (!ids.contains(r.from.target) || !ids.contains(r.to.target)) continue;
      relations.push_back(json::object{{"id", ++id},
                                       {"from_id", ids[r.from.target]},
                                       {"to_id", ids[r.to.target]},
                                       {"type", r.type}});
    }
    json::array categories;
    for (const TextAttribute& one : text.answers) categories.emplace_back(one.value);
    row["entities"] = std::move(entities);
    row["relations"] = std::move(relations);
    row["cats"] = std::move(categories);
    if (!text.metadata.empty()) row["meta"] = detail::metadata_json(text);
    row["Comments"] = json::array{};
    out += json::serialize(row) + "\n";
  }
  return out;
}

}  // namespace consilium
