#include "format/pubannotation/pubannotation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/canonical_json.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> metadata_names{"sourcedb", "divid",   "target",
                                                         "project",  "section", "source_url"};

class Reader {
 public:
  Result<LabelledText> read(const json::value& document) {
    const json::value* text = json_parts::member(document, "text");
    if (text == nullptr || !text->is_string()) {
      return fail(ErrorCode::InvalidInput, "the document has no text", {},
                  "give PubAnnotation JSON with its text");
    }
    text_.text = CSL_TRY(CanonicalText::from_utf8(std::string(text->get_string())));
    text_.id = json_parts::text(document, "sourceid");
    for (const std::string_view name : metadata_names) {
      std::string value = json_parts::text(document, name);
      if (!value.empty()) text_.metadata.push_back({std::string(name), std::move(value)});
    }
    take_labels(document, {}, {});
    std::size_t track_number = 0;
    for (const json::value& track : json_parts::list(document, "tracks")) {
      // Ids are a track's own.
      take_labels(track, json_parts::text(track, "project"), fmt::format("{}.", ++track_number));
    }
    if (json_parts::member(document, "typesettings") != nullptr) {
      add_problem(text_, "type settings are not read");
    }
    complete(text_);
    return std::move(text_);
  }

 private:
  void take_labels(const json::value& of, const std::string& rater, const std::string& prefix) {
    for (const json::value& one : json_parts::list(of, "denotations")) {
      take_denotation(one, rater, prefix, {});
    }
    for (const json::value& one : json_parts::list(of, "blocks")) {
      take_denotation(one, rater, prefix, "block");
    }
    for (const json::value& one : json_parts::list(of, "relations")) {
      text_.relations.push_back({.id = prefix + json_parts::text(one, "id"),
                                 .type = json_parts::text(one, "pred"),
                                 .from = {"", prefix + json_parts::text(one, "subj")},
                                 .to = {"", prefix + json_parts::text(one, "obj")}});
    }
    // Attributes were once called modifications.
    for (const std::string_view list : {"attributes", "modifications"}) {
      for (const json::value& one : json_parts::list(of, list)) take_attribute(one, prefix);
    }
  }

  void take_denotation(const json::value& one, const std::string& rater, const std::string& prefix,
                       std::string_view layer) {
    const json::value* span = json_parts::member(one, "span");
    if (span == nullptr) return add_problem(text_, "a denotation has no span");
    const json::array alone{*span};
    std::vector<TextSpan> ranges;
    for (const json::value& part : span->is_array() ? span->get_array() : alone) {
      const auto begin = json_parts::number(part, "begin");
      const auto end = json_parts::number(part, "end");
      if (!begin || !end) return add_problem(text_, "a span has no begin or end");
      ranges.push_back({*begin, *end});
    }
    const json::value* type = json_parts::member(one, "obj");
    TextMention mention{.id = prefix + json_parts::text(one, "id"),
                        .layer = std::string(layer),
                        .type = type == nullptr ? std::string{} : json_parts::scalar(*type),
                        .rater = rater};
    if (!set_ranges(mention, std::move(ranges), text_.text)) {
      return add_problem(text_, "a range is reversed or leads past the text");
    }
    if (layer == "block" && (mention.type == "sentence" || mention.type == "Sentence") &&
        mention.ranges.size() == 1) {
      text_.sentences.push_back(mention.ranges.front());
      return;
    }
    if (!mention.id.empty()) mentions_.emplace(mention.id, text_.mentions.size());
    text_.mentions.push_back(std::move(mention));
  }

  void take_attribute(const json::value& one, const std::string& prefix) {
    const std::string subject = prefix + json_parts::text(one, "subj");
    const std::string name = json_parts::text(one, "pred");
    const json::value* object = json_parts::member(one, "obj");
    const std::string value = object == nullptr ? "true" : json_parts::scalar(*object);
    if (const auto found = mentions_.find(subject); found != mentions_.end()) {
      TextMention& mention = text_.mentions[found->second];
      if (is_concept_name(name)) {
        mention.concepts.push_back(concept_of(value));
      } else {
        mention.attributes.push_back({name, value});
      }
      return;
    }
    const auto relation = std::ranges::find(text_.relations, subject, &TextRelation::id);
    if (relation == text_.relations.end()) {
      return add_problem(text_, "an attribute points to nothing");
    }
    relation->attributes.push_back({name, value});
  }

  LabelledText text_;
  std::map<std::string, std::size_t> mentions_;
};

json::object span_json(TextSpan span) { return {{"begin", span.begin}, {"end", span.end}}; }

class Writer {
 public:
  json::object write(const LabelledText& text) {
    json::object out{{"text", text.text.utf8()}};
    if (!text.id.empty()) out["sourceid"] = text.id;
    for (const TextAttribute& one : text.metadata) {
      const bool known = std::ranges::find(metadata_names, one.name) != metadata_names.end();
      if (known) out[one.name] = one.value;
    }
    for (const TextSpan& s : text.sentences) {
      blocks_.push_back(json::object{{"span", span_json(s)}, {"obj", "sentence"}});
    }
    for (const TextMention& m : text.mentions) add_mention(m);
    for (const TextRelation& r : text.relations) {
      relations_.push_back(json::object{
          {"id", r.id}, {"pred", r.type}, {"subj", r.from.target}, {"obj", r.to.target}});
      for (const TextAttribute& a : r.attributes) add_attribute(r.id, a.name, a.value);
    }
    out["denotations"] = std::move(denotations_);
    if (!blocks_.empty()) out["blocks"] = std::move(blocks_);
    out["relations"] = std::move(relations_);
    out["attributes"] = std::move(attributes_);
    return out;
  }

 private:
  void add_mention(const TextMention& m) {
    json::value span;
    if (m.ranges.size() == 1) {
      span = span_json(m.ranges.front());
    } else {
      json::array parts;
      for (const TextSpan& r : m.ranges) parts.push_back(span_json(r));
      span = std::move(parts);
    }
    denotations_.push_back(json::object{{"id", m.id}, {"span", std::move(span)}, {"obj", m.type}});
    for (const TextConcept& c : m.concepts) add_attribute(m.id, "identifier", reference_of(c));
    for (const TextAttribute& a : m.attributes) add_attribute(m.id, a.name, a.value);
  }

  void add_attribute(const std::string& subject, std::string_view name, std::string_view value) {
    attributes_.push_back(json::object{{"id", fmt::format("A{}", attributes_.size() + 1)},
                                       {"subj", subject},
                                       {"pred", name},
                                       {"obj", value}});
  }

  json::array denotations_;
  json::array blocks_;
  json::array relations_;
  json::array attributes_;
};

}  // namespace

Result<std::vector<LabelledText>> read_pubannotation(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const json::value root = CSL_TRY(parse_json(bytes));
  std::vector<LabelledText> texts;
  if (const json::array* list = root.if_array()) {
    for (const json::value& one : *list) texts.push_back(CSL_TRY(Reader().read(one)));
  } else {
    texts.push_back(CSL_TRY(Reader().read(root)));
  }
  return texts;
}

std::string write_pubannotation(std::span<const LabelledText> texts) {
  if (texts.size() == 1) return json::serialize(Writer().write(texts.front())) + "\n";
  json::array all;
  for (const LabelledText& text : texts) all.push_back(Writer().write(text));
  return json::serialize(all) + "\n";
}

}  // namespace consilium
