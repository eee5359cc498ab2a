#include "format/bioc/bioc_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"

namespace consilium::detail {
namespace {

constexpr std::uint64_t gap_max = 1U << 20U;
constexpr std::string_view trigger_role = "Trigger";

class TextMaker {
 public:
  Result<LabelledText> make(const BiocDocument& document) {
    text_.id = document.id;
    for (const TextAttribute& infon : document.infons) text_.metadata.push_back(infon);
    for (std::size_t i = 0; i < document.passages.size(); ++i) {
      CSL_TRY(add_passage(document.passages[i], i));
    }
    collect(document.annotations, document.relations);
    text_.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8_)));
    const OffsetUnit unit = unit_of_offsets();
    for (const BiocAnnotation* one : annotations_) add_annotation(*one, unit);
    for (const BiocRelation* one : relations_) add_relation(*one);
    complete(text_);
    return std::move(text_);
  }

 private:
  void collect(const std::vector<BiocAnnotation>& annotations,
               const std::vector<BiocRelation>& relations) {
    for (const BiocAnnotation& one : annotations) annotations_.push_back(&one);
    for (const BiocRelation& one : relations) relations_.push_back(&one);
  }

  // Blanks up to an offset, the first of them a line end between passages.
  Status fill_to(std::uint64_t offset, char first) {
    if (offset < at_) {
      if (!is_shifted_) add_problem(text_, "an offset lies before the end of what precedes it");
      is_shifted_ = true;
      return {};
    }
    if (is_shifted_) return {};
    if (offset - at_ > gap_max) {
      return fail(ErrorCode::TooLarge, "offsets leave a gap of over a million characters", {},
                  "export the file again");
    }
    if (offset > at_) {
      utf8_.push_back(first);
      utf8_.append(offset - at_ - 1, ' ');
      at_ = offset;
    }
    return {};
  }

  TextSpan append(std::string_view utf8) {
    utf8_ += utf8;
    const std::uint64_t begin = at_;
    at_ += code_point_count(utf8);
    return {begin, at_};
  }

  Status add_passage(const BiocPart& passage, std::size_t index) {
    CSL_TRY(fill_to(passage.offset, utf8_.empty() ? ' ' : '\n'));
    TextSpan section{at_, at_};
    if (passage.sentences.empty()) section = append(passage.text);
    for (const BiocPart& sentence : passage.sentences) {
      CSL_TRY(fill_to(sentence.offset, ' '));
      text_.sentences.push_back(append(sentence.text));
      collect(sentence.annotations, sentence.relations);
    }
    section.end = at_;
    text_.sections.push_back(section);
    for (const TextAttribute& infon : passage.infons) {
      text_.metadata.push_back({fmt::format("passage.{}.{}", index, infon.name), infon.value});
    }
    collect(passage.annotations, passage.relations);
    return {};
  }

  OffsetUnit unit_of_offsets() {
    std::vector<StatedSpan> stated;
    for (const BiocAnnotation* one : annotations_) {
      if (one->locations.size() != 1) continue;
      const BiocLocation& place = one->locations.front();
      stated.push_back({place.offset, place.offset + place.length, one->text});
    }
    const OffsetUnit unit = unit_of(text_.text, stated, OffsetUnit::CodePoint);
    if (unit == OffsetUnit::Utf8) add_problem(text_, "offsets count bytes; they were turned");
    if (unit == OffsetUnit::Utf16) {
      add_problem(text_, "offsets count UTF-16 units; they were turned");
    }
    return unit;
  }

  static void take_infons(const BiocInfons& infons, std::string& type,
                          std::vector<TextAttribute>& attributes,
                          std::vector<TextConcept>* concepts) {
    for (const TextAttribute& infon : infons) {
      if (infon.name == "type" && type.empty()) {
        type = infon.value;
      } else if (concepts != nullptr && is_concept_name(infon.name)) {
        if (!infon.value.empty() && infon.value != "-") {
          concepts->push_back(concept_of(infon.value));
        }
      } else {
        attributes.push_back(infon);
      }
    }
  }

  void add_annotation(const BiocAnnotation& one, OffsetUnit unit) {
    TextMention mention{.id = one.id};
    take_infons(one.infons, mention.type, mention.attributes, &mention.concepts);
    std::vector<TextSpan> ranges;
    for (const BiocLocation& place : one.locations) {
      const bool wraps = place.offset + place.length < place.offset;
      const auto span =
          wraps ? std::nullopt
                : to_code_points(text_.text, place.offset, place.offset + place.length, unit);
      if (!span) return add_problem(text_, "a range leads past the text");
      ranges.push_back(*span);
    }
    if (!set_ranges(mention, std::move(ranges), text_.text)) {
      return add_problem(text_, "an annotation has no place");
    }
    const bool fits = one.text == surface_of(text_.text, mention.ranges) ||
                      one.text == surface_of(text_.text, mention.ranges, " ... ");
    if (!fits && !one.text.empty()) add_problem(text_, "the text is not what the file says");
    text_.mentions.push_back(std::move(mention));
  }

  void add_relation(const BiocRelation& one) {
    const bool has_trigger = !one.nodes.empty() && one.nodes.front().role == trigger_role;
    if (one.nodes.size() == 2 && !has_trigger) {
      TextRelation relation{.id = one.id,
                            .from = {one.nodes[0].role, one.nodes[0].refid},
                            .to = {one.nodes[1].role, one.nodes[1].refid}};
      take_infons(one.infons, relation.type, relation.attributes, nullptr);
      text_.relations.push_back(std::move(relation));
      return;
    }
    TextEvent event{.id = one.id};
    take_infons(one.infons, event.type, event.attributes, nullptr);
    for (const BiocNode& node : one.nodes) {
      if (event.trigger.empty() && node.role == trigger_role) {
        event.trigger = node.refid;
      } else {
        event.arguments.push_back({node.role, node.refid});
      }
    }
    text_.events.push_back(std::move(event));
  }

  LabelledText text_;
  std::string utf8_;
  std::uint64_t at_ = 0;
  bool is_shifted_ = false;
  std::vector<const BiocAnnotation*> annotations_;
  std::vector<const BiocRelation*> relations_;
};

class DocumentMaker {
 public:
  explicit DocumentMaker(const LabelledText& text) : text_(text) {}

  BiocDocument make() {
    document_.id = text_.id;
    make_passages();
    for (const TextAttribute& one : text_.metadata) {
      if (!one.name.starts_with("collection.") && !take_passage_infon(one)) {
        document_.infons.push_back(one);
      }
    }
    for (const TextMention& m : text_.mentions) add_mention(m);
    for (const TextRelation& r : text_.relations) {
      BiocRelation relation{.id = r.id, .infons = r.attributes};
      if (!r.type.empty()) relation.infons.insert(relation.infons.begin(), {"type", r.type});
      relation.nodes = {{r.from.target, r.from.role}, {r.to.target, r.to.role}};
      document_.relations.push_back(std::move(relation));
    }
    for (const TextEvent& e : text_.events) add_event(e);
    return std::move(document_);
  }

 private:
  // Passages cover the text: what is before, between and behind sections goes to one of them, but
  // for gaps that reading makes again.
  void make_passages() {
    std::vector<TextSpan> sections = text_.sections;
    std::ranges::sort(sections);
    std::uint64_t at = 0;
    const std::uint64_t end = text_.text.code_point_count();
    std::vector<TextSpan> whole;
    for (TextSpan section : sections) {
      if (section.begin < at) continue;  // overlaps what came before
      if (section.begin > at && !is_gap({at, section.begin})) {
        whole.push_back({at, section.begin});
      }
      whole.push_back(section);
      at = section.end;
    }
    if (at < end || whole.empty()) whole.push_back({at, end});
    for (const TextSpan& span : whole) document_.passages.push_back(passage_of(span));
  }

  [[nodiscard]] bool is_gap(TextSpan span) const {
    const std::string_view between = text_.text.slice(span).value_or(std::string_view{});
    return span.begin > 0 && between.starts_with('\n') &&
           between.find_first_not_of(' ', 1) == std::string_view::npos;
  }

  BiocPart passage_of(TextSpan span) const {
    BiocPart passage{.offset = span.begin};
    std::vector<TextSpan> sentences;
    std::uint64_t at = span.begin;
    for (const TextSpan& s : text_.sentences) {
      const bool is_within = s.begin >= at && s.end <= span.end;
      const bool is_near = is_within && (s.begin == at || is_blank({at, s.begin}));
      if (!is_near) continue;
      sentences.push_back(s);
      at = s.end;
    }
    // Sentences that leave something of the passage out cannot be said.
    if (sentences.empty() || at != span.end) {
      passage.text = text_.text.slice(span).value_or(std::string_view{});
      return passage;
    }
    for (const TextSpan& s : sentences) {
      passage.sentences.push_back(
          {.offset = s.begin,
           .text = std::string(text_.text.slice(s).value_or(std::string_view{}))});
    }
    return passage;
  }

  [[nodiscard]] bool is_blank(TextSpan span) const {
    const std::string_view between = text_.text.slice(span).value_or(std::string_view{});
    return between.find_first_not_of(' ') == std::string_view::npos;
  }

  bool take_passage_infon(const TextAttribute& one) {
    if (!one.name.starts_with("passage.")) return false;
    const auto parts = parted(one.name, '.', 3);
    const auto index = parts.size() == 3 ? whole_number(parts[1]) : std::nullopt;
    if (!index || *index >= document_.passages.size()) return false;
    document_.passages[*index].infons.push_back({std::string(parts[2]), one.value});
    return true;
  }

  void add_mention(const TextMention& m) {
    BiocAnnotation annotation{.id = m.id, .text = surface_of(text_.text, m.ranges)};
    if (!m.type.empty()) annotation.infons.push_back({"type", m.type});
    for (const TextConcept& c : m.concepts) {
      annotation.infons.push_back({"identifier", reference_of(c)});
    }
    std::ranges::copy(m.attributes, std::back_inserter(annotation.infons));
    for (const TextSpan& r : m.ranges) {
      annotation.locations.push_back({r.begin, r.end - r.begin});
    }
    part_with(m.ranges).annotations.push_back(std::move(annotation));
  }

  // The innermost part that holds all of it, else the first that holds its beginning.
  BiocPart& part_with(const std::vector<TextSpan>& ranges) {
    const std::uint64_t begin = ranges.front().begin;
    const std::uint64_t end = ranges.back().end;
    const auto after = std::ranges::upper_bound(document_.passages, begin, {}, &BiocPart::offset);
    BiocPart& passage =
        after == document_.passages.begin() ? document_.passages.front() : *std::prev(after);
    const auto next = std::ranges::upper_bound(passage.sentences, begin, {}, &BiocPart::offset);
    const bool is_whole = next == passage.sentences.end() || end <= next->offset;
    return next == passage.sentences.begin() || !is_whole ? passage : *std::prev(next);
  }

  void add_event(const TextEvent& e) {
    BiocRelation relation{.id = e.id, .infons = e.attributes};
    if (!e.type.empty()) relation.infons.insert(relation.infons.begin(), {"type", e.type});
    if (!e.trigger.empty()) relation.nodes.push_back({e.trigger, std::string(trigger_role)});
    for (const TextArgument& a : e.arguments) relation.nodes.push_back({a.target, a.role});
    document_.relations.push_back(std::move(relation));
  }

  const LabelledText& text_;
  BiocDocument document_;
};

}  // namespace

Result<std::vector<LabelledText>> texts_of(const BiocCollection& collection) {
  std::vector<LabelledText> texts;
  for (const BiocDocument& document : collection.documents) {
    LabelledText text = CSL_TRY(TextMaker().make(document));
    for (const TextAttribute& infon : collection.infons) {
      if (!infon.value.empty()) {
        text.metadata.push_back({"collection." + infon.name, infon.value});
      }
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

BiocCollection collection_of(std::span<const LabelledText> texts) {
  constexpr std::string_view prefix = "collection.";
  BiocCollection collection;
  for (const LabelledText& text : texts) {
    collection.documents.push_back(DocumentMaker(text).make());
    for (const TextAttribute& one : text.metadata) {
      if (!one.name.starts_with(prefix)) continue;
      TextAttribute infon{one.name.substr(prefix.size()), one.value};
      if (std::ranges::find(collection.infons, infon) == collection.infons.end()) {
        collection.infons.push_back(std::move(infon));
      }
    }
  }
  return collection;
}

}  // namespace consilium::detail
