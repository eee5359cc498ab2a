#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "format/text_jsonl/json_rows.hpp"
#include "format/text_jsonl/text_jsonl.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

// Members of a span that say no feature of it.
constexpr std::array<std::string_view, 12> span_members{
    "start", "end",   "token_start", "token_end", "label", "id",
    "text",  "kb_id", "source",      "type",      "color", "answer"};

OffsetUnit unit_of_row(const CanonicalText& text, const json::value& row) {
  std::vector<StatedSpan> stated;
  for (const json::value& token : json_parts::list(row, "tokens")) {
    const auto begin = json_parts::number(token, "start");
    const auto end = json_parts::number(token, "end");
    const json::value* surface = json_parts::member(token, "text");
    if (begin && end && surface != nullptr && surface->is_string()) {
      stated.push_back({*begin, *end, std::string_view(surface->get_string())});
    }
  }
  return unit_of(text, stated, OffsetUnit::CodePoint);
}

std::optional<TextSpan> span_in(const LabelledText& text, const json::value& of, OffsetUnit unit) {
  const auto begin = json_parts::number(of, "start");
  const auto end = json_parts::number(of, "end");
  if (!begin || !end) return std::nullopt;
  return to_code_points(text.text, *begin, *end, unit);
}

void take_span(LabelledText& text, const json::value& one, OffsetUnit unit) {
  TextMention mention{.id = json_parts::text(one, "id"), .type = json_parts::text(one, "label")};
  if (!mention.id.empty() && whole_number(mention.id)) mention.id.insert(0, "T");
  if (const json::value* kb = json_parts::member(one, "kb_id")) {
    const json::array alone{*kb};
    for (const json::value& code : kb->is_array() ? kb->get_array() : alone) {
      const std::string reference = json_parts::scalar(code);
      if (!reference.empty()) mention.concepts.push_back(concept_of(reference));
    }
  }
  if (const json::object* object = one.if_object()) {
    for (const auto& [name, value] : *object) {
      if (std::ranges::find(span_members, std::string_view(name)) != span_members.end()) continue;
      const json::array alone{value};
      for (const json::value& each : value.is_array() ? value.get_array() : alone) {
        mention.attributes.push_back({name, json_parts::scalar(each)});
      }
    }
  }
  const auto span = span_in(text, one, unit);
  if (!span) return add_problem(text, "a range is reversed or leads past the text");
  detail::add_span(text, std::move(mention), span->begin, span->end);
}

// The mention that stands at a relation's end; one is made where only a token was linked.
std::string linked(LabelledText& text, const json::value* end, OffsetUnit unit) {
  if (end == nullptr) return {};
  const auto span = span_in(text, *end, unit);
  if (!span || span->begin == span->end) return {};
  const std::string label = json_parts::text(*end, "label");
  for (const TextMention& m : text.mentions) {
    if (m.ranges.front() == *span && (label.empty() || m.type == label)) return m.id;
  }
  text.mentions.push_back({.id = "L" + std::to_string(text.mentions.size()),
                           .type = label.empty() ? "token" : label,
                           .ranges = {*span}});
  return text.mentions.back().id;
}

Result<LabelledText> text_of_row(const json::value& row) {
  LabelledText text;
  text.text = CSL_TRY(detail::row_text(row, {"text"}));
  detail::add_metadata(text, json_parts::member(row, "meta"));
  const OffsetUnit unit = unit_of_row(text.text, row);
  for (const json::value& token : json_parts::list(row, "tokens")) {
    const auto span = span_in(text, token, unit);
    if (span && span->begin < span->end) text.tokens.push_back(*span);
  }
  const std::string answer = json_parts::text(row, "answer");
  if (answer == "reject" || answer == "ignore") {
    text.metadata.push_back({"answer", answer});
    add_problem(text, "the labels of a rejected or ignored task are left out");
    return text;
  }
  for (const json::value& one : json_parts::list(row, "spans")) take_span(text, one, unit);
  complete(text);  // relations need the ids
  for (const json::value& one : json_parts::list(row, "relations")) {
    std::string from = linked(text, json_parts::member(one, "head_span"), unit);
    std::string to = linked(text, json_parts::member(one, "child_span"), unit);
    text.relations.push_back({.type = json_parts::text(one, "label"),
                              .from = {"", std::move(from)},
                              .to = {"", std::move(to)}});
  }
  for (const json::value& one : json_parts::list(row, "accept")) {
    text.answers.push_back({"label", json_parts::scalar(one)});
  }
  if (const std::string label = json_parts::text(row, "label"); !label.empty()) {
    text.answers.push_back({"label", label});
  }
  complete(text);
  return text;
}

// The tokens that a span begins and ends in.
struct TokenRange {
  std::size_t first = 0;
  std::size_t last = 0;
};
TokenRange tokens_of(const std::vector<TextSpan>& tokens, TextSpan span) {
  const auto first = std::ranges::upper_bound(tokens, span.begin, {}, &TextSpan::end);
  const auto last = std::ranges::lower_bound(tokens, span.end, {}, &TextSpan::begin);
  const auto index = [&](auto at) { return static_cast<std::size_t>(at - tokens.begin()); };
  const std::size_t end = tokens.empty() ? 0 : tokens.size() - 1;
  return {std::min(index(first), end), last == tokens.begin() ? 0 : index(last) - 1};
}

json::object span_json(const LabelledText& text, const std::vector<TextSpan>& tokens,
                       const TextMention& m) {
  const TextSpan span = m.ranges.front();
  json::object out{{"start", span.begin}, {"end", span.end}, {"label", m.type}};
  if (!tokens.empty()) {
    const TokenRange range = tokens_of(tokens, span);
    out["token_start"] = range.first;
    out["token_end"] = range.last;
  }
  out["text"] = text.text.slice(span).value_or(std::string_view{});
  return out;
}

void put_features(json::object& out, const TextMention& m) {
  out["id"] = m.id;
  if (m.concepts.size() == 1) out["kb_id"] = reference_of(m.concepts.front());
  if (m.concepts.size() > 1) {
    json::array codes;
    for (const TextConcept& c : m.concepts) codes.emplace_back(reference_of(c));
    out["kb_id"] = std::move(codes);
  }
  for (const TextAttribute& a : m.attributes) {
    if (std::ranges::find(span_members, std::string_view(a.name)) != span_members.end()) continue;
    json::value& place = out[a.name];
    if (place.is_null()) {
      place = a.value;
    } else if (json::array* list = place.if_array()) {
      list->emplace_back(a.value);
    } else {
      place = json::array{place, a.value};
    }
  }
}

json::array tokens_json(const LabelledText& text, const std::vector<TextSpan>& tokens) {
  json::array out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto after = text.text.slice({tokens[i].end, tokens[i].end + 1});
    out.push_back(json::object{{"text", text.text.slice(tokens[i]).value_or(std::string_view{})},
                               {"start", tokens[i].begin},
                               {"end", tokens[i].end},
                               {"id", i},
                               {"ws", after && *after == " "}});
  }
  return out;
}

}  // namespace

Result<std::vector<LabelledText>> read_prodigy(std::string_view bytes) {
  return detail::texts_of_rows(bytes, text_of_row);
}

std::string write_prodigy(std::span<const LabelledText> texts) {
  std::string out;
  for (const LabelledText& text : texts) {
    json::object row{{"text", text.text.utf8()}};
    // Prodigy's relations are between tokens, so those there must be.
    std::vector<TextSpan> tokens =
        text.tokens.empty() && !text.relations.empty() ? plain_tokens(text.text) : text.tokens;
    if (!tokens.empty()) row["tokens"] = tokens_json(text, tokens);
    json::array spans;
    for (const TextMention& m : text.mentions) {
      json::object span = span_json(text, tokens, m);
      put_features(span, m);
      spans.push_back(std::move(span));
    }
    row["spans"] = std::move(spans);
    json::array relations;
    for (const TextRelation& r : text.relations) {
      const auto from = std::ranges::find(text.mentions, r.from.target, &TextMention::id);
      const auto to = std::ranges::find(text.mentions, r.to.target, &TextMention::id);
      if (from == text.mentions.end() || to == text.mentions.end()) continue;
      relations.push_back(json::object{{"head", tokens_of(tokens, from->ranges.front()).last},
                                       {"child", tokens_of(tokens, to->ranges.front()).last},
                                       {"head_span", span_json(text, tokens, *from)},
                                       {"child_span", span_json(text, tokens, *to)},
                                       {"label", r.type}});
    }
    if (!relations.empty()) row["relations"] = std::move(relations);
    if (!text.answers.empty()) {
      json::array accepted;
      for (const TextAttribute& one : text.answers) accepted.emplace_back(one.value);
      row["accept"] = std::move(accepted);
    }
    if (!text.metadata.empty()) row["meta"] = detail::metadata_json(text);
    row["answer"] = "accept";
    out += json::serialize(row) + "\n";
  }
  return out;
}

}  // namespace consilium
