#include <atomic>
#include <set>
#include <thread>

#include "service/audit/audit_trail.hpp"
#include "service/job/job_queue.hpp"
#include "service/overview/overview.hpp"
#include "service/release/exports.hpp"
#include "storage/catalog.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "tests/service/made_masks.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

json::object listed(const Result<std::string>& page) { return json::parse(must(page)).as_object(); }

struct Labelling : ServiceFixture {
  Annotations annotations{*store_, *clock};
  Masks masks{*store_, *clock};
  Assignment assignment{*store_, *items_, *clock, *random};

  TaskId take(const Access& access, const ItemId& item) {
    const json::object task = must(assignment.take(access, project, item));
    return must(parse_id<TaskId>(task.at("id").as_string()));
  }
  AnnotationPut put(const Access& access, const ItemId& item, const json::object& body,
                    std::optional<std::int64_t> if_match = std::nullopt) {
    return must(annotations.put(access, project, item,
                                {.id = must(parse_id<AnnotationId>(body.at("id").as_string())),
                                 .body_json = json::serialize(body),
                                 .if_match = if_match}));
  }
  AnnotationId new_id() { return make_id<AnnotationId>(*clock, *random); }
  // After this the fixture is closed: what the tables say follows from the log.
  void check_rebuilt() {
    const auto root = folder.path() / "store";
    close();
    const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
    for (const std::string& problem : verified.problems) MESSAGE(problem);
    CHECK(verified.problems.empty());
  }
};

}  // namespace

TEST_CASE("twenty raters at once never hold more than the readers wanted") {
  Labelling fixture;
  write_made_notes(fixture.folder.path() / "notes.jsonl", "MRN-1");
  CHECK(fixture.import({fixture.folder.path() / "notes.jsonl"}).items_added == 3);
  const json::object project = must(fixture.projects_->show(fixture.lead, fixture.project));
  must(fixture.projects_->put(fixture.operator_, fixture.project,
                              {.name = "Made project", .readers_per_item = 2},
                              project.at("revision").as_int64()));
  std::vector<Access> raters;
  for (int i = 0; i < 20; ++i) {
    raters.push_back(fixture.person("Rater " + std::to_string(i), Roles{Role::Rater}));
  }
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("text")[0]);
  std::atomic<int> taken = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (const Access& rater : raters) {
      threads.emplace_back([&, rater] {
        const auto task = fixture.assignment.take(rater, fixture.project, item);
        if (task) {
          ++taken;
        } else if (task.error().code == ErrorCode::Conflict) {
          ++refused;
        }
      });
    }
  }
  CHECK(taken == 2);
  CHECK(refused == 18);
  // Each of the others is led to an item that still has a place, until there is none.
  int led = 0;
  for (const Access& rater : raters) {
    if (must(fixture.assignment.next(rater, fixture.project, std::nullopt, false))) ++led;
  }
  CHECK(led == 6);
  fixture.check_rebuilt();
}

TEST_CASE("an annotation is written once, revised by its revision and lost to nobody") {
  Labelling fixture;
  fixture.set_protocol("note-problems.yaml");
  write_made_notes(fixture.folder.path() / "notes.jsonl", "MRN-1");
  fixture.import({fixture.folder.path() / "notes.jsonl"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("text")[0]);
  json::object span =
      annotation_json(fixture.new_id(), item, "note-problems",
                      {{"type", "spans"}, {"ranges", json::array{json::array{6, 12}}}});
  span["label"] = "problem";
  span["attributes"] =
      json::object{{"assertion", "present"}, {"time", "current"}, {"subject", "patient"}};
  const PutAnnotation write{.id = must(parse_id<AnnotationId>(span.at("id").as_string())),
                            .body_json = json::serialize(span),
                            .if_match = std::nullopt};
  const auto without_task = fixture.annotations.put(fixture.rater, fixture.project, item, write);
  REQUIRE(!without_task);
  CHECK(without_task.error().error.code == ErrorCode::Conflict);

  const TaskId task = fixture.take(fixture.rater, item);
  const AnnotationPut first = fixture.put(fixture.rater, item, span);
  CHECK(first.created);
  CHECK(first.revision == 1);
  const json::value shown = must(parse_json(first.json));
  CHECK(shown.at("surface").as_string() == "asthma");
  CHECK(shown.at("state").as_string() == "draft");
  const AnnotationPut again = fixture.put(fixture.rater, item, span);
  CHECK(!again.created);
  CHECK(again.revision == 1);

  span["attributes"].as_object()["assertion"] = "negated";
  const auto lost =
      fixture.annotations.put(fixture.rater, fixture.project, item,
                              {.id = write.id, .body_json = json::serialize(span), .if_match = 7});
  REQUIRE(!lost);
  CHECK(lost.error().error.code == ErrorCode::PreconditionFailed);
  CHECK(lost.error().current_json.find("\"present\"") != std::string::npos);
  CHECK(fixture.put(fixture.rater, item, span, 1).revision == 2);

  span["label"] = "no-such-label";
  const auto forbidden =
      fixture.annotations.put(fixture.rater, fixture.project, item,
                              {.id = write.id, .body_json = json::serialize(span), .if_match = 2});
  REQUIRE(!forbidden);
  CHECK(!forbidden.error().violations.empty());

  // A required question is open: the item cannot be submitted before it is answered.
  const auto early = fixture.assignment.submit(fixture.rater, fixture.project, task, 12.5);
  REQUIRE(!early);
  CHECK(!early.error().violations.empty());
  json::object answer =
      annotation_json(fixture.new_id(), item, "note-problems", {{"type", "whole"}});
  answer["question"] = "document_type";
  answer["value"] = "progress_note";
  CHECK(fixture.put(fixture.rater, item, answer).created);
  const json::object submitted =
      must(fixture.assignment.submit(fixture.rater, fixture.project, task, 12.5));
  CHECK(submitted.at("state").as_string() == "submitted");
  CHECK(must(fixture.assignment.submit(fixture.rater, fixture.project, task, 12.5)) == submitted);
  const auto late = fixture.annotations.remove(fixture.rater, fixture.project, item, write.id, 2);
  REQUIRE(!late);
  CHECK(late.error().error.code == ErrorCode::Conflict);

  CHECK(listed(fixture.annotations.list(fixture.lead, fixture.project, item, {})).at("total") == 0);
  AnnotationQuery all;
  all.all_raters = true;
  CHECK(listed(fixture.annotations.list(fixture.lead, fixture.project, item, all)).at("total") ==
        2);
  CHECK(!fixture.annotations.list(fixture.rater, fixture.project, item, all));
  const json::object statistics =
      must(project_statistics(*fixture.store_, *fixture.clock, fixture.lead, fixture.project));
  CHECK(statistics.at("annotations").at("problem") == 1);
  CHECK(statistics.at("median_s_per_item").to_number<double>() == 12.5);
  AuditQuery audit;
  audit.item = item;
  audit.project = fixture.project;
  const json::object trail = must(audit_events(*fixture.store_, fixture.lead, audit));
  CHECK(trail.at("items").as_array()[0].at("sentence").as_string().find("submitted the item") !=
        std::string::npos);
  CHECK(json::serialize(trail).find("asthma") == std::string::npos);
  fixture.check_rebuilt();
}

TEST_CASE("a lease that ran out gives its place away and loses no work") {
  Labelling fixture;
  fixture.set_protocol("note-problems.yaml");
  write_made_notes(fixture.folder.path() / "notes.jsonl", "MRN-1");
  fixture.import({fixture.folder.path() / "notes.jsonl"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("text")[0]);
  const Access other = fixture.person("Other", Roles{Role::Rater});
  const TaskId late = fixture.take(fixture.rater, item);
  fixture.clock->advance_ms(20 * 60 * 1000);
  must(fixture.assignment.heartbeat(fixture.rater, fixture.project, late));
  fixture.clock->advance_ms(20 * 60 * 1000);
  CHECK(!fixture.assignment.take(other, fixture.project, item));  // the heartbeat prolonged it
  fixture.clock->advance_ms(11 * 60 * 1000);
  const TaskId task = fixture.take(other, item);

  for (const Access& access : {fixture.rater, other}) {
    json::object answer =
        annotation_json(fixture.new_id(), item, "note-problems", {{"type", "whole"}});
    answer["question"] = "document_type";
    answer["value"] = "progress_note";
    CHECK(fixture.put(access, item, answer).created);
  }
  // Sent late and without a place: kept as a further opinion, which does not finish the item.
  const json::object further =
      must(fixture.assignment.submit(fixture.rater, fixture.project, late, std::nullopt));
  CHECK(further.at("state").as_string() == "submitted");
  CHECK(!further.at("holds_place").as_bool());
  const auto state = [&] {
    return std::string(
        must(fixture.items_->summary(fixture.lead, fixture.project, item)).at("state").as_string());
  };
  CHECK(state() == "in_progress");
  must(fixture.assignment.submit(other, fixture.project, task, std::nullopt));
  CHECK(state() == "done");
  must(fixture.assignment.reopen(other, fixture.project, task, "seen again"));
  CHECK(state() == "in_progress");
  must(fixture.assignment.skip(other, fixture.project, task, "not readable"));
  fixture.check_rebuilt();
}

TEST_CASE("a thousand annotations in one request are each answered on their own") {
  Labelling fixture;
  fixture.set_protocol("ecg-beats-rhythm.yaml");
  write_made_record(fixture.folder.path() / "in", "rec1", "MRN-1");
  fixture.import({fixture.folder.path() / "in"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("signal")[0]);
  fixture.take(fixture.rater, item);
  json::array operations;
  for (int i = 0; i < 1000; ++i) {
    json::object beat = annotation_json(
        fixture.new_id(), item, "ecg-beats-rhythm",
        {{"type", "sample"}, {"tick", i == 999 ? 1'000'000 : i * 25}, {"channel", nullptr}});
    beat["label"] = i % 10 == 0 ? "beat_pvc" : "beat_normal";
    operations.push_back(
        json::object{{"op", "put"}, {"annotation", std::move(beat)}, {"if_match", nullptr}});
  }
  const json::object answer = must(fixture.annotations.bulk(
      fixture.rater, fixture.project, item, json::object{{"operations", std::move(operations)}}));
  const json::array& results = answer.at("results").as_array();
  REQUIRE(results.size() == 1000);
  CHECK(results[0].at("status") == 201);
  CHECK(results[999].at("status") == 422);  // past the end of the recording
  AnnotationQuery query;
  query.limit = 5000;
  const json::object page =
      listed(fixture.annotations.list(fixture.rater, fixture.project, item, query));
  CHECK(page.at("total") == 999);
  const json::value& first = page.at("items").as_array().at(0);
  const auto id = must(parse_id<AnnotationId>(first.at("id").as_string()));
  CHECK(first ==
        json::value(must(fixture.annotations.show(fixture.rater, fixture.project, item, id))));
  fixture.check_rebuilt();
}

TEST_CASE("patches to different bricks merge, to the same one conflict, and none is half done") {
  Labelling fixture;
  write_made_series(fixture.folder.path() / "ct", made_series("MRN-1", 40));
  fixture.import({fixture.folder.path() / "ct"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("image")[0]);
  fixture.take(fixture.rater, item);
  const std::string grid = grid_id_of(first_series(fixture, item));
  // The oracle: what a writer who never loses a race would have, as a dense volume.
  std::vector<std::uint16_t> oracle(64 * 64 * 40);
  MaskLayer layer = made_layer({});
  std::map<std::uint32_t, std::string> known;  // brick -> hash, as this writer last saw it
  SeededRandom random(7);
  std::int64_t revision = 0;
  int conflicts = 0;
  for (int round = 0; round < 60; ++round) {
    const Voxel voxel{static_cast<std::uint32_t>(random.below(64)),
                      static_cast<std::uint32_t>(random.below(64)),
                      static_cast<std::uint32_t>(random.below(40))};
    const auto label = static_cast<std::uint16_t>(random.below(4));
    const std::uint32_t brick = brick_index_of(layer.grid, voxel);
    MaskLayer drawn = layer;
    set_voxel(drawn, voxel, label);
    const bool is_stale = round % 7 == 3 && known.contains(brick);
    const std::string base = is_stale                ? std::string(64, 'a')
                             : known.contains(brick) ? known[brick]
                                                     : no_brick;
    Bytes records;
    put_record(records, brick, 0, base, brick_bytes(drawn, brick));
    const MaskPatchId patch = make_id<MaskPatchId>(*fixture.clock, *fixture.random);
    const std::int64_t base_revision = round % 5 == 0 ? 0 : revision;
    const auto answer = fixture.masks.patch(fixture.rater, fixture.project, item, grid, patch,
                                            base_revision, records);
    if (!answer) {
      CHECK(answer.error().error.code == ErrorCode::PreconditionFailed);
      CHECK(is_stale);
      ++conflicts;
      continue;
    }
    CHECK(answer->at("revision").as_int64() == revision + 1);
    revision = answer->at("revision").as_int64();
    known[brick] = answer->at("bricks").as_array()[0].as_array()[1].as_string();
    layer = drawn;
    oracle[(std::size_t{voxel.k} * 64 + voxel.j) * 64 + voxel.i] = label;
    const auto repeated = must(fixture.masks.patch(fixture.rater, fixture.project, item, grid,
                                                   patch, base_revision, records));
    CHECK(repeated.at("revision") == answer->at("revision"));
    CHECK(repeated.at("bricks") == answer->at("bricks"));
  }
  CHECK(conflicts > 0);
  const storage::ItemRow row =
      must(storage::find_item(*must(fixture.store_->read()), fixture.project, item));
  const MaskLayer stored =
      must(load_mask(*fixture.store_, row.patient, item, fixture.rater.rater(), grid, 0));
  CHECK(to_dense(stored) == oracle);
  const Bytes wire =
      must(fixture.masks.bricks(fixture.rater, fixture.project, item, grid,
                                {.rater = {}, .opinion = {}, .layer = 0, .indices = {}}));
  CHECK(wire.size() % (12 + 65'536) == 0);
  fixture.check_rebuilt();
}

TEST_CASE("labels leave in every format, without the patient's id, name, date or UIDs") {
  Labelling fixture;
  const auto in = fixture.folder.path() / "in";
  write_made_series(in / "ct", made_series("MRN-SECRET", 40));
  write_made_record(in / "ecg", "rec1", "MRN-SECRET");
  write_made_notes(in / "notes.jsonl", "MRN-SECRET");
  fixture.import({in});

  fixture.set_protocol("chest-ct-nodule.yaml");
  const ItemId image = ServiceFixture::item_id(fixture.items_of_kind("image")[0]);
  fixture.take(fixture.rater, image);
  const json::object series = first_series(fixture, image);
  const std::string grid = grid_id_of(series);
  json::object nodule = annotation_json(fixture.new_id(), image, "chest-ct-nodule",
                                        {{"type", "mask"}, {"grid_id", grid}, {"segment", 1}});
  nodule["label"] = "nodule";
  fixture.put(fixture.rater, image, nodule);
  json::object box = annotation_json(
      fixture.new_id(), image, "chest-ct-nodule",
      {{"type", "region"},
       {"series_id", series.at("id")},
       {"instance_uid", series.at("volume").at("slices").as_array()[3].at("instance_uid")},
       {"frame", 0},
       {"geometry", json::object{{"kind", "box"},
                                 {"points", json::array{json::array{3, 4}, json::array{9, 12}}}}}});
  box["label"] = "granuloma";
  fixture.put(fixture.rater, image, box);
  draw_first(fixture, fixture.masks, fixture.rater, image, grid,
             made_layer({{.first = {4, 8, 5}, .length = 16, .segment = 1}}));

  fixture.set_protocol("ecg-beats-rhythm.yaml");
  const ItemId signal = ServiceFixture::item_id(fixture.items_of_kind("signal")[0]);
  fixture.take(fixture.rater, signal);
  for (int i = 0; i < 10; ++i) {
    json::object beat =
        annotation_json(fixture.new_id(), signal, "ecg-beats-rhythm",
                        {{"type", "sample"}, {"tick", i * 250}, {"channel", nullptr}});
    beat["label"] = i == 4 ? "beat_pvc" : "beat_normal";
    fixture.put(fixture.rater, signal, beat);
  }
  fixture.set_protocol("note-problems.yaml");
  const ItemId note = ServiceFixture::item_id(fixture.items_of_kind("text")[0]);
  fixture.take(fixture.rater, note);
  json::object span =
      annotation_json(fixture.new_id(), note, "note-problems",
                      {{"type", "spans"}, {"ranges", json::array{json::array{6, 12}}}});
  span["label"] = "problem";
  fixture.put(fixture.rater, note, span);

  JobQueue jobs;
  Exports exports(*fixture.store_, jobs, fixture.folder.path() / "exports", *fixture.clock,
                  *fixture.random);
  const std::vector<std::string> secrets{
      "MRN-SECRET",
      "MADE^PATIENT",
      "2019-03-1",
      "20190311",
      "2.25.1001000100010001000",
      std::string(box.at("target").at("instance_uid").as_string())};
  const std::map<std::string, std::int64_t> expected{
      {"dicom_seg", 1}, {"nifti", 1},       {"coco", 2},  {"labels_csv", 13}, {"labels_jsonl", 13},
      {"brat", 1},      {"spans_jsonl", 1}, {"wfdb", 10}, {"edf", 10},        {"signal_csv", 10}};
  for (const auto& [name, count] : expected) {
    CAPTURE(name);
    const auto out = fixture.folder.path() / "out" / name / "";
    const ExportReport report = must(exports.write_to(
        fixture.lead, fixture.project,
        {.format = *export_format_named(name), .with_drafts = true, .item_ids = {}}, out));
    CHECK(report.annotations == count);
    for (const auto& [reason, left_out] : report.excluded)
      MESSAGE(name << ": " << left_out << " x " << reason);
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
      if (!entry.is_regular_file()) continue;
      ++files;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(file)), {});
      for (const std::string& secret : secrets) {
        CHECK(content.find(secret) == std::string::npos);
      }
    }
    CHECK(files >= 2);
  }
  const ExportId id = make_id<ExportId>(*fixture.clock, *fixture.random);
  const ExportRequest request{
      .format = ExportFormat::LabelsCsv, .with_drafts = true, .item_ids = {}};
  must(exports.put(fixture.lead, fixture.project, id, request));
  must(exports.put(fixture.lead, fixture.project, id, request));
  jobs.wait_idle();
  CHECK(must(exports.show(fixture.lead, fixture.project, id)).at("state").as_string() == "done");
  CHECK(must(exports.download(fixture.lead, fixture.project, id)).bytes->size() > 100);
  CHECK(!exports.show(fixture.rater, fixture.project, id));
  fixture.check_rebuilt();
}

TEST_CASE("an item whose places are all read gets a further one for each reader it is handed to") {
  Labelling fixture;
  fixture.set_protocol("note-problems.yaml");
  write_made_notes(fixture.folder.path() / "notes.jsonl", "MRN-1");
  fixture.import({fixture.folder.path() / "notes.jsonl"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("text")[0]);
  const Access second = fixture.person("Second", Roles{Role::Rater});
  const Access third = fixture.person("Third", Roles{Role::Rater});
  const auto hand_out = [&] {
    std::vector<std::int64_t> statuses;
    const json::object answer = must(fixture.assignment.assign(
        fixture.lead, fixture.project, {item}, {second.person, third.person}));
    for (const json::value& row : answer.at("results").as_array()) {
      statuses.push_back(row.at("status").to_number<std::int64_t>());
    }
    return statuses;
  };
  const auto wanted = [&] {
    return must(storage::find_item(*must(fixture.store_->read()), fixture.project, item))
        .readers_wanted;
  };
  // The one place is being read: nobody else is to read it unless the lead waits.
  const TaskId task = fixture.take(fixture.rater, item);
  CHECK(hand_out() == std::vector<std::int64_t>{409, 409});
  CHECK(wanted() == 1);
  json::object kind = annotation_json(fixture.new_id(), item, "note-problems", {{"type", "whole"}});
  kind["question"] = "document_type";
  kind["value"] = "progress_note";
  fixture.put(fixture.rater, item, kind);
  must(fixture.assignment.submit(fixture.rater, fixture.project, task, 10.0));
  CHECK(hand_out() == std::vector<std::int64_t>{200, 200});
  CHECK(wanted() == 3);
  CHECK(hand_out() == std::vector<std::int64_t>{200, 200});  // they have it
  CHECK(wanted() == 3);
  const auto next = must(fixture.assignment.next(third, fixture.project, std::nullopt, false));
  REQUIRE(next.has_value());
  CHECK(next->at("task").at("holds_place").as_bool());
  CHECK(ServiceFixture::item_id(next->at("item")) == item);
  fixture.check_rebuilt();
}
