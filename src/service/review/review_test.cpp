#include "service/review/reviewed.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

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
