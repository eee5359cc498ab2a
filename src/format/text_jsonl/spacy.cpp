#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "format/text_jsonl/json_rows.hpp"
#include "format/text_jsonl/text_jsonl.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::string_view plain_group = "sc";  // spaCy's default name of a span group

void take_span(LabelledText& text, const json::value& one, std::string_view layer) {
  TextMention mention{.layer = std::string(layer), .type = json_parts::text(one, "label")};
  const std::string code = json_parts::text(one, "kb_id");
  if (!code.empty()) mention.concepts.push_back(concept_of(code));
  detail::add_span(text, std::move(mention), json_parts::number(one, "start"),
                   json_parts::number(one, "end"));
}

void take_places(const LabelledText& text, const json::array& from, std::vector<TextSpan>& to) {
  for (const json::value& one : from) {
    const auto begin = json_parts::number(one, "start");
    const auto end = json_parts::number(one, "end");
    if (begin && end && *begin < *end && *end <= text.text.code_point_count()) {
      to.push_back({*begin, *end});
    }
  }
}

void take_categories(LabelledText& text, const json::value& of) {
  const json::value* categories = json_parts::member(of, "cats");
  if (categories == nullptr || !categories->is_object()) return;
  for (const auto& [name, value] : categories->get_object()) {
    boost::system::error_code error;
    const bool is_set = value.is_bool() ? value.get_bool() : value.to_number<double>(error) >= 0.5;
    if (is_set && !error) text.answers.push_back({"label", name});
  }
}

// [text, {"entities": [[0, 3, "X"]]}], as training data often stands.
Result<LabelledText> text_of_pair(const json::array& pair) {
  LabelledText text;
  text.text = CSL_TRY(CanonicalText::from_utf8(std::string(pair[0].get_string())));
  for (const json::value& one : json_parts::list(pair[1], "entities")) {
    const json::array* triple = one.if_array();
    if (triple == nullptr || triple->size() < 3) {
      add_problem(text, "an entity is no triple");
      continue;
    }
    take_span(text,
              json::object{{"start", (*triple)[0]}, {"end", (*triple)[1]}, {"label", (*triple)[2]}},
              {});
  }
  take_categories(text, pair[1]);
  complete(text);
  return text;
}

Result<LabelledText> text_of_row(const json::value& row) {
  const json::array* pair = row.if_array();
  if (pair != nullptr && pair->size() == 2 && (*pair)[0].is_string()) return text_of_pair(*pair);
  LabelledText text;
  text.text = CSL_TRY(detail::row_text(row, {"text"}));
  take_places(text, json_parts::list(row, "tokens"), text.tokens);
  take_places(text, json_parts::list(row, "sents"), text.sentences);
  for (const json::value& one : json_parts::list(row, "ents")) take_span(text, one, {});
  if (const json::value* groups = json_parts::member(row, "spans"); groups && groups->is_object()) {
    for (const auto& [name, spans] : groups->get_object()) {
      const json::array* list = spans.if_array();
      if (list == nullptr) continue;
      for (const json::value& one : *list) {
        take_span(text, one, std::string_view(name) == plain_group ? "" : std::string_view(name));
      }
    }
  }
  take_categories(text, row);
  complete(text);
  return text;
}

bool has_overlap(const LabelledText& text) {
  std::vector<TextSpan> spans;
  for (const TextMention& m : text.mentions) {
    if (m.layer.empty()) spans.push_back(m.ranges.front());
  }
  std::ranges::sort(spans);
  return std::ranges::adjacent_find(
             spans, [](TextSpan a, TextSpan b) { return b.begin < a.end; }) != spans.end();
}

json::object span_json(const TextMention& m) {
  json::object out{
      {"start", m.ranges.front().begin}, {"end", m.ranges.front().end}, {"label", m.type}};
  if (!m.concepts.empty()) out["kb_id"] = reference_of(m.concepts.front());
  return out;
}

json::array places_json(const std::vector<TextSpan>& spans, bool numbered) {
  json::array out;
  for (const TextSpan& span : spans) {
    json::object one{{"start", span.begin}, {"end", span.end}};
    if (numbered) one["id"] = out.size();
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<std::vector<LabelledText>> read_spacy(std::string_view bytes) {
  return detail::texts_of_rows(bytes, text_of_row);
}

std::string write_spacy(std::span<const LabelledText> texts) {
  std::string out;
  for (const LabelledText& text : texts) {
    json::object row{{"text", text.text.utf8()}};
    const bool overlaps = has_overlap(text);
    json::array entities;
    json::object groups;
    for (const TextMention& m : text.mentions) {
      if (m.layer.empty() && !overlaps) {
        entities.push_back(span_json(m));
        continue;
      }
      const std::string_view group = m.layer.empty() ? plain_group : std::string_view(m.layer);
      if (!groups.contains(group)) groups[group] = json::array{};
      groups[group].get_array().push_back(span_json(m));
    }
    row["ents"] = std::move(entities);
    if (!groups.empty()) row["spans"] = std::move(groups);
    if (!text.sentences.empty()) row["sents"] = places_json(text.sentences, false);
    row["tokens"] = places_json(text.tokens.empty() ? plain_tokens(text.text) : text.tokens, true);
    json::object categories;
    for (const TextAttribute& one : text.answers) categories[one.value] = 1.0;
    if (!categories.empty()) row["cats"] = std::move(categories);
    out += json::serialize(row) + "\n";
  }
  return out;
}

}  // namespace consilium
