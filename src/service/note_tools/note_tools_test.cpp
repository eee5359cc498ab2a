// Term lists, rules and ConText in the product: what leads wrote down labels the notes that nobody
// has begun.
#include "service/note_tools/note_tools.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "service/job/job_queue.hpp"
#include "service/note_tools/term_list.hpp"
#include "service/prelabel/suggestions.hpp"
#include "service/tagging/tagging.hpp"
#include "service/terminology/terminologies.hpp"
#include "storage/labels.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

constexpr std::string_view terms_csv =
    "term,label,code,system\n"
    "chest pain,problem,29857009,http://snomed.info/sct\n"
    "fever,problem,386661006,http://snomed.info/sct\n"
    "aspirin,medication,,\n";
constexpr std::string_view rule_file =
    "version 7\n"
    "rule fever-degrees\n"
    "  pattern \\b\\d\\d\\.\\d C\\b\n"
    "  label value\n";

struct Said {
  std::string label;
  std::string surface;
  std::string rater;
  std::string kind;
  std::string comment;
  double probability = 0;
  std::map<std::string, AnswerValue> attributes;
};

struct ToolNotes;
json::object labelled_problem(ToolNotes& fixture, const ItemId& note, int begin, int end,
                              const char* assertion);

struct ToolNotes : Readers {
  Terminologies terminologies{*store_, folder.path() / "terminologies"};
  NoteTools tools{*store_, *clock, *random, terminologies};
  std::vector<ItemId> notes;

  explicit ToolNotes(const Edits& edits = {}) : Readers("note-problems", edits) {
    add_notes("first", {"Denies chest pain. Has fever, 38.9 C. Takes aspirin.",
                        "Chest pain since Monday. No fever.", "Well, no complaints at all.",
                        "Fever of 39.2 C and chest pain."});
  }
  void add_notes(const std::string& name, const std::vector<std::string>& texts) {
    std::string lines;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      lines += json::serialize(json::object{{"id", name + std::to_string(i)},
                                            {"patient", "MRN-" + name + std::to_string(i)},
                                            {"date", "2019-03-11"},
                                            {"text", texts[i]}}) +
               "\n";
    }
    write_file(folder.path() / (name + ".jsonl"), bytes_of(lines));
    import({folder.path() / (name + ".jsonl")});
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("text")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    notes.clear();
    for (const auto& [number, id] : by_number) notes.push_back(id);
  }
  storage::NoteToolId put(const NoteToolDraft& draft) {
    const auto id = make_id<storage::NoteToolId>(*clock, *random);
    must(tools.put(lead, project, id, draft, std::nullopt));
    return id;
  }
  static NoteToolDraft terms() {
    return {.kind = NoteToolKind::Terms, .name = "Ward terms", .text = std::string(terms_csv)};
  }
  static NoteToolDraft rules() {
    return {.kind = NoteToolKind::Rules, .name = "Degrees", .text = std::string(rule_file)};
  }
  static NoteToolDraft context() { return {.kind = NoteToolKind::Context, .name = "ConText"}; }
  std::size_t label_all() { return must(tools.label_all(lead, project)); }

  std::vector<Said> said_of(std::size_t i) {
    const auto reader = must(store_->read());
    std::vector<Said> all;
    for (const storage::AnnotationRow& row :
         must(storage::annotations_of_item(*reader, notes[i], std::nullopt, "", 1'000))) {
      if (row.stage != "suggest" || row.state != "submitted") continue;
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      all.push_back({.label = body.label.value(),
                     .surface = must(reader->open_sealed(row.patient, row.sealed_surface)),
                     .rater = row.rater_name,
                     .kind = row.rater_kind,
                     .comment = body.comment.value_or(""),
                     .probability = body.measurements.at("probability").number,
                     .attributes = body.attributes});
    }
    return all;
  }
  static const Said* of(const std::vector<Said>& all, const std::string& rater,
                        const std::string& surface) {
    const auto found = std::ranges::find_if(
        all, [&](const Said& one) { return one.rater == rater && one.surface == surface; });
    return found == all.end() ? nullptr : &*found;
  }
  void read_fever(std::size_t i, const Access& who, int begin, int end) {
    read(who, notes[i],
         {answer(notes[i], "document_type", "progress_note"),
          labelled_problem(*this, notes[i], begin, end, "present")});
  }
};

json::object labelled_problem(ToolNotes& fixture, const ItemId& note, int begin, int end,
                              const char* assertion) {
  json::object one = fixture.labelled(
      note, "problem", {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}});
  one["attributes"] =
      json::object{{"assertion", assertion}, {"time", "current"}, {"subject", "patient"}};
  return one;
}

}  // namespace

TEST_CASE("each tool is a rater with its version, what it goes by, and how probable that is") {
  ToolNotes fixture;
  CHECK(fixture.label_all() == 0);
  fixture.put(ToolNotes::terms());
  fixture.put(ToolNotes::rules());
  fixture.put(ToolNotes::context());
  CHECK(fixture.label_all() == 3);
  CHECK(fixture.label_all() == 0);  // all of it is there
  const auto first = fixture.said_of(0);
  CHECK(first.size() == 5);
  const Said* pain = ToolNotes::of(first, "Ward terms", "chest pain");
  REQUIRE(pain);
  CHECK(pain->kind == "dictionary");
  CHECK(pain->label == "problem");
  CHECK(pain->comment.starts_with("version "));
  CHECK(pain->comment.ends_with(": term of SCT 29857009"));
  CHECK(pain->probability == 0.5);
  CHECK(pain->attributes.empty());
  const Said* degrees = ToolNotes::of(first, "Degrees", "38.9 C");
  REQUIRE(degrees);
  CHECK(degrees->kind == "rule");
  CHECK(degrees->comment.starts_with("version 7 ("));
  CHECK(degrees->comment.ends_with("): rule fever-degrees"));
  // ConText speaks of what is denied, and of nothing else here.
  const Said* denied = ToolNotes::of(first, "ConText", "chest pain");
  REQUIRE(denied);
  CHECK(std::get<std::string>(denied->attributes.at("assertion")) == "negated");
  CHECK(denied->comment.find("negated forward: den") != std::string::npos);
  CHECK_FALSE(ToolNotes::of(first, "ConText", "fever"));
  CHECK(ToolNotes::of(fixture.said_of(1), "ConText", "fever"));
  CHECK(fixture.said_of(2).empty());
  // They vote in the panel, each for itself.
  std::map<RaterKind, int> kinds;
  for (const VotingRater& rater : fixture.votes().raters) ++kinds[rater.rater.kind];
  CHECK(kinds[RaterKind::Dictionary] == 1);
  CHECK(kinds[RaterKind::Rule] == 2);
  fixture.check_rebuilt();
}

TEST_CASE("ConText judges what the tagger found, too") {
  ToolNotes fixture;
  fixture.add_notes("taught",
                    {"Has gout since May.", "Has asthma since June.", "Has sepsis since July.",
                     "Has colitis since May.", "Denies gout since June."});
  const std::size_t first = 4;
  REQUIRE(fixture.notes.size() == 9);
  const auto read_word = [&](std::size_t i, int begin, int end, const char* assertion) {
    json::object one = labelled_problem(fixture, fixture.notes[i], begin, end, assertion);
    fixture.read(fixture.raters[0], fixture.notes[i],
                 {fixture.answer(fixture.notes[i], "document_type", "progress_note"), one});
  };
  read_word(first, 4, 8, "present");
  read_word(first + 1, 4, 10, "present");
  read_word(first + 2, 4, 10, "present");
  read_word(first + 3, 4, 11, "present");
  Tagging tagging(*fixture.store_, *fixture.clock, *fixture.random);
  // The notes before them are done with, so that the last one is next.
  for (std::size_t i = 0; i < first; ++i) fixture.take(fixture.raters[0], fixture.notes[i]);
  REQUIRE(must(tagging.label_next(fixture.raters[0], fixture.project)) > 0);
  REQUIRE(ToolNotes::of(fixture.said_of(8), "note tagger", "gout"));
  fixture.put(ToolNotes::context());
  CHECK(fixture.label_all() == 1);
  const auto said = fixture.said_of(8);
  const Said* denied = ToolNotes::of(said, "ConText", "gout");
  REQUIRE(denied);
  CHECK(denied->label == "problem");
  CHECK(std::get<std::string>(denied->attributes.at("assertion")) == "negated");
  CHECK(denied->comment.find("negated forward: den") != std::string::npos);
  CHECK(fixture.label_all() == 0);
}

TEST_CASE("a changed tool takes its word back where nobody has begun, and there alone") {
  ToolNotes fixture;
  const auto id = fixture.put(ToolNotes::terms());
  fixture.label_all();
  fixture.take(fixture.raters[0], fixture.notes[1]);
  NoteToolDraft changed = ToolNotes::terms();
  changed.text = "fever\n";
  changed.label = "problem";
  must(fixture.tools.put(fixture.lead, fixture.project, id, changed, std::nullopt));
  CHECK(fixture.label_all() == 2);
  CHECK_FALSE(ToolNotes::of(fixture.said_of(0), "Ward terms", "chest pain"));
  CHECK(ToolNotes::of(fixture.said_of(0), "Ward terms", "fever"));
  CHECK(ToolNotes::of(fixture.said_of(1), "Ward terms", "Chest pain"));
  // Off: silent.
  changed.is_on = false;
  must(fixture.tools.put(fixture.lead, fixture.project, id, changed, std::nullopt));
  fixture.label_all();
  CHECK(fixture.said_of(0).empty());
  CHECK(fixture.said_of(3).empty());
  CHECK_FALSE(fixture.said_of(1).empty());
}

TEST_CASE("a removed tool is forgotten once its word is taken back") {
  ToolNotes fixture;
  const auto id = fixture.put(ToolNotes::terms());
  fixture.label_all();
  must(fixture.tools.remove(fixture.lead, fixture.project, id));
  CHECK(fixture.said_of(0).empty());
  CHECK(must(fixture.tools.list(fixture.lead, fixture.project)).at("items").as_array().empty());
  const Status again = fixture.tools.remove(fixture.lead, fixture.project, id);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::NotFound);
}

TEST_CASE("how probable a tool's word is follows from the notes that people finished") {
  ToolNotes fixture;
  fixture.put(ToolNotes::terms());
  fixture.label_all();
  // Three readers say that "fever" alone is a problem in the first note: of two terms one is right.
  fixture.read_fever(0, fixture.raters[0], 23, 28);
  fixture.label_all();
  const auto last = fixture.said_of(3);
  const Said* fever = ToolNotes::of(last, "Ward terms", "Fever");
  REQUIRE(fever);
  CHECK(fever->probability == doctest::Approx((1.0 + 1) / (2 + 2)));
  fixture.read_fever(1, fixture.raters[0], 28, 33);
  fixture.label_all();
  // Two right of four.
  CHECK(ToolNotes::of(fixture.said_of(3), "Ward terms", "Fever")->probability ==
        doctest::Approx(0.5));
  ToolNotes other;
  NoteToolDraft fever_alone{
      .kind = NoteToolKind::Terms, .name = "Fever", .text = "fever\n", .label = "problem"};
  other.put(fever_alone);
  other.read_fever(0, other.raters[0], 23, 28);
  other.read_fever(1, other.raters[0], 28, 33);
  other.label_all();
  // (2 + 1) / (2 + 2)
  CHECK(ToolNotes::of(other.said_of(3), "Fever", "Fever")->probability == doctest::Approx(0.75));
}

TEST_CASE("what is less probable than the assist policy wants is not said") {
  ToolNotes fixture(Edits{{"{kind: dictionary, show: before}",
                           "{kind: dictionary, show: before, probability_min: 0.6}"}});
  fixture.put(ToolNotes::terms());
  CHECK(fixture.label_all() == 0);
  ToolNotes never(Edits{{"{kind: rule, show: before}", "{kind: rule, show: never}"}});
  never.put(ToolNotes::rules());
  CHECK(never.label_all() == 0);
}

TEST_CASE("files are refused with line and column") {
  ToolNotes fixture;
  const auto refused = [&](NoteToolDraft draft) {
    const auto id = make_id<storage::NoteToolId>(*fixture.clock, *fixture.random);
    const auto answer = fixture.tools.put(fixture.lead, fixture.project, id, draft, std::nullopt);
    REQUIRE_FALSE(answer);
    return answer.error().error;
  };
  NoteToolDraft rules = ToolNotes::rules();
  rules.text = "version 1\nrule broken\n  pattern (\n  label problem\n";
  CHECK(refused(rules).where.find("line 3") != std::string::npos);
  rules.text = "rule r\n  pattern x\n  label nonsense\n";
  CHECK(refused(rules).where == "rule r");
  NoteToolDraft terms = ToolNotes::terms();
  terms.text = "term,label,case\nfever,problem,loud\n";
  CHECK(refused(terms).where == "line 2, column 3");
  terms.text = "term,colour\nfever,red\n";
  CHECK(refused(terms).where == "line 1, column 2");
  terms.text = "fever\n";
  CHECK(refused(terms).what == "the term has no label");
  NoteToolDraft context = ToolNotes::context();
  context.assertions = {{"negated", "assertion=never_heard_of"}};
  CHECK(refused(context).where == "/assertions/negated");
  context.assertions = {};
  context.text = "negated forward: no\n";
  CHECK(refused(context).code == ErrorCode::InvalidInput);
}

TEST_CASE("names are raters, so that they stay and are taken once") {
  ToolNotes fixture;
  const auto id = fixture.put(ToolNotes::terms());
  NoteToolDraft other = ToolNotes::rules();
  other.name = "Ward terms";
  const auto code_of = [&](const storage::NoteToolId& of, const NoteToolDraft& draft) {
    const auto answer = fixture.tools.put(fixture.lead, fixture.project, of, draft, std::nullopt);
    return answer ? std::optional<ErrorCode>{} : answer.error().error.code;
  };
  CHECK(code_of(make_id<storage::NoteToolId>(*fixture.clock, *fixture.random), other) ==
        ErrorCode::Conflict);
  NoteToolDraft renamed = ToolNotes::terms();
  renamed.name = "Other terms";
  CHECK(code_of(id, renamed) == ErrorCode::Conflict);
  const auto stranger =
      fixture.tools.put(fixture.raters[0], fixture.project, id, ToolNotes::terms(), std::nullopt);
  CHECK(stranger.error().error.code == ErrorCode::Forbidden);
}

TEST_CASE("concepts of a loaded terminology are terms, as far as an expression reaches") {
  ToolNotes fixture;
  const std::string system = R"({"resourceType": "CodeSystem", "url": "http://made.example/signs",
    "version": "1", "status": "active", "content": "complete", "hierarchyMeaning": "is-a",
    "concept": [{"code": "F", "display": "Sign", "concept": [
      {"code": "F1", "display": "Fever", "designation": [{"value": "pyrexia"}]}]},
      {"code": "P", "display": "Chest pain"}]})";
  const auto bytes = view_source(bytes_of(system));
  const TerminologyFile file{.name = "signs.json", .bytes = bytes.get()};
  must(fixture.terminologies.load(operator_access(), std::span(&file, 1), {}));
  NoteToolDraft draft{.kind = NoteToolKind::Terms,
                      .name = "Signs",
                      .label = "problem",
                      .system = "http://made.example/signs",
                      .within = "<< F"};
  const auto id = fixture.put(draft);
  fixture.label_all();
  const auto said = fixture.said_of(0);
  REQUIRE(said.size() == 1);
  CHECK(said[0].surface == "fever");
  CHECK(said[0].comment.ends_with("http://made.example/signs F1 Fever"));
  draft.within.clear();
  must(fixture.tools.put(fixture.lead, fixture.project, id, draft, std::nullopt));
  fixture.label_all();
  CHECK(fixture.said_of(0).size() == 2);
}

TEST_CASE("a change and new notes start the job by themselves") {
  ToolNotes fixture;
  JobQueue jobs;
  NoteTools tools(*fixture.store_, *fixture.clock, *fixture.random, fixture.terminologies, &jobs);
  const auto id = make_id<storage::NoteToolId>(*fixture.clock, *fixture.random);
  must(tools.put(fixture.lead, fixture.project, id, ToolNotes::terms(), std::nullopt));
  jobs.wait_idle();
  CHECK(fixture.said_of(0).size() == 3);
  fixture.add_notes("second", {"Fever again."});
  REQUIRE(fixture.notes.size() == 5);
  CHECK(fixture.said_of(4).empty());
  tools.follow_notes(fixture.lead, fixture.project);
  jobs.wait_idle();
  CHECK(fixture.said_of(4).size() == 1);
  must(tools.remove(fixture.lead, fixture.project, id));
  jobs.wait_idle();
  CHECK(fixture.said_of(4).empty());
  CHECK(must(tools.list(fixture.lead, fixture.project)).at("items").as_array().empty());
}

TEST_CASE("a term list says more of its terms in columns") {
  const auto list = must(read_term_list(
      "label,term,order,case\nproblem,\"pain, chest\",free,folded\ntest,CRP,,exact\n\n,fever,,\n",
      "sign"));
  REQUIRE(list.terms.size() == 3);
  CHECK(list.terms[0].surface == "pain, chest");
  CHECK(list.terms[0].order == WordOrder::Free);
  CHECK(list.terms[1].letter_case == TermCase::Exact);
  CHECK(list.concepts[list.terms[2].concept_index].label == "sign");
  CHECK(must(read_term_list("fever\nchest pain\n", "sign")).terms.size() == 2);
}
