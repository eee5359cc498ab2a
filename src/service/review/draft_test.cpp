#include "service/review/reviewed.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

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
