// The pixel classifier in the product: strokes teach it, the next cases open labelled.
#include "service/segmentation/classify.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "service/annotation/mask_bricks.hpp"
#include "service/segmentation/pixel_model.hpp"
#include "service/segmentation/segmentation.hpp"
#include "service/segmentation/turn.hpp"
#include "service/segmentation/working_mask.hpp"
#include "storage/labels.hpp"
#include "storage/pixel_samples.hpp"
#include "tests/service/made_masks.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

constexpr std::uint32_t slices = 20;

// Scans of as many patients, each with a ball of 140 HU in 20 HU, every one in another place.
struct Phantoms : Readers {
  Masks masks{*store_, *clock};
  Segmentation segmentation{*store_, *items_, masks, *clock, *random, {}};
  std::vector<ItemId> scans;
  Grid grid;

  static bool in_ball(std::size_t scan, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    const double dx = static_cast<double>(x) - 22 - 6 * static_cast<double>(scan);
    const double dy = static_cast<double>(y) - 30;
    const double dz = (static_cast<double>(z) - 9) * 1.5;
    return dx * dx + dy * dy + dz * dz < 11.0 * 11.0;
  }

  explicit Phantoms(const Edits& edits = {}) : Readers("chest-ct-nodule", edits) {
    for (std::size_t scan = 0; scan < 3; ++scan) {
      MadeImageSeries series = made_series("MRN-" + std::to_string(scan), slices);
      const std::string digit = std::to_string(scan + 1);
      series.patient_study.study_instance_uid += digit;
      series.series_instance_uid += digit;
      series.frame_of_reference_uid += digit;
      series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
      grid = series.grid;
      for (std::uint32_t z = 0; z < slices; ++z) {
        std::vector<std::int16_t> stored;
        for (std::uint32_t y = 0; y < 64; ++y) {
          for (std::uint32_t x = 0; x < 64; ++x) {
            stored.push_back(static_cast<std::int16_t>((in_ball(scan, x, y, z) ? 1164 : 1044) +
                                                       (x * 3 + y * 5 + z) % 7));
          }
        }
        const NamedBytes file = must(write_image_slice(series, z, stored));
        write_file(folder.path() / ("ct" + digit) / file.name, file.bytes);
      }
      import({folder.path() / ("ct" + digit)});
    }
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("image")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    for (const auto& [number, id] : by_number) scans.push_back(id);
    REQUIRE(scans.size() == 3);
  }
  std::string grid_id(std::size_t scan) { return grid_id_of(first_series(*this, scans[scan])); }

  // Strokes on the first scan on both sides of the edge: segment 1, with the label, inside;
  // segment 2 outside.
  void draw_strokes() {
    take(raters[0], scans[0]);
    put(raters[0], scans[0],
        labelled(scans[0], "lymph_node",
                 {{"type", "mask"}, {"grid_id", grid_id(0)}, {"segment", 1}}));
    draw_first(*this, masks, raters[0], scans[0], grid_id(0),
               made_layer({{.first = {12, 30, 9}, .length = 20, .segment = 1},
                           {.first = {20, 20, 9}, .length = 5, .segment = 1},
                           {.first = {20, 40, 9}, .length = 5, .segment = 1},
                           {.first = {20, 30, 3}, .length = 5, .segment = 1},
                           {.first = {20, 30, 15}, .length = 5, .segment = 1},
                           {.first = {34, 30, 9}, .length = 26, .segment = 2},
                           {.first = {4, 30, 9}, .length = 7, .segment = 2},
                           {.first = {16, 42, 9}, .length = 12, .segment = 2},
                           {.first = {16, 18, 9}, .length = 12, .segment = 2},
                           {.first = {16, 30, 1}, .length = 12, .segment = 2},
                           {.first = {16, 30, 17}, .length = 12, .segment = 2}},
                          slices));
  }
  Result<MaskOperationAnswer> classify(json::object more = {}) {
    json::object operation{{"kind", "classify"}, {"background", 2}};
    for (auto& [key, value] : more) operation[key] = value;
    return segmentation.operate(
        raters[0], project, scans[0], grid_id(0),
        json::object{{"base_revision", 1}, {"layer", 0}, {"operation", std::move(operation)}});
  }
  // Of segment 1 in the slices, against the ball.
  double dice(std::size_t scan, const std::vector<std::uint16_t>& labels, std::uint32_t first = 0,
              std::uint32_t last = slices - 1) {
    double both = 0;
    double sum = 0;
    for (std::uint32_t z = first; z <= last; ++z) {
      for (std::uint32_t y = 0; y < 64; ++y) {
        for (std::uint32_t x = 0; x < 64; ++x) {
          const bool is_said = labels[(z * 64 + y) * 64 + x] == 1;
          const bool is_true = in_ball(scan, x, y, z);
          both += is_said && is_true ? 1 : 0;
          sum += (is_said ? 1 : 0) + (is_true ? 1 : 0);
        }
      }
    }
    return 2 * both / sum;
  }
  std::vector<std::uint16_t> labels_of(const Bytes& records) const {
    return must(WorkingMask::read(grid, records)).labels(0, whole_box(grid.dims));
  }
  // "version 0123456789ab": what the model's labels of the scan say of it.
  std::set<std::string> model_versions(std::size_t scan) {
    const auto reader = must(store_->read());
    std::set<std::string> versions;
    for (const storage::AnnotationRow& row :
         must(storage::annotations_of_item(*reader, scans[scan], std::nullopt, "", 100))) {
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      versions.insert(body.comment.value_or(""));
    }
    return versions;
  }
  // The pixel classifier's mask of the scan, if it has one.
  std::optional<storage::MaskRow> model_mask(std::size_t scan) {
    const auto reader = must(store_->read());
    for (const auto& mask : must(storage::masks_of_item(*reader, scans[scan], std::nullopt))) {
      if (mask.rater_name == "pixel classifier") return mask;
    }
    return std::nullopt;
  }
  std::vector<std::uint16_t> model_labels(std::size_t scan) {
    const auto mask = model_mask(scan);
    REQUIRE(mask.has_value());
    const auto reader = must(store_->read());
    const storage::ItemRow item = must(storage::find_item(*reader, project, scans[scan]));
    Bytes records;
    for (const auto& row :
         must(storage::mask_bricks(*reader, item.id, mask->rater, mask->grid_id, std::nullopt))) {
      const Bytes bytes = must(read_brick(*store_, item.patient, row));
      put_u32(records, row.brick);
      put_u32(records, row.layer);
      put_u32(records, static_cast<std::uint32_t>(bytes.size()));
      records.insert(records.end(), bytes.begin(), bytes.end());
    }
    return labels_of(records);
  }
};

}  // namespace

TEST_CASE("strokes on one case label it, what is in view first, and the next cases open labelled") {
  std::string version;
  for (int run = 0; run < 2; ++run) {
    CAPTURE(run);
    Phantoms fixture;
    fixture.draw_strokes();
    const auto in_view = must(fixture.classify({{"axis", 2}, {"first", 8}, {"last", 10}}));
    const auto seen = fixture.labels_of(in_view.records);
    CHECK(fixture.dice(0, seen, 8, 10) > 0.9);
    CHECK(seen[(2 * 64 + 30) * 64 + 22] == 0);
    CHECK(must(fixture.segmentation.label_next(fixture.raters[0], fixture.project)) == 0);

    const auto all = must(fixture.classify());
    CHECK(fixture.dice(0, fixture.labels_of(all.records)) > 0.9);
    CHECK(must(fixture.segmentation.label_next(fixture.raters[0], fixture.project)) == 2);
    for (const std::size_t scan : {1U, 2U}) {
      CAPTURE(scan);
      CHECK(fixture.dice(scan, fixture.model_labels(scan)) > 0.9);
    }
    CHECK(!fixture.model_mask(0));  // somebody has begun it
    CHECK(must(fixture.segmentation.label_next(fixture.raters[0], fixture.project)) == 0);

    // A vote of a rater of kind model that says its version; the same strokes, the same model.
    const ProjectVotes votes = fixture.votes();
    REQUIRE(votes.raters.size() == 1);
    CHECK(votes.raters[0].rater.kind == RaterKind::Model);
    CHECK(unit_of(votes, "lymph_node@mask").table.vote_count() == 2);
    CHECK(votes.raters[0].rater.display_name == "pixel classifier");
    const std::set<std::string> versions = fixture.model_versions(1);
    CHECK(versions == fixture.model_versions(2));
    REQUIRE(versions.size() == 1);
    CHECK(versions.begin()->starts_with("version "));
    if (run == 1) CHECK(*versions.begin() == version);
    version = *versions.begin();
    fixture.check_rebuilt();
  }
}

TEST_CASE(
    "where the protocol wants no suggestions of models nothing is kept and nothing labelled") {
  Phantoms fixture(Edits{{"{kind: model, show: after,", "{kind: model, show: never,"}});
  fixture.draw_strokes();
  CHECK(fixture.dice(0, fixture.labels_of(must(fixture.classify()).records)) > 0.9);
  CHECK(must(storage::pixel_samples(*must(fixture.store_->read()), fixture.project, 10)).empty());
  CHECK(must(fixture.segmentation.label_next(fixture.raters[0], fixture.project)) == 0);
  CHECK(!fixture.model_mask(1));
}

TEST_CASE("kept samples are read as they were packed, and cut short they are refused") {
  LabelledSamples kept{.labels = {"liver", "spleen"}, .samples = {}};
  kept.samples.labels = {1, 2, background_class};
  for (int i = 0; i < 3 * static_cast<int>(FeaturePyramid::feature_count); ++i) {
    kept.samples.features.push_back(static_cast<std::int16_t>(i * 700 - 20'000));
  }
  const Bytes bytes = packed(kept);
  const LabelledSamples back = must(read_samples(bytes));
  CHECK(back.labels == kept.labels);
  CHECK(back.samples.labels == kept.samples.labels);
  CHECK(back.samples.features == kept.samples.features);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!read_samples(ByteView(bytes).first(size)));
  }
  // Joined by label, whatever their numbers.
  LabelledSamples other{.labels = {"spleen"}, .samples = {}};
  other.samples.labels = {1};
  other.samples.features.assign(FeaturePyramid::feature_count, 7);
  must(kept.append(other));
  CHECK(kept.labels.size() == 2);
  CHECK(kept.samples.labels.back() == 2);
}

TEST_CASE("one operation a person, so many at a time, and a cancelled one is told to stop") {
  Turn::Running running;
  ManualClock clock(Timestamp{1});
  SeededRandom random(1);
  const auto ada = make_id<PersonId>(clock, random);
  const auto ben = make_id<PersonId>(clock, random);
  CHECK(!Turn::cancel(running, ada));
  {
    const Turn turn = must(Turn::take(running, ada, 1));
    const auto again = Turn::take(running, ada, 1);
    REQUIRE(!again);
    CHECK(again.error().code == ErrorCode::RateLimited);
    const auto other = Turn::take(running, ben, 1);
    REQUIRE(!other);
    CHECK(other.error().code == ErrorCode::Unavailable);
    CHECK(!turn.stop_token().stop_requested());
    CHECK(!Turn::cancel(running, ben));
    CHECK(Turn::cancel(running, ada));
    CHECK(turn.stop_token().stop_requested());
    const Status stopped = check_running(turn.stop_token());
    REQUIRE(!stopped);
    CHECK(stopped.error().code == ErrorCode::Conflict);
  }
  CHECK(Turn::take(running, ada, 1).has_value());
}

TEST_CASE("a volume that is too large to be held is refused, and the refusal says what to do") {
  Phantoms fixture;
  fixture.draw_strokes();
  struct Case {
    const char* name;
    SegmentationLimits limits;
    bool threshold_passes;
  };
  const Case cases[] = {{"the engines' voxels", {.engine_voxels_max = 64 * 64 * 20 - 1}, true},
                        {"all voxels", {.voxels_max = 100, .engine_voxels_max = 100}, false},
                        {"decoded bytes", {.volume_bytes_max = 1000}, false}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Segmentation small(*fixture.store_, *fixture.items_, fixture.masks, *fixture.clock,
                       *fixture.random, c.limits);
    const auto ask = [&](json::object operation) {
      return small.operate(
          fixture.raters[0], fixture.project, fixture.scans[0], fixture.grid_id(0),
          json::object{{"base_revision", 1}, {"layer", 0}, {"operation", std::move(operation)}});
    };
    const auto grown = ask({{"kind", "grow"}, {"background", 2}});
    REQUIRE(!grown);
    CHECK(grown.error().code == ErrorCode::TooLarge);
    CHECK(!grown.error().what.empty());
    CHECK(ask({{"kind", "threshold"}, {"segment", 3}, {"lo", 100}, {"hi", 400}}).has_value() ==
          c.threshold_passes);
  }
}
