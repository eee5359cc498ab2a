#include "service/review/review.hpp"

#include <bit>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "service/access/pseudonym.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/annotation/rater_names.hpp"
#include "service/job/job_queue.hpp"
#include "service/release/exports.hpp"
#include "storage/labels.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "storage/work.hpp"
#include "tests/service/made_masks.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// Two readers of each item, an adjudicator, a reviewer.
struct Reviewed : ServiceFixture {
  Annotations annotations{*store_, *clock};
  Masks masks{*store_, *clock};
  Assignment assignment{*store_, *items_, *clock, *random};
  Review review{*store_, *items_, *clock, *random};
  Access second = person("Second", Roles{Role::Rater});
  Access adjudicator = person("Adjudicator", Roles{Role::Adjudicator, Role::Rater});
  Access reviewer = person("Reviewer", Roles{Role::Reviewer});

  explicit Reviewed(const std::string& protocol) {
    const json::object view = must(projects_->show(lead, project));
    must(projects_->put(operator_, project, {.name = "Made project", .readers_per_item = 2},
                        view.at("revision").as_int64()));
    set_protocol(protocol);
  }

  TaskId take(const Access& access, const ItemId& item) {
    const json::object task = must(assignment.take(access, project, item));
    return must(parse_id<TaskId>(task.at("id").as_string()));
  }

  json::object body(const ItemId& item, const std::string& protocol, json::object target) {
    return json::object{{"id", to_string(make_id<AnnotationId>(*clock, *random))},
                        {"item_id", to_string(item)},
                        {"protocol", json::object{{"id", protocol}, {"version", "1.0.0"}}},
                        {"label", nullptr},
                        {"target", std::move(target)},
                        {"question", nullptr},
                        {"value", nullptr},
                        {"attributes", json::object{}}};
  }
  void put(const Access& access, const ItemId& item, const json::object& annotation) {
    must(annotations.put(access, project, item,
                         {.id = must(parse_id<AnnotationId>(annotation.at("id").as_string())),
                          .body_json = json::serialize(annotation),
                          .if_match = std::nullopt}));
  }
  void answer(const Access& access, const ItemId& item, const std::string& protocol,
              const std::string& question, json::value value) {
    json::object annotation = body(item, protocol, {{"type", "whole"}});
    annotation["question"] = question;
    annotation["value"] = std::move(value);
    put(access, item, annotation);
  }
  void span(const Access& access, const ItemId& item, const std::string& label, int begin, int end,
            const std::string& assertion) {
    json::object annotation =
        body(item, "note-problems",
             {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}});
    annotation["label"] = label;
    annotation["attributes"] =
        label == "problem"
            ? json::object{{"assertion", assertion}, {"time", "current"}, {"subject", "patient"}}
            : json::object{{"medication_status", assertion}};
    put(access, item, annotation);
  }
  void submit(const Access& access, const TaskId& task) {
    must(assignment.submit(access, project, task, 30.0));
  }

  json::array note_items() {
    write_made_notes(folder.path() / "notes.jsonl", "MRN-1");
    import({folder.path() / "notes.jsonl"});
    return items_of_kind("text");
  }
  // Another answer, another assertion of one problem, another extent, one medication missed.
  TaskId read_note(const ItemId& item) {
    const TaskId first = take(rater, item);
    span(rater, item, "problem", 6, 12, "present");
    span(rater, item, "problem", 17, 26, "negated");
    span(rater, item, "medication", 40, 49, "continued");
    answer(rater, item, "note-problems", "document_type", "progress_note");
    submit(rater, first);
    const TaskId other = take(second, item);
    span(second, item, "problem", 6, 12, "possible");
    span(second, item, "problem", 14, 26, "negated");
    answer(second, item, "note-problems", "document_type", "other");
    submit(second, other);
    return first;
  }

  json::object opinions(const Access& access, const ItemId& item) {
    return must(review.opinions(access, project, item));
  }
  static const json::object& difference(const json::object& opinions, std::string_view what) {
    for (const json::value& one : opinions.at("differences").as_array()) {
      if (one.at("what").as_string() == what) return one.as_object();
    }
    FAIL("no such difference: " << what);
    return opinions;
  }
  // Takes the most probable choice of everything that is not agreed.
  static json::array first_choices(const json::object& opinions) {
    json::array decisions;
    for (const json::value& one : opinions.at("differences").as_array()) {
      if (one.at("agreed").as_bool()) continue;
      decisions.push_back(json::object{{"difference_id", one.at("id")},
                                       {"take", "choice"},
                                       {"class", one.at("choices").as_array()[0].at("class")}});
    }
    return decisions;
  }
  Answer<json::object> adjudicate(const Access& access, const ItemId& item, json::array decisions,
                                  const std::string& reason, bool gold = false) {
    return review.adjudicate(
        access, project, item,
        json::object{{"decisions", std::move(decisions)}, {"reason", reason}, {"gold", gold}});
  }
  std::vector<storage::AnnotationRow> adjudicated(const ItemId& item) {
    auto rows = must(
        storage::annotations_of_item(*must(store_->read()), item, std::nullopt, "", 1'000'000));
    std::erase_if(rows, [](const auto& row) { return row.stage != "adjudicate"; });
    return rows;
  }
  // The files of an export by their names.
  std::map<std::string, std::string> exported(ExportFormat format) {
    JobQueue jobs;
    Exports exports(*store_, jobs, folder.path() / "exports", *clock, *random);
    const auto out = folder.path() / "out" / std::string(name_of(format));
    std::filesystem::create_directories(out);
    ExportRequest request;
    request.format = format;
    must(exports.write_to(operator_, project, request, out));
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[std::filesystem::relative(entry.path(), out).string()] = {
          (std::istreambuf_iterator<char>(in)), {}};
    }
    return files;
  }
  void check_rebuilt() {
    const auto root = folder.path() / "store";
    close();
    const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
    for (const std::string& problem : verified.problems) MESSAGE(problem);
    CHECK(verified.problems.empty());
  }
};

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE(!result);
  return result.error().code;
}
template <class T>
ErrorCode code_of(const Answer<T>& answer) {
  REQUIRE(!answer);
  return answer.error().error.code;
}

}  // namespace

TEST_CASE("opinions on a note are told apart by answer, attribute, extent and what is missing") {
  Reviewed fixture("note-problems.yaml");
  const ItemId item = ServiceFixture::item_id(fixture.note_items()[0]);
  fixture.read_note(item);
  const json::object opinions = fixture.opinions(fixture.reviewer, item);
  CHECK(opinions.at("opinions").as_array().size() == 2);
  const json::object& answer = Reviewed::difference(opinions, "answer");
  CHECK(answer.at("kind") == "question");
  CHECK(answer.at("unit") == "document_type");
  CHECK(answer.at("entropy_bits") == 1.0);
  const json::object& attribute = Reviewed::difference(opinions, "attribute");
  std::set<std::string> classes;
  for (const json::value& choice : attribute.at("choices").as_array()) {
    classes.insert(std::string(choice.at("class").as_string()));
  }
  CHECK(classes ==
        std::set<std::string>{"problem?assertion=present", "problem?assertion=possible"});
  const json::object& extent = Reviewed::difference(opinions, "extent");
  CHECK(extent.at("choices").as_array().size() == 1);
  CHECK(extent.at("choices").as_array()[0].at("annotation_ids").as_array().size() == 2);
  const json::object& missing = Reviewed::difference(opinions, "missing");
  std::set<std::string> said;
  double sum = 0;
  for (const json::value& choice : missing.at("choices").as_array()) {
    said.insert(std::string(choice.at("class").as_string()));
    sum += choice.at("probability").to_number<double>();
  }
  CHECK(said == std::set<std::string>{"medication", "absent"});
  CHECK(sum > 0.5);  // the rest is on labels of the unit that nobody put here
  CHECK(sum <= 1.0);
  CHECK(opinions.at("differences").as_array().size() == 4);
}

TEST_CASE("names stay hidden until the item is adjudicated, in opinions and in lists") {
  Reviewed fixture("note-problems.yaml");
  const ItemId item = ServiceFixture::item_id(fixture.note_items()[0]);
  fixture.read_note(item);
  const auto names_a_reader = [&](const json::value& shown) {
    const std::string text = json::serialize(shown);
    for (const Access& reader : {fixture.rater, fixture.second}) {
      if (text.find(to_string(reader.person)) != std::string::npos) return true;
      if (text.find('"' + reader.display_name + '"') != std::string::npos) return true;
    }
    return false;
  };
  AnnotationQuery all;
  all.all_raters = true;
  for (const Access& access : {fixture.reviewer, fixture.adjudicator}) {
    const json::object opinions = fixture.opinions(access, item);
    CHECK(opinions.at("names_hidden").as_bool());
    CHECK(opinions.at("opinions").as_array()[0].at("rater").is_null());
    CHECK_FALSE(names_a_reader(opinions));
    CHECK_FALSE(names_a_reader(
        json::parse(must(fixture.annotations.list(access, fixture.project, item, all)))));
  }
  CHECK(names_a_reader(
      json::parse(must(fixture.annotations.list(fixture.lead, fixture.project, item, all)))));

  json::array decisions = Reviewed::first_choices(fixture.opinions(fixture.adjudicator, item));
  const json::object after =
      must(fixture.adjudicate(fixture.adjudicator, item, std::move(decisions), "discussed"));
  CHECK_FALSE(after.at("names_hidden").as_bool());
  CHECK(names_a_reader(after));
  CHECK(names_a_reader(fixture.opinions(fixture.reviewer, item)));
}

TEST_CASE(
    "an adjudication is one write, repeats, is decided anew with a reason, and follows the log") {
  Reviewed fixture("note-problems.yaml");
  const ItemId item = ServiceFixture::item_id(fixture.note_items()[0]);
  fixture.read_note(item);
  const json::object before = fixture.opinions(fixture.adjudicator, item);
  CHECK(before.at("may_adjudicate").as_bool());

  json::array decisions = Reviewed::first_choices(before);
  for (json::value& decision : decisions) {
    json::object& one = decision.as_object();
    if (one.at("difference_id") == Reviewed::difference(before, "missing").at("id")) {
      one["class"] = "medication";
    }
  }
  json::array too_few = decisions;
  too_few.pop_back();
  const auto refused = fixture.adjudicate(fixture.adjudicator, item, too_few, "");
  CHECK(code_of(refused) == ErrorCode::InvalidInput);
  CHECK(refused.error().violations.size() == 1);
  CHECK(fixture.adjudicated(item).empty());

  const json::object done =
      must(fixture.adjudicate(fixture.adjudicator, item, decisions, "discussed", true));
  CHECK(done.at("adjudication").at("by") == "Adjudicator");
  CHECK(done.at("adjudication").at("gold").as_bool());
  for (const json::value& difference : done.at("differences").as_array()) {
    CHECK((difference.at("agreed").as_bool() || !difference.at("settled").is_null()));
  }
  auto rows = fixture.adjudicated(item);
  CHECK(rows.size() == 4);
  for (const auto& row : rows) {
    CHECK(row.rater == fixture.adjudicator.rater());
    CHECK(row.state == "submitted");
    CHECK(row.revision == 1);
  }
  CHECK(must(must(fixture.store_->read())
                 ->query("labels.gold_items", storage::Fields().set("project", fixture.project)))
            .size() == 1);
  // The opinions themselves are as they were, and the adjudicator's word is none of them.
  CHECK(done.at("opinions").as_array().size() == 2);

  must(fixture.adjudicate(fixture.adjudicator, item, decisions, "discussed", true));
  for (const auto& row : fixture.adjudicated(item)) CHECK(row.revision == 1);

  // Anew: one answer changes, one place goes.
  const json::object& answer = Reviewed::difference(before, "answer");
  const json::object& missing = Reviewed::difference(before, "missing");
  for (json::value& decision : decisions) {
    json::object& one = decision.as_object();
    if (one.at("difference_id") == answer.at("id")) {
      one["class"] = answer.at("choices").as_array()[1].at("class");
    }
    if (one.at("difference_id") == missing.at("id")) one["class"] = "absent";
  }
  CHECK(code_of(fixture.adjudicate(fixture.adjudicator, item, decisions, "")) ==
        ErrorCode::InvalidInput);
  must(fixture.adjudicate(fixture.adjudicator, item, decisions, "the letterhead says otherwise"));
  rows = fixture.adjudicated(item);
  CHECK(rows.size() == 3);
  for (const auto& row : rows) CHECK(row.revision == (row.question.empty() ? 1 : 2));
  CHECK(must(must(fixture.store_->read())
                 ->query("labels.gold_items", storage::Fields().set("project", fixture.project)))
            .empty());

  // Another adjudicator's word replaces it; both are in the log.
  const Access other = fixture.person("Another", Roles{Role::Adjudicator});
  must(fixture.adjudicate(other, item, decisions, "appeal"));
  rows = fixture.adjudicated(item);
  CHECK(rows.size() == 3);
  for (const auto& row : rows) CHECK(row.rater == other.rater());
  fixture.check_rebuilt();
}

TEST_CASE("an edited label is checked by the protocol, and unsure is a word of its own") {
  Reviewed fixture("note-problems.yaml");
  const ItemId item = ServiceFixture::item_id(fixture.note_items()[0]);
  fixture.read_note(item);
  const json::object before = fixture.opinions(fixture.adjudicator, item);
  json::array decisions = Reviewed::first_choices(before);
  const auto decide = [&](std::string_view what, json::object decision) {
    json::array changed = decisions;
    for (json::value& one : changed) {
      if (one.at("difference_id") != Reviewed::difference(before, what).at("id")) continue;
      decision["difference_id"] = one.at("difference_id");
      one = decision;
    }
    return changed;
  };
  json::object edited = fixture.body(
      item, "note-problems", {{"type", "spans"}, {"ranges", json::array{json::array{14, 26}}}});
  edited["label"] = "no-such-label";
  const auto wrong =
      fixture.adjudicate(fixture.adjudicator, item,
                         decide("extent", {{"take", "edited"}, {"annotation", edited}}), "");
  CHECK(code_of(wrong) == ErrorCode::InvalidInput);
  REQUIRE(!wrong.error().violations.empty());
  CHECK(wrong.error().violations[0].path.starts_with("/decisions/"));
  const auto unknown = fixture.adjudicate(
      fixture.adjudicator, item, decide("extent", {{"take", "choice"}, {"class", "nothing"}}), "");
  CHECK(code_of(unknown) == ErrorCode::InvalidInput);
  CHECK(fixture.adjudicated(item).empty());

  edited["label"] = "problem";
  edited["attributes"] =
      json::object{{"assertion", "negated"}, {"time", "current"}, {"subject", "patient"}};
  must(fixture.adjudicate(fixture.adjudicator, item,
                          decide("extent", {{"take", "edited"}, {"annotation", edited}}), ""));
  int found = 0;
  auto reader = must(fixture.store_->read());
  for (const auto& row : fixture.adjudicated(item)) {
    if (!row.sealed_surface.empty() &&
        must(storage::opened(*reader, row.patient, row.sealed_surface)) == "No pneumonia") {
      ++found;
    }
  }
  CHECK(found == 1);
  // Nobody can tell: an answer of its own, and of a label a word on the whole note.
  json::array unsure = decide("answer", {{"take", "unsure"}});
  for (json::value& one : unsure) {
    if (one.at("difference_id") == Reviewed::difference(before, "missing").at("id")) {
      one = json::object{{"difference_id", one.at("difference_id")}, {"take", "unsure"}};
    }
  }
  must(fixture.adjudicate(fixture.adjudicator, item, unsure, "not legible"));
  int unsure_words = 0;
  for (const auto& row : fixture.adjudicated(item)) {
    const std::string body =
        must(must(fixture.store_->read())->open_sealed(row.patient, row.sealed_body));
    if (body.find("\"value\":\"unsure\"") != std::string::npos) ++unsure_words;
  }
  CHECK(unsure_words == 2);
  reader.reset();
  fixture.check_rebuilt();
}

TEST_CASE("an export tells an adjudicator's word from the readings it settled") {
  Reviewed fixture("note-problems.yaml");
  const ItemId item = ServiceFixture::item_id(fixture.note_items()[0]);
  fixture.read_note(item);
  must(fixture.adjudicate(fixture.adjudicator, item,
                          Reviewed::first_choices(fixture.opinions(fixture.adjudicator, item)),
                          "discussed"));
  const std::string judge = rater_pseudonym(*fixture.store_, fixture.adjudicator.rater());
  const auto tables = fixture.exported(ExportFormat::LabelsJsonl);
  std::istringstream rows(tables.at("labels.jsonl"));
  std::map<std::string, std::set<std::string>> raters_of_stage;
  for (std::string row; std::getline(rows, row);) {
    const json::value value = must(parse_json(row));
    raters_of_stage[std::string(value.at("stage").as_string())].insert(
        std::string(value.at("rater").as_string()));
  }
  CHECK(raters_of_stage["adjudicate"] == std::set<std::string>{judge});
  CHECK(raters_of_stage["label"].size() == 2);
  CHECK(!raters_of_stage["label"].contains(judge));
  const json::value provenance = must(parse_json(tables.at("provenance.json")));
  CHECK(provenance.at("items").as_array()[0].at("adjudicated_by").as_string() == judge);
  CHECK(fixture.exported(ExportFormat::LabelsCsv).at("labels.csv").find(",adjudicate,") !=
        std::string::npos);

  int folders = 0;
  for (const auto& [name, content] : fixture.exported(ExportFormat::Brat)) {
    if (!name.ends_with(".ann")) continue;
    const bool is_judge = name.find(judge) != std::string::npos;
    CHECK(name.starts_with("adjudicated/") == is_judge);
    CHECK((content.find("(adjudicator)") != std::string::npos) == is_judge);
    ++folders;
  }
  CHECK(folders == 3);
}

TEST_CASE("who read the item, holds it, or is too early does not settle it") {
  Reviewed fixture("note-problems.yaml");
  const json::array items = fixture.note_items();
  const ItemId item = ServiceFixture::item_id(items[0]);
  fixture.read_note(item);
  CHECK(code_of(fixture.review.opinions(fixture.rater, fixture.project, item)) ==
        ErrorCode::Forbidden);
  CHECK(code_of(fixture.review.list(fixture.rater, fixture.project, "", 50)) ==
        ErrorCode::Forbidden);
  Access stranger = fixture.reviewer;
  stranger.projects.clear();
  CHECK(code_of(fixture.review.opinions(stranger, fixture.project, item)) == ErrorCode::NotFound);
  CHECK(code_of(fixture.adjudicate(fixture.reviewer, item, {}, "")) == ErrorCode::Forbidden);

  // An adjudicator who is one of the readers: blinded while at it, and never the judge of it.
  const ItemId own = ServiceFixture::item_id(items[1]);
  const TaskId task = fixture.take(fixture.adjudicator, own);
  CHECK(code_of(fixture.review.opinions(fixture.adjudicator, fixture.project, own)) ==
        ErrorCode::Forbidden);
  fixture.answer(fixture.adjudicator, own, "note-problems", "document_type", "other");
  fixture.submit(fixture.adjudicator, task);
  CHECK(code_of(fixture.adjudicate(fixture.adjudicator, own, {}, "")) == ErrorCode::Forbidden);
  const json::object shown = fixture.opinions(fixture.adjudicator, own);
  CHECK_FALSE(shown.at("may_adjudicate").as_bool());
  CHECK(shown.at("why_not") == "you read this item yourself");

  // Another one comes before the second reader.
  const Access other = fixture.person("Another", Roles{Role::Adjudicator, Role::Rater});
  CHECK(code_of(fixture.adjudicate(other, own, {}, "")) == ErrorCode::Conflict);
  CHECK_FALSE(fixture.opinions(other, own).at("may_adjudicate").as_bool());
  // Having seen what was said, nobody is an independent reader of it any more.
  CHECK(code_of(fixture.assignment.take(other, fixture.project, own)) == ErrorCode::Conflict);
  CHECK(code_of(fixture.assignment.reopen(fixture.adjudicator, fixture.project, task, "again")) ==
        ErrorCode::Conflict);
  // Nor is the item handed out, though it comes next and has a place.
  const auto offered = must(fixture.assignment.next(other, fixture.project, item, true));
  CHECK((!offered || ServiceFixture::item_id(offered->at("item")) != own));
}

TEST_CASE("the review list has what the rule asks for, most doubtful first, page by page") {
  Reviewed fixture("note-problems.yaml");
  const json::array items = fixture.note_items();
  for (const json::value& one : items) {
    const ItemId item = ServiceFixture::item_id(one);
    if (item == ServiceFixture::item_id(items[2])) {  // all agree on the third
      for (const Access& access : {fixture.rater, fixture.second}) {
        const TaskId task = fixture.take(access, item);
        fixture.answer(access, item, "note-problems", "document_type", "other");
        fixture.submit(access, task);
      }
    } else {
      fixture.read_note(item);
    }
  }
  const auto list = [&](const std::string& cursor, std::int64_t limit) {
    return must(fixture.review.list(fixture.adjudicator, fixture.project, cursor, limit));
  };
  json::object page = list("", 1);
  CHECK(page.at("total") == 2);
  CHECK(page.at("items").as_array()[0].at("reason") == "disagreement");
  CHECK(page.at("items").as_array()[0].at("differences") == 4);
  CHECK(page.at("items").as_array()[0].at("state") == "open");
  page = list(std::string(page.at("next_cursor").as_string()), 1);
  CHECK(page.at("items").as_array().size() == 1);
  CHECK(page.at("next_cursor").is_null());

  const ItemId first = ServiceFixture::item_id(items[0]);
  must(fixture.adjudicate(fixture.adjudicator, first,
                          Reviewed::first_choices(fixture.opinions(fixture.adjudicator, first)),
                          ""));
  page = list("", 50);
  CHECK(page.at("items").as_array()[1].at("item").at("id").as_string() == to_string(first));
  CHECK(page.at("items").as_array()[1].at("state") == "settled");
  CHECK(page.at("items").as_array()[1].at("open") == 0);
}

TEST_CASE("an adjudicated mask has the voxels of the reader whose word was taken") {
  Reviewed fixture("chest-ct-nodule.yaml");
  write_made_series(fixture.folder.path() / "ct", made_series("MRN-1", 40));
  fixture.import({fixture.folder.path() / "ct"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("image")[0]);
  const std::string grid = grid_id_of(first_series(fixture, item));
  const auto draw = [&](const Access& access, std::uint32_t width) {
    const TaskId task = fixture.take(access, item);
    json::object nodule = fixture.body(item, "chest-ct-nodule",
                                       {{"type", "mask"}, {"grid_id", grid}, {"segment", 3}});
    nodule["label"] = "lymph_node";
    fixture.put(access, item, nodule);
    draw_first(fixture, fixture.masks, access, item, grid,
               made_layer({{.first = {4, 8, 5}, .length = width, .segment = 3}}));
    fixture.answer(access, item, "chest-ct-nodule", "study_quality", "not_diagnostic");
    fixture.submit(access, task);
  };
  draw(fixture.rater, 4);
  draw(fixture.second, 16);  // Dice 2 * 4 / 20 = 0.4, under the tolerance's 0.46
  const json::object before = fixture.opinions(fixture.adjudicator, item);
  const json::object& extent = Reviewed::difference(before, "extent");
  CHECK(extent.at("kind") == "mask");

  const auto voxels = [&](const RaterId& rater, std::uint16_t segment) {
    const auto reader = must(fixture.store_->read());
    const storage::ItemRow row = must(storage::find_item(*reader, fixture.project, item));
    return must(load_segment(*fixture.store_, *reader, row.patient, item, rater, grid, segment));
  };
  for (const char* key : {"A", "B"}) {
    const json::array decisions{json::object{{"difference_id", extent.at("id")},
                                             {"take", "choice"},
                                             {"class", "lymph_node"},
                                             {"rater", key}}};
    must(fixture.adjudicate(fixture.adjudicator, item, decisions, "looked again"));
    const json::object after = fixture.opinions(fixture.adjudicator, item);
    const std::size_t place = key[0] == 'A' ? 0 : 1;
    const RaterId taken = must(
        parse_id<RaterId>(after.at("opinions").as_array()[place].at("rater").at("id").as_string()));
    CHECK(voxels(fixture.adjudicator.rater(), 1) == voxels(taken, 3));
    const Bytes wire =
        must(fixture.masks.bricks(fixture.reviewer, fixture.project, item, grid,
                                  {.rater = {}, .opinion = key, .layer = {}, .indices = {}}));
    CHECK(wire.size() == 12 + 65'536);
  }
  int adjudicated = 0;
  for (const auto& [name, content] : fixture.exported(ExportFormat::DicomSeg)) {
    if (!name.ends_with(".dcm")) continue;
    const bool is_judge = name.starts_with("adjudicated/");
    CHECK((content.find("lymph_node 1, adjudicated") != std::string::npos) == is_judge);
    adjudicated += is_judge ? 1 : 0;
  }
  CHECK(adjudicated == 1);
  const json::value coco =
      must(parse_json(fixture.exported(ExportFormat::Coco).at("annotations.json")));
  std::map<std::string, int> stages;
  for (const json::value& one : coco.at("annotations").as_array()) {
    ++stages[std::string(one.at("stage").as_string())];
  }
  CHECK(stages == std::map<std::string, int>{{"adjudicate", 1}, {"label", 2}});
  fixture.check_rebuilt();
}

namespace {

// Two readers' masks and boxes that differ; only the segment's bricks of the first lie in the
// corner.
struct Drawn : Reviewed {
  ItemId item;
  std::string grid;
  Drawn() : Reviewed("chest-ct-nodule.yaml") {
    write_made_series(folder.path() / "ct", made_series("MRN-1", 40));
    import({folder.path() / "ct"});
    item = ServiceFixture::item_id(items_of_kind("image")[0]);
    grid = grid_id_of(first_series(*this, item));
    read(rater, 4);
    read(second, 16);
  }
  void read(const Access& access, std::uint32_t width) {
    const TaskId task = take(access, item);
    draw(access, width);
    submit(access, task);
  }
  void draw(const Access& access, std::uint32_t width) {
    json::object nodule =
        body(item, "chest-ct-nodule", {{"type", "mask"}, {"grid_id", grid}, {"segment", 3}});
    nodule["label"] = "lymph_node";
    put(access, item, nodule);
    draw_first(*this, masks, access, item, grid,
               made_layer({{.first = {4, 8, 5}, .length = width, .segment = 3}}));
    answer(access, item, "chest-ct-nodule", "study_quality", "not_diagnostic");
  }
  Bytes voxels(const RaterId& whose) {
    return must(masks.bricks(operator_, project, item, grid,
                             {.rater = whose, .opinion = {}, .layer = {}, .indices = {}}));
  }
  RaterId reader_of(std::string_view key) {
    const auto reader = must(store_->read());
    ProtocolCache protocols;
    return must(must(RaterNames::of_item(*store_, *reader, protocols, adjudicator, project, item,
                                         NameRule::Review))
                    .rater_of(key));
  }
  Answer<json::object> begin(const Access& access, const std::string& key) {
    return review.begin_draft(access, project, item, {{"from", "opinion"}, {"opinion", key}});
  }
  Answer<json::object> submit_draft(const Access& access, const std::string& reason) {
    return review.submit_draft(
        access, project, item,
        {{"reason", reason},
         {"opinions_revision", opinions(access, item).at("opinions_revision")}});
  }
  // One more bar on the person's mask, as the browser sends it.
  void brush(const Access& access) {
    const json::object list = must(masks.list(access, project, item, false));
    const json::object& mask = list.at("items").as_array()[0].as_object();
    const std::string hash(mask.at("bricks").as_array()[0].as_array()[1].as_string());
    const MaskLayer layer = made_layer({{.first = {4, 8, 5}, .length = 9, .segment = 3}});
    Bytes records;
    put_record(records, 0, 0, hash, brick_bytes(layer, 0));
    must(masks.patch(access, project, item, grid, make_id<MaskPatchId>(*clock, *random),
                     mask.at("revision").as_int64(), records));
  }
};

}  // namespace

TEST_CASE("a draft begins as a copy, is drawn on as any reading, and stands when submitted") {
  Drawn fixture;
  const RaterId b = fixture.reader_of("B");
  const RaterId judge = fixture.adjudicator.rater();
  // Without a draft an adjudicator writes nothing there, nor does one who read the item.
  const Access only = fixture.person("Only adjudicates", Roles{Role::Adjudicator});
  CHECK(code_of(fixture.masks.patch(only, fixture.project, fixture.item, fixture.grid,
                                    make_id<MaskPatchId>(*fixture.clock, *fixture.random), 0,
                                    {})) == ErrorCode::Conflict);
  CHECK(code_of(fixture.begin(fixture.reviewer, "B")) == ErrorCode::Forbidden);
  CHECK(code_of(fixture.begin(fixture.rater, "B")) == ErrorCode::Forbidden);
  CHECK(code_of(fixture.begin(only, "Z")) == ErrorCode::NotFound);

  const json::object draft = must(fixture.begin(fixture.adjudicator, "B"));
  CHECK(draft.at("mine").as_bool());
  CHECK(draft.at("opinion") == "B");
  CHECK(draft.at("task").at("stage") == "adjudicate");
  CHECK(fixture.voxels(judge) == fixture.voxels(b));
  must(fixture.begin(fixture.adjudicator, "B"));  // again: the same draft
  CHECK(code_of(fixture.begin(fixture.adjudicator, "A")) == ErrorCode::Conflict);
  const auto taken = fixture.begin(only, "A");
  CHECK(code_of(taken) == ErrorCode::Conflict);
  CHECK(taken.error().error.what == "Adjudicator has a draft in work on this item");
  CHECK(fixture.opinions(only, fixture.item).at("draft").at("by") == "Adjudicator");
  json::array decisions = Reviewed::first_choices(fixture.opinions(only, fixture.item));
  for (const Access& access : {only, fixture.adjudicator}) {
    CHECK(code_of(fixture.adjudicate(access, fixture.item, decisions, "by keys")) ==
          ErrorCode::Conflict);
  }
  // It counts for nothing yet, and the lease goes on.
  for (const auto& row : fixture.adjudicated(fixture.item)) CHECK(row.state == "draft");
  CHECK(fixture.exported(ExportFormat::LabelsJsonl).at("labels.jsonl").find("adjudicate") ==
        std::string::npos);
  const TaskId task = must(parse_id<TaskId>(draft.at("task").at("id").as_string()));
  must(fixture.assignment.heartbeat(fixture.adjudicator, fixture.project, task));

  fixture.brush(fixture.adjudicator);
  CHECK(fixture.voxels(judge) != fixture.voxels(b));
  const Bytes drawn = fixture.voxels(judge);
  const json::object before = fixture.opinions(fixture.adjudicator, fixture.item);
  const auto stale = fixture.review.submit_draft(
      fixture.adjudicator, fixture.project, fixture.item,
      {{"reason", "seen on the other plane"}, {"opinions_revision", "another"}});
  CHECK(code_of(stale) == ErrorCode::Conflict);
  const json::object after =
      must(fixture.submit_draft(fixture.adjudicator, "seen on the other plane"));
  CHECK(after.at("draft").is_null());
  CHECK(after.at("adjudication").at("reason") == "seen on the other plane");
  CHECK(after.at("opinions_revision") == before.at("opinions_revision"));
  CHECK(fixture.voxels(judge) == drawn);
  const json::object& extent = Reviewed::difference(after, "extent");
  CHECK(extent.at("settled").at("take") == "drawn");
  CHECK(extent.at("settled").at("annotation").at("label") == "lymph_node");
  for (const auto& row : fixture.adjudicated(fixture.item)) CHECK(row.state == "submitted");
  // The answer was lost: the same again. Nothing can be drawn any more.
  must(fixture.submit_draft(fixture.adjudicator, "seen on the other plane"));
  CHECK(must(storage::find_adjudication(*must(fixture.store_->read()), fixture.item))->revision ==
        1);
  CHECK(fixture.exported(ExportFormat::LabelsJsonl).at("labels.jsonl").find("adjudicate") !=
        std::string::npos);
  // Decisions afterwards keep what was drawn, voxels too.
  decisions = {json::object{{"difference_id", extent.at("id")}, {"take", "drawn"}}};
  must(fixture.adjudicate(fixture.adjudicator, fixture.item, decisions, "quality looked at again"));
  {
    const auto reader = must(fixture.store_->read());
    const storage::ItemRow row = must(storage::find_item(*reader, fixture.project, fixture.item));
    const BinaryBricks kept = must(
        load_segment(*fixture.store_, *reader, row.patient, fixture.item, judge, fixture.grid, 1));
    REQUIRE(kept.size() == 1);
    std::size_t count = 0;
    for (const std::uint8_t byte : kept.begin()->second) {
      count += static_cast<std::size_t>(std::popcount(byte));
    }
    CHECK(count == 9);
  }
  fixture.check_rebuilt();
}

TEST_CASE("a discarded draft leaves labels and masks as they stood, and another may begin") {
  Drawn fixture;
  const RaterId judge = fixture.adjudicator.rater();
  must(fixture.begin(fixture.adjudicator, "A"));
  fixture.brush(fixture.adjudicator);
  const json::object none =
      must(fixture.review.discard_draft(fixture.adjudicator, fixture.project, fixture.item));
  CHECK(none.at("draft").is_null());
  CHECK(none.at("adjudication").is_null());
  CHECK(fixture.voxels(judge).empty());
  CHECK(fixture.adjudicated(fixture.item).empty());

  must(fixture.begin(fixture.adjudicator, "A"));
  must(fixture.submit_draft(fixture.adjudicator, "the first"));
  const Bytes standing = fixture.voxels(judge);
  std::map<AnnotationId, std::string> labels;
  const auto bodies = [&] {
    std::map<AnnotationId, std::string> found;
    const auto reader = must(fixture.store_->read());
    for (const auto& row : fixture.adjudicated(fixture.item)) {
      found[row.id] = row.state + must(reader->open_sealed(row.patient, row.sealed_body));
    }
    return found;
  };
  labels = bodies();
  must(fixture.begin(fixture.adjudicator, "B"));
  CHECK(fixture.voxels(judge) != standing);
  fixture.brush(fixture.adjudicator);
  // Others may not while its person is at it.
  const Access other = fixture.person("Another", Roles{Role::Adjudicator});
  CHECK(code_of(fixture.review.discard_draft(other, fixture.project, fixture.item)) ==
        ErrorCode::Conflict);
  const json::object back =
      must(fixture.review.discard_draft(fixture.adjudicator, fixture.project, fixture.item));
  CHECK(back.at("adjudication").at("reason") == "the first");
  CHECK(fixture.voxels(judge) == standing);
  CHECK(bodies() == labels);

  // An item that stands is opened on what stands; whose draft is forgotten is no one's for ever.
  must(fixture.review.begin_draft(fixture.adjudicator, fixture.project, fixture.item,
                                  {{"from", "standing"}}));
  CHECK(fixture.voxels(judge) == standing);
  fixture.clock->advance_ms(lease_ms + 1);
  must(fixture.review.discard_draft(other, fixture.project, fixture.item));
  must(fixture.review.begin_draft(other, fixture.project, fixture.item, {{"from", "standing"}}));
  CHECK(fixture.voxels(other.rater()) == standing);
  must(fixture.submit_draft(other, "appeal"));
  for (const auto& row : fixture.adjudicated(fixture.item)) CHECK(row.rater == other.rater());
  fixture.check_rebuilt();
}

TEST_CASE("a draft says that a reader submitted again, and begins from decisions too") {
  Drawn fixture;
  json::array decisions =
      Reviewed::first_choices(fixture.opinions(fixture.adjudicator, fixture.item));
  must(fixture.review.begin_draft(fixture.adjudicator, fixture.project, fixture.item,
                                  {{"from", "decisions"}, {"decisions", decisions}}));
  // A layer of its own for the segment that was taken.
  const Bytes drawn = fixture.voxels(fixture.adjudicator.rater());
  CHECK(drawn.size() == 12 + 4096);
  json::object opinions = fixture.opinions(fixture.adjudicator, fixture.item);
  CHECK_FALSE(opinions.at("draft").at("opinions_changed").as_bool());
  const auto own = must(
      storage::task_of_rater(*must(fixture.store_->read()), fixture.item, fixture.rater.rater()));
  must(fixture.assignment.reopen(fixture.rater, fixture.project, own->id, "looked again"));
  fixture.brush(fixture.rater);
  const auto early = fixture.submit_draft(fixture.adjudicator, "too early");
  CHECK(code_of(early) == ErrorCode::Conflict);  // a reader is at it
  fixture.submit(fixture.rater, own->id);
  opinions = fixture.opinions(fixture.adjudicator, fixture.item);
  CHECK(opinions.at("draft").at("opinions_changed").as_bool());
  must(fixture.submit_draft(fixture.adjudicator, "still so"));
  fixture.check_rebuilt();
}
