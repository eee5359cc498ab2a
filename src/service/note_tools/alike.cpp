#include "service/note_tools/alike.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analysis/term_dictionary/term_dictionary.hpp"
#include "analysis/text_structure/normalise.hpp"
#include "base/canonical_json.hpp"
#include "base/sha256.hpp"
#include "domain/label/annotation.hpp"
#include "service/access/named_id.hpp"
#include "service/tagging/note_model.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"
#include "storage/note_tools.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::AlikeMarkRow;

namespace {

// A mark with its words, which stay in memory as long as the request.
struct Mark {
  AnnotationId annotation;
  storage::ItemRow item;
  Annotation body;
  std::string words;
};

// None when the label was taken back, stands on several parts, or its patient was erased.
Result<std::optional<Mark>> mark_of(const storage::Reader& reader, const ProjectId& project,
                                    const RaterId& rater, const AlikeMarkRow& row) {
  const auto stored = CSL_TRY(storage::find_annotation(reader, row.annotation));
  const bool is_there = stored && stored->project == project && stored->item == row.item &&
                        stored->rater == rater && stored->state != "retracted" &&
                        !stored->sealed_surface.empty();
  if (!is_there) return std::optional<Mark>{};
  const auto body = reader.open_sealed(stored->patient, stored->sealed_body);
  if (!body && body.error().code == ErrorCode::NotFound) return std::optional<Mark>{};
  if (!body) return std::unexpected(body.error());
  Mark mark{.annotation = row.annotation,
            .item = CSL_TRY(storage::find_item(reader, project, row.item)),
            .body = CSL_TRY(parse_annotation(*body)),
            .words = CSL_TRY(reader.open_sealed(stored->patient, stored->sealed_surface))};
  const auto* spans = std::get_if<SpansTarget>(&mark.body.target);
  if (spans == nullptr || spans->ranges.size() != 1 || !mark.body.label) {
    return std::optional<Mark>{};
  }
  return std::optional<Mark>(std::move(mark));
}

// The marks' words as a dictionary; a term's concept is the index of its mark. Of marks with the
// same words and label the last stands.
struct Searcher {
  std::vector<Mark> marks;
  std::optional<TermDictionary> dictionary;
};

Result<Searcher> searcher_of(std::vector<Mark> marks) {
  Searcher searcher;
  std::vector<DictionaryTerm> terms;
  for (Mark& mark : marks) {
    DictionaryTerm term{.surface = mark.words,
                        .concept_index = static_cast<std::uint32_t>(searcher.marks.size()),
                        .letter_case = TermCase::Folded};
    // Words that no dictionary holds (signs alone, a whole paragraph) occur nowhere else.
    if (!TermDictionary::build(std::span(&term, 1), {.letters_min = 1, .plurals = false})) continue;
    terms.push_back(std::move(term));
    searcher.marks.push_back(std::move(mark));
  }
  if (!terms.empty()) {
    searcher.dictionary =
        CSL_TRY(TermDictionary::build(terms, {.letters_min = 1, .plurals = false}));
  }
  return searcher;
}

struct Place {
  TextSpan span;
  std::size_t mark = 0;
};

Result<std::vector<Place>> places_in(const Searcher& searcher, const CutNote& note) {
  std::vector<Place> places;
  if (!searcher.dictionary) return places;
  std::vector<std::uint64_t> hashes;
  hash_tokens(note.text.utf8(), note.structure.tokens, hashes);
  TermMatches found;
  searcher.dictionary->find(note.text.utf8(), note.structure.tokens, hashes,
                            note.structure.sentences, found);
  for (const TermMatch& match : found.matches) {
    const TextSpan span =
        CSL_TRY(to_text_span(note.text, note.structure.tokens[match.tokens.begin_token].begin_byte,
                             note.structure.tokens[match.tokens.end_token - 1].end_byte));
    std::vector<std::string> labels;
    for (std::uint32_t i = match.concepts_begin; i < match.concepts_end; ++i) {
      const std::size_t mark = found.concepts[i];
      const std::string& label = *searcher.marks[mark].body.label;
      if (std::ranges::find(labels, label) != labels.end()) continue;
      labels.push_back(label);
      places.push_back({.span = span, .mark = mark});
    }
  }
  return places;
}

// The concepts that the words were given: they mean the same elsewhere. Whether what they name is
// denied or long past does not.
Result<json::object> coded_attributes(const Annotation& body) {
  Annotation coded = body;
  std::erase_if(coded.attributes,
                [](const auto& one) { return !std::holds_alternative<CodedConcept>(one.second); });
  const json::value said = CSL_TRY(parse_json(CSL_TRY(canonical_annotation(coded))));
  return said.at("attributes").as_object();
}

AnnotationId own_id(const RaterId& rater, const ItemId& item, const std::string& label,
                    TextSpan span) {
  return id_of_digest<AnnotationId>(
      sha256(bytes_of(fmt::format("alike of {} on {}: {} {} {}", to_string(rater), to_string(item),
                                  label, span.begin, span.end))));
}

}  // namespace

Result<json::object> Alike::mark(const Access& access, const ProjectId& project, const ItemId& item,
                                 const AnnotationId& annotation) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  const auto reader = CSL_TRY(store_.read());
  CSL_TRY(storage::find_item(*reader, project, item));
  const RaterId rater = access.rater();
  const AlikeMarkRow row{.annotation = annotation, .item = item};
  auto mark = CSL_TRY(mark_of(*reader, project, rater, row));
  if (!mark) {
    return fail(ErrorCode::NotFound, "there is no such span of yours on the item", {},
                "label it first; spans in several parts cannot be sought");
  }
  const auto known = CSL_TRY(storage::alike_marks(*reader, project, rater));
  if (std::ranges::find(known, annotation, &AlikeMarkRow::annotation) == known.end()) {
    CSL_TRY(store_.write(actor_of(access), [&](storage::Transaction& transaction) {
      return transaction.append(storage::alike_marked(project, rater, row));
    }));
  }
  std::vector<Mark> marks;
  marks.push_back(std::move(*mark));
  const Searcher searcher = CSL_TRY(searcher_of(std::move(marks)));
  std::int64_t notes = 0;
  std::int64_t places = 0;
  for (const storage::ItemRow& other : CSL_TRY(storage::all_items(*reader, project))) {
    if (other.kind != "text" || other.id == item) continue;
    const auto note = CSL_TRY(cut_note(store_, *reader, other));
    if (!note) continue;
    const auto found = CSL_TRY(places_in(searcher, *note));
    if (found.empty()) continue;
    ++notes;
    places += static_cast<std::int64_t>(found.size());
  }
  return json::object{{"notes", notes}, {"places", places}};
}

Status Alike::unmark(const Access& access, const ProjectId& project, const ItemId& item,
                     const AnnotationId& annotation) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  const RaterId rater = access.rater();
  CSL_TRY(store_.write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
    const auto known = CSL_TRY(storage::alike_marks(transaction, project, rater));
    const AlikeMarkRow row{.annotation = annotation, .item = item};
    if (std::ranges::find(known, annotation, &AlikeMarkRow::annotation) == known.end()) {
      return fail(ErrorCode::NotFound, "it is not marked");
    }
    return transaction.append(storage::alike_unmarked(project, rater, row));
  }));
  return {};
}

Result<json::object> Alike::list(const Access& access, const ProjectId& project,
                                 const ItemId& item) const {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  const auto reader = CSL_TRY(store_.read());
  const storage::ItemRow row = CSL_TRY(storage::find_item(*reader, project, item));
  json::array items;
  const auto answer = [&] {
    return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
  };
  if (row.kind != "text") return answer();
  const RaterId rater = access.rater();
  std::vector<Mark> marks;
  for (const AlikeMarkRow& one : CSL_TRY(storage::alike_marks(*reader, project, rater))) {
    if (marks.size() == marks_max) break;
    if (one.item == item) continue;  // in its own note the workspace offers it
    auto mark = CSL_TRY(mark_of(*reader, project, rater, one));
    if (mark) marks.push_back(std::move(*mark));
  }
  if (marks.empty()) return answer();
  const auto note = CSL_TRY(cut_note(store_, *reader, row));
  if (!note) return answer();
  const Searcher searcher = CSL_TRY(searcher_of(std::move(marks)));
  for (const Place& place : CSL_TRY(places_in(searcher, *note))) {
    const Mark& mark = searcher.marks[place.mark];
    const AnnotationId id = own_id(rater, item, *mark.body.label, place.span);
    if (CSL_TRY(storage::find_annotation(*reader, id))) continue;
    items.push_back(
        json::object{{"id", to_string(id)},
                     {"label", *mark.body.label},
                     {"ranges", json::array{json::array{place.span.begin, place.span.end}}},
                     {"attributes", CSL_TRY(coded_attributes(mark.body))},
                     {"of_annotation", to_string(mark.annotation)},
                     {"of_item", to_string(mark.item.id)},
                     {"of_number", mark.item.number}});
  }
  return answer();
}

}  // namespace consilium::service
