#include "service/panel/panel.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "analysis/agreement/agreement.hpp"
#include "analysis/agreement/bootstrap.hpp"
#include "analysis/consensus/consensus.hpp"
#include "service/assignment/reader_plan.hpp"
#include "service/job/job_queue.hpp"
#include "tests/service/note_readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// A votes file read as a stranger would: names become numbers in the order of their coming.
struct ReadBack {
  std::map<std::string, std::uint32_t> items;
  std::map<std::string, std::uint32_t> raters;
  std::map<std::string, std::uint32_t> classes;
  std::map<std::string, std::uint32_t> patients;
  std::vector<std::uint32_t> cluster;
  VoteTable table;

  static std::uint32_t number(std::map<std::string, std::uint32_t>& names,
                              const std::string& name) {
    return names.emplace(name, static_cast<std::uint32_t>(names.size())).first->second;
  }
  // `reversed`: rows from the last to the first, so that all numbers are others.
  ReadBack(const std::string& csv, bool reversed) {
    std::vector<std::vector<std::string>> rows;
    std::istringstream in(csv);
    for (std::string line; std::getline(in, line);) {
      std::vector<std::string> fields;
      std::istringstream parts(line);
      for (std::string field; std::getline(parts, field, ',');) fields.push_back(field);
      rows.push_back(fields);
    }
    REQUIRE(rows.front() == std::vector<std::string>{"item", "rater", "label", "patient", "at"});
    rows.erase(rows.begin());
    if (reversed) std::ranges::reverse(rows);
    std::vector<Vote> votes;
    for (const auto& row : rows) {
      const std::uint32_t item = number(items, row[0]);
      if (item == cluster.size()) cluster.push_back(number(patients, row[3]));
      votes.push_back(
          {item, number(raters, row[1]), static_cast<ClassIndex>(number(classes, row[2]))});
    }
    table = must(make_vote_table(votes, static_cast<std::uint32_t>(items.size()),
                                 static_cast<std::uint32_t>(raters.size()),
                                 static_cast<std::uint32_t>(classes.size())));
  }
};

double number_at(const json::value& object, const char* name) {
  return object.at(name).to_number<double>();
}

}  // namespace

TEST_CASE("votes are gathered by unit: answers as they are, spans matched, absence said aloud") {
  NoteReaders fixture;
  fixture.import_notes();
  fixture.read_all();
  const ProjectVotes votes = fixture.votes();
  CHECK(votes.raters.size() == 3);
  CHECK(votes.items.size() == note_count);
  CHECK(votes.items.back().cluster == 9);

  const VotingUnit& kind = unit_of(votes, "document_type");
  CHECK(kind.kind == VotingKind::Question);
  REQUIRE(kind.classes.size() == 3);  // those in use, in the protocol's order
  CHECK(kind.classes[0].id == "progress_note");
  CHECK(kind.classes[1].id == "consultation");
  CHECK(kind.classes[2].id == "other");
  CHECK(kind.table.item_count() == note_count);
  CHECK(kind.table.vote_count() == 3 * note_count);

  // One place an item: a letter less is within the tolerance, another label another vote.
  const VotingUnit& spans = unit_of(votes, "problem+medication+test");
  CHECK(spans.kind == VotingKind::Label);
  CHECK(spans.table.item_count() == note_count);
  CHECK(spans.table.vote_count() == 3 * note_count);
  REQUIRE(spans.classes.size() == 3);
  CHECK(spans.classes[1].id == "medication");
  CHECK(spans.classes[2].id == "absent");
  std::map<std::string, int> said;
  for (std::uint64_t v = 0; v < spans.table.vote_count(); ++v) {
    ++said[spans.classes[spans.table.label[v]].id];
    CHECK(spans.sources[v].annotation.has_value() == (spans.table.label[v] != 2));
  }
  CHECK(said["absent"] == 1);
  CHECK(said["medication"] == 5);
  CHECK(said["problem"] == 84);
  CHECK(row_name(votes, spans.rows.front()) == "1/1");

  // Of one item alone it is the same.
  ProtocolCache protocols;
  const auto reader = must(fixture.store_->read());
  const ProjectVotes one =
      must(gather_votes_of_item(*reader, protocols, fixture.project, fixture.notes[3]));
  CHECK(one.items.size() == 1);
  CHECK(unit_of(one, "problem+medication+test").table.vote_count() == 3);
}

TEST_CASE("only the latest submitted revision counts") {
  NoteReaders fixture;
  fixture.import_notes();
  const ItemId item = fixture.notes[0];
  json::object answer = fixture.answer(item, "document_type", "progress_note");
  const TaskId task = fixture.read(fixture.raters[0], item, {answer});
  const auto said = [&] {
    const ProjectVotes votes = fixture.votes();
    const VotingUnit& unit = unit_of(votes, "document_type");
    REQUIRE(unit.table.vote_count() == 1);
    return unit.classes[unit.table.label[0]].id;
  };
  CHECK(said() == "progress_note");
  must(fixture.assignment.reopen(fixture.raters[0], fixture.project, task, "seen again"));
  answer["value"] = "consultation";
  must(fixture.annotations.put(fixture.raters[0], fixture.project, item,
                               {.id = must(parse_id<AnnotationId>(answer.at("id").as_string())),
                                .body_json = json::serialize(answer),
                                .if_match = 1}));
  CHECK(said() == "progress_note");  // a draft says nothing yet
  must(fixture.assignment.submit(fixture.raters[0], fixture.project, task, 10.0));
  CHECK(said() == "consultation");
  // A draft of somebody who never submitted is no vote at all.
  must(fixture.assignment.take(fixture.raters[1], fixture.project, item));
  fixture.put(fixture.raters[1], item, fixture.answer(item, "document_type", "other"));
  CHECK(said() == "consultation");
  fixture.check_rebuilt();
}

TEST_CASE("the panel's numbers are the engines' on the exported votes, to the last bit") {
  NoteReaders fixture;
  fixture.import_notes();
  fixture.read_all();
  const json::object panel = must(fixture.panels.show(fixture.lead, fixture.project));
  CHECK(panel.at("items").at("complete") == note_count);
  for (const std::string id : {"document_type", "problem+medication+test"}) {
    CAPTURE(id);
    const json::object& unit = unit_of(panel, id);
    const std::string csv =
        must(fixture.panels.table(fixture.lead, fixture.project, id, VotesTable::Votes));
    for (const bool reversed : {false, true}) {
      const ReadBack back(csv, reversed);
      const AgreementModel model =
          must(agreement_model(back.table, {.metric = AgreementMetric::Alpha}));
      const BootstrapEstimate interval = must(bootstrap(model, {.cluster = back.cluster}));
      const json::value& shown = unit.at("agreement").at("estimate");
      CHECK(number_at(shown, "value") == must(estimate(model)).coefficient);
      CHECK(number_at(shown, "low") == interval.percentile.lower);
      CHECK(number_at(shown, "high") == interval.percentile.upper);
      const ConsensusResult consensus = must(find_consensus(back.table, {}));
      CHECK(number_at(unit.at("consensus"), "log_likelihood") == consensus.log_likelihood);
      const json::array& classes = unit.at("classes").as_array();
      for (std::size_t k = 0; k < classes.size(); ++k) {
        const std::uint32_t own = back.classes.at(std::string(classes[k].at("id").as_string()));
        CHECK(unit.at("consensus").at("prevalence").as_array()[k].to_number<double>() ==
              consensus.prevalence[own]);
      }
    }
  }
  // Cem erred six times of thirty; the others never.
  std::map<std::string, double> reliability;
  for (const json::value& rater : panel.at("raters").as_array()) {
    reliability[std::string(rater.at("name").as_string())] =
        number_at(rater.at("reliability"), "value");
    CHECK(rater.at("kind") == "human");
    CHECK(rater.at("median_s") == 60.0);
    CHECK(rater.at("gold").is_null());
    // Six documents, five medications and one absence, all Cem's.
    CHECK(rater.at("differs").as_array().size() == (rater.at("name") == "Cem" ? 12 : 0));
  }
  CHECK(reliability["Ada"] > reliability["Cem"]);
  CHECK(reliability["Cem"] == doctest::Approx(0.8).epsilon(0.05));
  CHECK(panel.at("effort").at("curve").as_array().size() > 2);
  fixture.check_rebuilt();
}

TEST_CASE("an adjudicated row is the truth, and gold where it was marked so") {
  NoteReaders fixture;
  fixture.import_notes();
  fixture.read_all();
  const Access judge = fixture.person("Judge", {Role::Adjudicator});
  fixture.adjudicate(judge, fixture.notes[0],
                     fixture.answer(fixture.notes[0], "document_type", "progress_note"), true);
  fixture.adjudicate(judge, fixture.notes[5],
                     fixture.answer(fixture.notes[5], "document_type", "other"), false);
  const ProjectVotes votes = fixture.votes();
  const VotingUnit& unit = unit_of(votes, "document_type");
  CHECK(unit.table.vote_count() == 3 * note_count);  // the judge has no vote
  CHECK(votes.raters.size() == 3);
  CHECK(votes.items[0].is_gold);
  CHECK(votes.items[5].is_adjudicated);
  CHECK(!votes.items[5].is_gold);
  REQUIRE(unit.rows[5].truth.has_value());
  CHECK(unit.classes[*unit.rows[5].truth].id == "other");

  const json::object panel = must(fixture.panels.show(fixture.lead, fixture.project));
  // The judge marked no problem on the note: that all readers see one there is wrong by gold.
  std::map<std::string, json::object> gold;
  for (const json::value& one : panel.at("gold").as_array()) {
    gold[std::string(one.at("unit").as_string())] = one.as_object();
  }
  REQUIRE(gold.contains("document_type"));
  CHECK(gold["document_type"].at("truth") == "progress_note");
  int right = 0;
  for (const json::value& answer : gold["document_type"].at("answers").as_array()) {
    right += answer.at("right").as_bool() ? 1 : 0;
  }
  CHECK(right == 2);
  CHECK(must(fixture.panels.table(fixture.lead, fixture.project, "document_type",
                                  VotesTable::Truths)) == "item,label\n1,progress_note\n6,other\n");
  fixture.check_rebuilt();
}

TEST_CASE("the panel is the lead's, is counted anew when votes change, and leaves a trace") {
  NoteReaders fixture;
  fixture.import_notes();
  fixture.read(fixture.raters[0], fixture.notes[0], fixture.made_opinion(0, 0));
  for (const Access& access : {fixture.raters[0], fixture.person("R", {Role::Reviewer}),
                               fixture.person("J", {Role::Adjudicator})}) {
    const auto refused = fixture.panels.show(access, fixture.project);
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::Forbidden);
    CHECK(!fixture.panels.table(access, fixture.project, "document_type", VotesTable::Votes));
  }
  const json::object first = must(fixture.panels.show(fixture.lead, fixture.project));
  fixture.clock->advance_ms(5000);
  CHECK(must(fixture.panels.show(fixture.lead, fixture.project)).at("counted_at") ==
        first.at("counted_at"));
  CHECK(!unit_of(first, "document_type").at("agreement").at("estimate").at("undefined").is_null());
  fixture.read(fixture.raters[1], fixture.notes[0], fixture.made_opinion(1, 0));
  const json::object second = must(fixture.panels.show(fixture.lead, fixture.project));
  CHECK(second.at("counted_at") != first.at("counted_at"));
  CHECK(unit_of(second, "document_type").at("votes") == 2);
  // A lead who begins to read an item themselves is shown nothing of it.
  CHECK(second.at("uncertain_items").as_array().size() == 1);
  must(fixture.assignment.take(fixture.lead, fixture.project, fixture.notes[0]));
  CHECK(must(fixture.panels.show(fixture.lead, fixture.project))
            .at("uncertain_items")
            .as_array()
            .empty());
  CHECK(must(fixture.panels.table(fixture.lead, fixture.project, "document_type",
                                  VotesTable::Votes)) == "item,rater,label,patient,at\n");
  const auto reader = must(fixture.store_->read());
  std::map<std::string, int> seen;
  for (const storage::Row& row : must(reader->query(
           "core.events", {{"after", std::int64_t{0}}, {"limit", std::int64_t{5000}}}))) {
    ++seen[row.text("type")];
  }
  CHECK(seen["panel.read"] == 1);
  CHECK(seen["votes.downloaded"] == 1);
}

TEST_CASE("readers are as many as an item needs") {
  const StopPlan plan{.readers_min = 2, .readers_max = 4};
  struct Case {
    const char* name;
    std::int64_t readings;
    bool settled;
    std::int64_t wanted;
    std::int64_t due;
  };
  const Case cases[] = {{"sure, but too few have read it", 1, true, 3, 3},
                        {"sure: nobody more", 2, true, 3, 2},
                        {"sure with all", 3, true, 3, 3},
                        {"not sure, places are open", 2, false, 3, 3},
                        {"not sure with all: one more", 3, false, 3, 4},
                        {"not sure at the limit", 4, false, 4, 4}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(readers_due(plan, {.item = {}, .readings = c.readings, .settled = c.settled}, c.wanted) ==
          c.due);
  }
}

TEST_CASE(
    "a stop plan takes open places away from settled items and gives doubtful ones one more") {
  NoteReaders fixture(
      Edits{{"  readers: 2\n", "  readers: 3\n  stop: {readers_min: 2, readers_max: 4}\n"}});
  fixture.import_notes();
  // Ada and Ben read everything and agree; Cem reads the first twenty, and errs on some.
  for (std::size_t i = 0; i < fixture.notes.size(); ++i) {
    for (std::size_t r = 0; r < (i < 20 ? 3U : 2U); ++r) {
      fixture.read(fixture.raters[r], fixture.notes[i], fixture.made_opinion(r, i));
    }
  }
  const json::object panel = must(fixture.panels.show(fixture.lead, fixture.project));
  std::map<std::int64_t, bool> settled;
  for (const json::value& item : panel.at("uncertain_items").as_array()) {
    settled[item.at("number").as_int64()] = item.at("settled").as_bool();
  }
  CHECK(must(fixture.panels.apply_stop_plan(fixture.project)) > 0);
  int fewer = 0;
  int more = 0;
  for (const VotedItem& item : fixture.votes().items) {
    CAPTURE(item.number);
    const bool is_fully_read = item.number <= 20;
    const std::int64_t due =
        settled[item.number] ? (is_fully_read ? 3 : 2) : (is_fully_read ? 4 : 3);
    CHECK(item.readers_wanted == due);
    fewer += due == 2 ? 1 : 0;
    more += due == 4 ? 1 : 0;
  }
  CHECK(fewer + more > 0);
  CHECK(must(fixture.panels.apply_stop_plan(fixture.project)) == 0);  // nothing is left to do
  fixture.check_rebuilt();
}

TEST_CASE("gold comes at its share, once to each rater, and looks like any other item") {
  NoteReaders fixture(Edits{{"gold_share: 0.03", "gold_share: 0.75"}});
  fixture.import_notes();
  const Access judge = fixture.person("Judge", {Role::Adjudicator, Role::Rater});
  std::set<ItemId> gold;
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t r = 0; r < 3; ++r) {
      fixture.read(fixture.raters[r], fixture.notes[i], fixture.made_opinion(r, i));
    }
    fixture.adjudicate(judge, fixture.notes[i],
                       fixture.answer(fixture.notes[i], "document_type", "progress_note"), true);
    gold.insert(fixture.notes[i]);
  }
  const auto gold_met = [&](const Access& access) {
    int met = 0;
    for (int reading = 0; reading < 20; ++reading) {
      const auto next = must(fixture.assignment.next(access, fixture.project, std::nullopt, false));
      if (!next) break;
      const json::value& item = next->at("item");
      const ItemId id = ServiceFixture::item_id(item);
      met += gold.contains(id) ? 1 : 0;
      CHECK(next->at("task").at("holds_place").as_bool());
      CHECK(item.at("state") == "in_progress");
      CHECK(item.at("readers").at("submitted").as_int64() < 3);
      // Asking again is the same item.
      CHECK(must(fixture.assignment.next(access, fixture.project, std::nullopt, false))
                ->at("item")
                .at("id") == item.at("id"));
      fixture.put(access, id, fixture.answer(id, "document_type", "progress_note"));
      must(fixture.assignment.submit(access, fixture.project,
                                     must(parse_id<TaskId>(next->at("task").at("id").as_string())),
                                     10.0));
    }
    return met;
  };
  CHECK(gold_met(fixture.person("Dana", {Role::Rater})) == 4);
  CHECK(gold_met(judge) == 0);              // who knows the answer is not asked
  CHECK(gold_met(fixture.raters[0]) == 0);  // nor who read it already
  fixture.check_rebuilt();
}

TEST_CASE("with a stop plan the item that a reading tells most of comes first, then by number") {
  NoteReaders fixture(
      Edits{{"  readers: 2\n", "  readers: 3\n  stop: {readers_min: 2, readers_max: 4}\n"}});
  fixture.import_notes();
  const auto said = [&](std::size_t note, const std::string& kind) {
    return std::vector<json::object>{
        fixture.answer(fixture.notes[note], "document_type", json::value(kind))};
  };
  // Ada and Ben agree on ten notes but the seventh; Cem has read one.
  for (std::size_t i = 0; i < 10; ++i) {
    fixture.read(fixture.raters[0], fixture.notes[i], said(i, "progress_note"));
    fixture.read(fixture.raters[1], fixture.notes[i],
                 said(i, i == 6 ? "consultation" : "progress_note"));
  }
  fixture.read(fixture.raters[2], fixture.notes[0], said(0, "progress_note"));
  const Access dana = fixture.person("Dana", {Role::Rater});
  const auto next = [&](const Access& access) {
    return ServiceFixture::item_id(
        must(fixture.assignment.next(access, fixture.project, std::nullopt, true))->at("item"));
  };
  must(fixture.panels.apply_stop_plan(fixture.project));
  for (const Access& access : {dana, fixture.raters[2]}) {
    CHECK(next(access) == fixture.notes[6]);
    const auto order = fixture.panels.order_for(fixture.project, access.rater());
    REQUIRE(order != nullptr);
    CHECK(order->front() == fixture.notes[6]);
    // Of the unread ones nobody knows more of one than of another.
    const std::vector<ItemId> unread(fixture.notes.begin() + 10, fixture.notes.end());
    std::vector<ItemId> ordered;
    for (const ItemId& item : *order) {
      if (std::ranges::find(unread, item) != unread.end()) ordered.push_back(item);
    }
    CHECK(ordered == unread);
  }
  const auto of_ada = fixture.panels.order_for(fixture.project, fixture.raters[0].rater());
  CHECK(std::ranges::find(*of_ada, fixture.notes[6]) == of_ada->end());
  CHECK(next(fixture.raters[0]) == fixture.notes[10]);
  // The lead sees who would settle it; Ada and Ben have said what they think.
  const json::object panel = must(fixture.panels.show(fixture.lead, fixture.project));
  const json::value& first = panel.at("uncertain_items").as_array()[0];
  CHECK(first.at("number") == 7);
  CHECK(first.at("next_reader").at("name") == "Cem");
  CHECK(first.at("next_reader").at("minutes") == 1.0);
  CHECK(number_at(first.at("next_reader"), "gain_bits") > 0);
  // Who is given the item learns nothing of why: a task looks like any other.
  const json::object task = must(fixture.assignment.take(dana, fixture.project, fixture.notes[6]));
  CHECK(task.at("holds_place").as_bool());
  CHECK(!task.contains("gain_bits"));
  fixture.check_rebuilt();
}

TEST_CASE("a slow count is made anew as a job, and what is kept is what a fresh count gives") {
  NoteReaders fixture;
  JobQueue jobs;
  Panels kept(*fixture.store_, *fixture.clock, &jobs, {.wait_ms_max = -1});  // every count is slow
  fixture.import_notes();
  fixture.read(fixture.raters[0], fixture.notes[0], fixture.made_opinion(0, 0));
  const json::object first = must(kept.show(fixture.lead, fixture.project));
  CHECK(first.at("is_current").as_bool());
  fixture.read(fixture.raters[1], fixture.notes[0], fixture.made_opinion(1, 0));
  const json::object before = must(kept.show(fixture.lead, fixture.project));
  CHECK(!before.at("is_current").as_bool());
  CHECK(before.at("counted_at") == first.at("counted_at"));
  jobs.wait_idle();
  const json::object after = must(kept.show(fixture.lead, fixture.project));
  CHECK(after.at("is_current").as_bool());
  Panels fresh(*fixture.store_, *fixture.clock);
  CHECK(after == must(fresh.show(fixture.lead, fixture.project)));
  CHECK(must(kept.show(fixture.lead, fixture.project)) == after);
}
