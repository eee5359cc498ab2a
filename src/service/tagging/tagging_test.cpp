// The tagger in the product: submitted notes teach it, the next ones open labelled.
#include "service/tagging/tagging.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "service/job/job_queue.hpp"
#include "service/prelabel/suggestions.hpp"
#include "service/tagging/note_model.hpp"
#include "storage/labels.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

constexpr int made_count = 24;

struct MadeNote {
  std::string text;
  int problem_begin = 0;
  int problem_end = 0;
  int drug_begin = 0;
  int drug_end = 0;
  bool is_consultation = false;
};

MadeNote made_note_of(int i) {
  static const std::vector<std::string> problems = {"asthma", "gout", "sepsis", "severe anaemia"};
  static const std::vector<std::string> drugs = {"aspirin", "warfarin", "insulin", "digoxin"};
  MadeNote note;
  note.is_consultation = i % 2 == 1;
  note.text = note.is_consultation ? "Asked to see the patient. " : "Feels better today. ";
  note.text += "Known ";
  note.problem_begin = static_cast<int>(note.text.size());
  note.text += problems[static_cast<std::size_t>(i) % problems.size()];
  note.problem_end = static_cast<int>(note.text.size());
  note.text += " for years.\nTakes ";
  note.drug_begin = static_cast<int>(note.text.size());
  note.text += drugs[static_cast<std::size_t>(i / 2) % drugs.size()];
  note.drug_end = static_cast<int>(note.text.size());
  // A long note that says what the others say tells less in a minute.
  for (int k = 0; k < (i % 5 == 4 ? 40 : 1); ++k) note.text += " every day.";
  return note;
}

struct Said {
  std::string label_or_question;
  std::string surface_or_answer;
  std::string rater;
  std::string comment;
  double probability = 0;
};

struct TaggedNotes : Readers {
  Tagging tagging{*store_, *clock, *random};
  Suggestions suggestions{*store_, *clock, *random};
  std::vector<ItemId> notes;

  explicit TaggedNotes(const Edits& edits = {}) : Readers("note-problems", edits) {
    std::string lines;
    for (int i = 0; i < made_count; ++i) {
      lines += json::serialize(json::object{{"id", "note-" + std::to_string(i)},
                                            {"patient", "MRN-" + std::to_string(i)},
                                            {"date", "2019-03-11"},
                                            {"text", made_note_of(i).text}}) +
               "\n";
    }
    write_file(folder.path() / "notes.jsonl", bytes_of(lines));
    import({folder.path() / "notes.jsonl"});
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("text")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    for (const auto& [number, id] : by_number) notes.push_back(id);
    REQUIRE(notes.size() == made_count);
  }
  json::object span(std::size_t i, const std::string& label, int begin, int end) {
    json::object one = labelled(
        notes[i], label, {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}});
    one["attributes"] =
        label == "problem"
            ? json::object{{"assertion", "present"}, {"time", "current"}, {"subject", "patient"}}
            : json::object{{"medication_status", "started"}};
    return one;
  }
  // The reader marks the problem, the document's kind and, where asked, the drug.
  void read_note(std::size_t i, bool with_drug, const Access& who) {
    const MadeNote note = made_note_of(static_cast<int>(i));
    std::vector<json::object> said{
        answer(notes[i], "document_type",
               json::value(note.is_consultation ? "consultation" : "progress_note")),
        span(i, "problem", note.problem_begin, note.problem_end)};
    if (with_drug) said.push_back(span(i, "medication", note.drug_begin, note.drug_end));
    read(who, notes[i], said);
  }
  std::size_t label_next() { return must(tagging.label_next(raters[0], project)); }

  // What models say of the note now.
  std::vector<Said> suggested(std::size_t i) {
    const auto reader = must(store_->read());
    std::vector<Said> all;
    for (const storage::AnnotationRow& row :
         must(storage::annotations_of_item(*reader, notes[i], std::nullopt, "", 1'000))) {
      if (row.stage != "suggest") continue;
      CHECK(row.rater_kind == "model");
      CHECK(row.state == "submitted");
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      Said& one = all.emplace_back();
      one.rater = row.rater_name;
      one.comment = body.comment.value_or("");
      one.probability = body.measurements.at("probability").number;
      if (body.question) {
        one.label_or_question = *body.question;
        one.surface_or_answer = std::get<std::string>(body.value);
      } else {
        one.label_or_question = body.label.value();
        one.surface_or_answer = must(reader->open_sealed(row.patient, row.sealed_surface));
      }
    }
    return all;
  }
  static std::optional<Said> of(const std::vector<Said>& all, const std::string& what) {
    const auto found = std::ranges::find(all, what, &Said::label_or_question);
    return found == all.end() ? std::nullopt : std::optional<Said>(*found);
  }
};

// "version 0123456789ab" of what it says first of itself.
std::string version_of(const Said& said) { return said.comment.substr(0, said.comment.find(':')); }

std::string text_between(const MadeNote& note, int begin, int end) {
  return note.text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

}  // namespace

TEST_CASE("every submitted note changes what the tagger says of the next ones, and its version") {
  TaggedNotes fixture;
  CHECK(fixture.label_next() == 0);
  CHECK(fixture.suggested(8).empty());
  for (std::size_t i = 0; i < 8; ++i) fixture.read_note(i, false, fixture.raters[0]);
  CHECK(fixture.label_next() == Tagging::next_notes_max);
  const std::vector<Said> before = fixture.suggested(10);
  const MadeNote note = made_note_of(10);
  const auto problem = TaggedNotes::of(before, "problem");
  REQUIRE(problem);
  CHECK(problem->surface_or_answer == text_between(note, note.problem_begin, note.problem_end));
  CHECK(problem->probability > 0.5);
  CHECK(problem->probability <= 1);
  CHECK(problem->rater == "note tagger");
  CHECK(problem->comment.starts_with("version "));
  CHECK(problem->comment.find("learnt from 8 notes with 8 labelled spans") != std::string::npos);
  const auto kind = TaggedNotes::of(before, "document_type");
  REQUIRE(kind);
  CHECK(kind->surface_or_answer == "progress_note");
  CHECK_FALSE(TaggedNotes::of(before, "medication"));
  CHECK(fixture.label_next() == 0);  // nothing new was said

  // Another reader goes over four of them and marks drugs too: their word is the last one.
  for (std::size_t i = 0; i < 8; ++i) fixture.read_note(i, true, fixture.raters[1]);
  CHECK(fixture.label_next() == Tagging::next_notes_max);
  const std::vector<Said> after = fixture.suggested(10);
  const auto drug = TaggedNotes::of(after, "medication");
  REQUIRE(drug);
  CHECK(drug->surface_or_answer == text_between(note, note.drug_begin, note.drug_end));
  CHECK(drug->comment.find("8 notes with 16 labelled spans") != std::string::npos);
  CHECK(version_of(*drug) != version_of(*problem));
  // The older version's word is gone, and both are one rater, whose votes it is.
  for (const Said& one : after) CHECK(version_of(one) == version_of(*drug));
  std::size_t models = 0;
  for (const VotingRater& rater : fixture.votes().raters) {
    if (rater.rater.kind == RaterKind::Model) ++models;
  }
  CHECK(models == 1);
  CHECK(fixture.suggested(0).empty());  // somebody has begun it
  fixture.check_rebuilt();
}

TEST_CASE("the same labels make the same tagger") {
  std::set<std::string> versions;
  for (int run = 0; run < 2; ++run) {
    TaggedNotes fixture;
    for (std::size_t i = 0; i < 8; ++i) fixture.read_note(i, true, fixture.raters[0]);
    CHECK(fixture.label_next() > 0);
    for (const Said& one : fixture.suggested(8)) versions.insert(version_of(one));
  }
  CHECK(versions.size() == 1);
}

namespace {

// A protocol that also has labels of whole sentences.
const Edits with_sentences{
    {"  - id: dose_of\n",
     "  - id: therapy\n    name: Therapy\n    definition: A sentence that says what is given.\n"
     "    places: [spans]\n    level: sentence\n"
     "  - id:  dose_of\n"}};

// "Takes aspirin every day." of a made note.
std::pair<int, int> therapy_in(const MadeNote& note) {
  const auto begin = static_cast<int>(note.text.find("Takes"));
  return {begin, static_cast<int>(note.text.find('.', static_cast<std::size_t>(begin))) + 1};
}

}  // namespace

TEST_CASE("labels of sentences are learnt from all finished notes, and change with each") {
  TaggedNotes fixture(with_sentences);
  const auto read_note = [&](std::size_t i, bool with_therapy, const Access& who) {
    const MadeNote note = made_note_of(static_cast<int>(i));
    std::vector<json::object> said{
        fixture.answer(fixture.notes[i], "document_type", "progress_note"),
        fixture.span(i, "problem", note.problem_begin, note.problem_end)};
    if (with_therapy) {
      const auto [begin, end] = therapy_in(note);
      said.push_back(
          fixture.labelled(fixture.notes[i], "therapy",
                           {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}}));
    }
    fixture.read(who, fixture.notes[i], said);
  };
  for (std::size_t i = 0; i < 4; ++i) read_note(i, false, fixture.raters[0]);
  fixture.label_next();
  CHECK_FALSE(TaggedNotes::of(fixture.suggested(10), "therapy"));
  // Another reader goes over them and marks sentences: their word is the last one.
  for (std::size_t i = 0; i < 9; ++i) read_note(i, true, fixture.raters[1]);
  CHECK(fixture.label_next() > 0);
  const std::vector<Said> first = fixture.suggested(10);
  const auto therapy = TaggedNotes::of(first, "therapy");
  REQUIRE(therapy);
  const MadeNote note = made_note_of(10);
  const auto [begin, end] = therapy_in(note);
  CHECK(therapy->surface_or_answer == text_between(note, begin, end));
  CHECK(std::ranges::count(first, "therapy", &Said::label_or_question) == 1);
  CHECK(therapy->probability >= 0.5);
  CHECK(therapy->probability <= 1);
  CHECK(therapy->comment.find("and 9 labelled sentences") != std::string::npos);
  // The span beside it is still the tagger's, which is not taught whole sentences.
  CHECK(TaggedNotes::of(first, "problem"));
  read_note(9, true, fixture.raters[0]);
  CHECK(fixture.label_next() > 0);
  const auto later = TaggedNotes::of(fixture.suggested(10), "therapy");
  REQUIRE(later);
  CHECK(version_of(*later) != version_of(*therapy));
  CHECK(later->comment.find("and 10 labelled sentences") != std::string::npos);
  fixture.check_rebuilt();
}

TEST_CASE("suggestions become a reader's drafts, without what the tagger thought of them") {
  TaggedNotes fixture;
  for (std::size_t i = 0; i < 8; ++i) fixture.read_note(i, true, fixture.raters[0]);
  CHECK(fixture.label_next() > 0);
  const Access& reader = fixture.raters[2];
  fixture.take(reader, fixture.notes[8]);
  const json::object list =
      must(fixture.suggestions.list(reader, fixture.project, fixture.notes[8]));
  REQUIRE(list.at("items").as_array().size() == 1);
  const json::object& shown = list.at("items").as_array().front().as_object();
  CHECK(shown.at("rater").at("kind").as_string() == "model");
  const RaterId tool = must(parse_id<RaterId>(shown.at("rater").at("id").as_string()));
  must(fixture.suggestions.take(reader, fixture.project, fixture.notes[8], tool));
  const auto store = must(fixture.store_->read());
  std::size_t drafts = 0;
  for (const auto& row :
       must(storage::annotations_of_item(*store, fixture.notes[8], reader.rater(), "", 1'000))) {
    const Annotation body =
        must(parse_annotation(must(store->open_sealed(row.patient, row.sealed_body))));
    CHECK(row.state == "draft");
    CHECK_FALSE(body.comment);
    CHECK(body.measurements.empty());
    ++drafts;
  }
  CHECK(drafts >= 2);
  // What a reader has before them does not change under their eyes.
  fixture.read_note(9, false, fixture.raters[0]);
  CHECK(fixture.label_next() > 0);
  CHECK(fixture.suggested(8).front().rater == shown.at("rater").at("display_name").as_string());
}

TEST_CASE("where the protocol wants no suggestions of models nothing is labelled") {
  TaggedNotes fixture(Edits{{"{kind: model, show: before,", "{kind: model, show: never,"}});
  for (std::size_t i = 0; i < 8; ++i) fixture.read_note(i, true, fixture.raters[0]);
  CHECK(fixture.label_next() == 0);
  CHECK(fixture.suggested(8).empty());
}

TEST_CASE("a least probability of the assist policy leaves out what is less sure") {
  TaggedNotes fixture(Edits{{"probability_min: 0.5", "probability_min: 0.9999"}});
  for (std::size_t i = 0; i < 3; ++i) fixture.read_note(i, true, fixture.raters[0]);
  fixture.label_next();
  for (const Said& one : fixture.suggested(3)) CHECK(one.probability >= 0.9999);
}

TEST_CASE("with an order by gain the worklist offers the most telling note first") {
  TaggedNotes fixture(
      Edits{{"reader_plan:\n  readers: 2\n", "reader_plan:\n  readers: 2\n  order: gain\n"}});
  CHECK_FALSE(fixture.tagging.order_for(fixture.project));
  for (std::size_t i = 0; i < 4; ++i) fixture.read_note(i, true, fixture.raters[0]);
  CHECK(fixture.label_next() == Tagging::next_notes_max);
  const auto order = fixture.tagging.order_for(fixture.project);
  REQUIRE(order);
  REQUIRE(order->size() == made_count - 4);
  CHECK(*order != std::vector<ItemId>(fixture.notes.begin() + 4, fixture.notes.end()));
  // The labelled notes are those that come next.
  for (std::size_t i = 4; i < made_count; ++i) {
    const auto place = std::ranges::find(*order, fixture.notes[i]) - order->begin();
    CHECK(fixture.suggested(i).empty() ==
          (place >= static_cast<std::ptrdiff_t>(Tagging::next_notes_max)));
  }
  Assignment assignment(
      *fixture.store_, *fixture.items_, *fixture.clock, *fixture.random,
      [&](const ProjectId& project, const RaterId&) { return fixture.tagging.order_for(project); });
  const auto next = must(assignment.next(fixture.raters[0], fixture.project, std::nullopt, false));
  REQUIRE(next);
  CHECK(next->at("item").at("id").as_string() == to_string(order->front()));
}

TEST_CASE("an erased patient's note teaches no more") {
  TaggedNotes fixture;
  for (std::size_t i = 0; i < 6; ++i) fixture.read_note(i, true, fixture.raters[0]);
  ProtocolCache protocols;
  const auto known = must(protocols.of_project(*must(fixture.store_->read()), fixture.project));
  const auto taught = [&] {
    const auto reader = must(fixture.store_->read());
    return must(taught_notes(*fixture.store_, *reader, known->protocol, fixture.project));
  };
  const auto before = taught();
  CHECK(before.size() == 6);
  const PatientId patient = [&] {
    const auto reader = must(fixture.store_->read());
    return must(storage::find_item(*reader, fixture.project, fixture.notes[2])).patient;
  }();
  must(fixture.store_->erase_patient(actor_of(fixture.lead), patient, "asked for"));
  const auto after = taught();
  CHECK(after.size() == 5);
  const auto model_before = must(train_note_model(before, 1));
  const auto model_after = must(train_note_model(after, 1));
  CHECK(model_before->version != model_after->version);
}

TEST_CASE("submitted notes start the job, and many of one project wait as one") {
  TaggedNotes fixture;
  JobQueue jobs;
  Tagging tagging(*fixture.store_, *fixture.clock, *fixture.random, &jobs);
  for (std::size_t i = 0; i < 8; ++i) {
    fixture.read_note(i, true, fixture.raters[0]);
    tagging.follow(fixture.raters[0], fixture.project);
  }
  jobs.wait_idle();
  const auto said = fixture.suggested(8);
  REQUIRE_FALSE(said.empty());
  CHECK(said.front().comment.find("learnt from 8 notes") != std::string::npos);
}
