#include "service/segmentation/seed_sessions.hpp"

#include <functional>
#include <map>
#include <string_view>

#include "service/segmentation/drawn_fixture.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// Labels of layer 0 as a client holds them that shows a preview: the mask with the bricks of the
// answers laid over it.
class Shown {
 public:
  explicit Shown(Drawn& drawn) : drawn_(drawn) {}

  // Asks on from the preview that is shown; false: the answer was a whole one.
  bool ask(json::object operation, json::value mask = nullptr, std::string_view form = "runs") {
    json::object body{{"base_revision", drawn_.revision},
                      {"layer", 0},
                      {"operation", std::move(operation)},
                      {"mask", std::move(mask)},
                      {"runs", form == "runs"}};
    if (!preview_.empty()) body["since"] = preview_;
    const MaskOperationAnswer answer = must(drawn_.segmentation.operate(
        drawn_.rater, drawn_.project, drawn_.item, drawn_.grid_id_, body));
    summary = must(parse_json(answer.summary_json)).as_object();
    preview_ = summary.at("preview").as_string();
    const bool is_update = summary.at("update").as_bool();
    record_count = 0;
    if (!is_update) bricks_.clear();
    Drawn::for_each_record(answer.records, [&](auto index, auto, ByteView, ByteView bytes) {
      ++record_count;
      bricks_[index] = unpacked(bytes);
    });
    return is_update;
  }
  [[nodiscard]] std::vector<std::uint16_t> labels() const {
    const Bytes records = must(drawn_.masks.bricks(drawn_.rater, drawn_.project, drawn_.item,
                                                   drawn_.grid_id_, Drawn::own()));
    WorkingMask mask = must(WorkingMask::read(drawn_.grid, records));
    for (const auto& [index, bytes] : bricks_) must(mask.set(0, index, bytes));
    return mask.labels(0, whole_box(drawn_.grid.dims));
  }

  json::object summary;
  std::size_t record_count = 0;

 private:
  static Bytes unpacked(ByteView bytes) {
    if (bytes.empty() || bytes.size() == brick_voxel_count * 2) return {bytes.begin(), bytes.end()};
    Bytes labels;
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
      std::uint16_t run[2] = {};
      std::memcpy(run, bytes.data() + at, 4);
      for (unsigned i = 0; i < run[1]; ++i) {
        labels.push_back(bytes[at]);
        labels.push_back(bytes[at + 1]);
      }
    }
    REQUIRE(labels.size() == brick_voxel_count * 2);
    return labels;
  }

  Drawn& drawn_;
  std::string preview_;
  std::map<std::uint32_t, Bytes> bricks_;
};

// What a person does between two previews, and what the strokes' voxels are after it.
struct SeedStep {
  const char* name;
  std::function<void(Drawn&)> act;
  bool is_update = true;
};

TEST_CASE("a preview kept up to date by its changes is what a server without a past would say") {
  const auto ball = [](auto x, auto y, auto z) -> std::uint16_t {
    if (in_ball(x, y, z, 4)) return 1;
    return x < 3 || x > 66 ? 2 : 0;
  };
  const auto more = [&](auto x, auto y, auto z) -> std::uint16_t {
    return x > 30 && x < 34 && y == 4 && z == 6 ? 2 : ball(x, y, z);
  };
  const auto third = [&](auto x, auto y, auto z) -> std::uint16_t {
    return x == 10 && y < 8 ? 3 : more(x, y, z);
  };
  const SeedStep steps[] = {
      {"the first strokes", [&](Drawn& drawn) { drawn.draw(ball); }, false},
      {"a stroke added", [&](Drawn& drawn) { drawn.draw(more); }},
      {"it erased again", [&](Drawn& drawn) { drawn.draw(ball); }},
      {"undone, so that it is back", [&](Drawn& drawn) { drawn.draw(more); }},
      {"another segment", [&](Drawn& drawn) { drawn.draw(third); }, false},
      {"all of that segment erased", [&](Drawn& drawn) { drawn.draw(more); }},
      {"another tool",
       [](Drawn& drawn) {
         drawn.patch(must(drawn.ask({{"kind", "margin"}, {"segment", 1}, {"mm", 2}})).records);
       }},
      {"another layer",
       [](Drawn& drawn) {
         drawn.patch(
             must(drawn.ask({{"kind", "logical"}, {"segment", 7}, {"how", "union"}, {"with", 2}},
                            nullptr, 7))
                 .records);
       }},
  };
  for (const char* likelihood : {"intensity", "classifier"}) {
    CAPTURE(std::string(likelihood));
    // Learnt anew each time, for what is learnt depends on when it was.
    const json::object grow{{"kind", "grow"},
                            {"background", 2},
                            {"likelihood", likelihood},
                            {"relearn", true},
                            {"next_slices", false}};
    const json::object protect{{"protect", json::array{7}}};
    Drawn drawn;
    Shown shown(drawn);
    for (const SeedStep& step : steps) {
      CAPTURE(std::string(step.name));
      step.act(drawn);
      CHECK(shown.ask(grow, protect) == step.is_update);
      CHECK_FALSE(shown.summary.contains("next_slices"));
      Segmentation fresh(*drawn.store_, *drawn.items_, drawn.masks, *drawn.clock, *drawn.random,
                         {});
      const auto answer = must(fresh.operate(drawn.rater, drawn.project, drawn.item, drawn.grid_id_,
                                             json::object{{"base_revision", drawn.revision},
                                                          {"layer", 0},
                                                          {"operation", grow},
                                                          {"mask", protect}}));
      const Bytes stored = must(
          drawn.masks.bricks(drawn.rater, drawn.project, drawn.item, drawn.grid_id_, Drawn::own()));
      WorkingMask anew = must(WorkingMask::read(drawn.grid, stored));
      Drawn::for_each_record(answer.records, [&](auto index, auto layer, ByteView, ByteView bytes) {
        must(anew.set(layer, index, bytes));
      });
      CHECK(shown.labels() == anew.labels(0, whole_box(drawn.grid.dims)));
      const json::object told = must(parse_json(answer.summary_json)).as_object();
      for (const char* count : {"bricks", "added", "removed", "changed"}) {
        CHECK(told.at(count) == shown.summary.at(count));
      }
    }
    // Nothing was drawn since: nothing is sent. Another question is answered whole.
    json::object again = grow;
    again["relearn"] = false;
    again["keep_model"] = true;
    CHECK(shown.ask(again, protect));
    CHECK(shown.record_count == 0);
    CHECK_FALSE(shown.ask(again));
    CHECK(shown.ask(again, nullptr, "stored"));
    // By other means all is learnt and told anew.
    again["likelihood"] = std::string_view(likelihood) == "intensity" ? "classifier" : "intensity";
    shown.ask(again);
    const auto by_other = shown.labels();
    again["relearn"] = true;
    shown.ask(again);
    CHECK(shown.labels() == by_other);
  }
}

}  // namespace
