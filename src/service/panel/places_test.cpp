// Votes by place: what is matched to what, by geometry, and what nobody's place comes to.
#include <filesystem>
#include <fstream>
#include <map>

#include "analysis/mask_metrics/mask_metrics.hpp"
#include "format/nifti/nifti.hpp"
#include "service/access/pseudonym.hpp"
#include "service/job/job_queue.hpp"
#include "service/release/exports.hpp"
#include "tests/service/made_masks.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// Readers of CT series, one of each of as many patients.
struct Scans : Readers {
  Masks masks{*store_, *clock};
  std::vector<ItemId> scans;

  explicit Scans(int count = 1, const Edits& edits = {}) : Readers("chest-ct-nodule", edits) {
    for (int i = 0; i < count; ++i) {
      MadeImageSeries series = made_series("MRN-" + std::to_string(i), 40);
      const std::string digit = std::to_string(i + 1);
      series.patient_study.study_instance_uid += digit;
      series.series_instance_uid += digit;
      series.frame_of_reference_uid += digit;
      series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
      write_made_series(folder.path() / ("ct" + digit), series);
      import({folder.path() / ("ct" + digit)});
    }
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("image")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    for (const auto& [number, id] : by_number) scans.push_back(id);
    REQUIRE(scans.size() == static_cast<std::size_t>(count));
  }

  json::object quality(const ItemId& item, json::value value = "not_diagnostic") {
    return answer(item, "study_quality", std::move(value));
  }
  json::object region(const ItemId& item, const std::string& label, const std::string& kind,
                      std::vector<std::pair<double, double>> points, std::size_t slice = 3) {
    const json::object series = first_series(*this, item);
    json::array places;
    for (const auto& [x, y] : points) places.push_back(json::array{x, y});
    return labelled(
        item, label,
        {{"type", "region"},
         {"series_id", series.at("id")},
         {"instance_uid", series.at("volume").at("slices").as_array()[slice].at("instance_uid")},
         {"frame", 0},
         {"geometry", json::object{{"kind", kind}, {"points", std::move(places)}}}});
  }
  json::object in_space(const ItemId& item, const std::string& label, const std::string& kind,
                        const std::vector<PatientPoint>& points) {
    json::array places;
    for (const PatientPoint& p : points) places.push_back(json::array{p.x_mm, p.y_mm, p.z_mm});
    return labelled(item, label,
                    {{"type", "space"},
                     {"series_id", first_series(*this, item).at("id")},
                     {"geometry", json::object{{"kind", kind}, {"points", std::move(places)}}}});
  }
  // What was said of the only item's units, by unit: one entry a row, by rater, "-" for no vote.
  std::map<std::string, std::vector<std::string>> said() { return said_of(votes()); }
  std::map<std::string, std::vector<std::string>> said_of(const ProjectVotes& votes) {
    std::map<std::string, std::vector<std::string>> all;
    for (const VotingUnit& unit : votes.units) {
      for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
        std::string line;
        for (const Access& access : raters) {
          std::string one = "-";
          for (std::size_t v = 0; v < unit.table.labels_of(row).size(); ++v) {
            const RaterIndex who = unit.table.raters_of(row)[v];
            if (votes.raters[who].rater.id == access.rater()) {
              one = unit.classes[unit.table.labels_of(row)[v]].id;
            }
          }
          line += (line.empty() ? "" : " ") + one;
        }
        all[unit.id].push_back(line);
      }
    }
    // Places come in the order of their ids, which are drawn anew in each run.
    for (auto& [unit, rows] : all) std::ranges::sort(rows, std::ranges::greater());
    return all;
  }
};

using Rows = std::vector<std::string>;

std::string lines(const Rows& rows) {
  std::string text;
  for (const std::string& row : rows) text += row + "; ";
  return text;
}

std::string bytes_in(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

}  // namespace

TEST_CASE("areas are one place when they overlap enough, whatever they were drawn with") {
  Scans fixture;
  const ItemId item = fixture.scans[0];
  // Boxes of 10 x 10 pixels: shifted by 4 their IoU is 60 / 140, by 7 it is 30 / 170.
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item),
                fixture.region(item, "lymph_node", "box", {{9.5, 9.5}, {19.5, 19.5}})});
  fixture.read(fixture.raters[1], item,
               {fixture.quality(item),
                fixture.region(item, "lymph_node", "polygon",
                               {{13.5, 9.5}, {23.5, 9.5}, {23.5, 19.5}, {13.5, 19.5}})});
  fixture.read(fixture.raters[2], item,
               {fixture.quality(item),
                fixture.region(item, "lymph_node", "box", {{9.5, 16.5}, {19.5, 26.5}})});
  CHECK(fixture.said()["lymph_node"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
  fixture.check_rebuilt();
}

TEST_CASE("points and lines are one place within the label's distance, in mm") {
  Scans fixture;  // pixels of 1 mm, slices of 1.5 mm; 5 mm are allowed
  const ItemId item = fixture.scans[0];
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item), fixture.region(item, "lymph_node", "point", {{20, 20}}, 3)});
  fixture.read(  // 3 mm aside and two slices up: 4.2 mm
      fixture.raters[1], item,
      {fixture.quality(item), fixture.region(item, "lymph_node", "point", {{23, 20}}, 5)});
  fixture.read(  // three slices up: 6.02 mm
      fixture.raters[2], item,
      {fixture.quality(item), fixture.region(item, "lymph_node", "point", {{24, 20}}, 0)});
  CHECK(fixture.said()["lymph_node@point"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
}

namespace {

// The made series' voxels are 1 x 1 x 1.5 mm; its first lies at (-32, -32, -100).
const Edits with_cuboids{{"places: [mask, polygon, ellipse, box, point]",
                          "places: [mask, polygon, ellipse, box, point, length, cuboid]"}};

// A corner and the ends of edges along the axes, of a box from one corner to the other.
std::vector<PatientPoint> box_in_space(const PatientPoint& from, const PatientPoint& to) {
  return {from,
          {to.x_mm, from.y_mm, from.z_mm},
          {from.x_mm, to.y_mm, from.z_mm},
          {from.x_mm, from.y_mm, to.z_mm}};
}

}  // namespace

TEST_CASE("boxes in space are one place when they share enough of their volume") {
  Scans fixture(1, with_cuboids);
  const ItemId item = fixture.scans[0];
  const auto box = [&](double shift_mm) {
    return fixture.in_space(
        item, "lymph_node", "cuboid",
        box_in_space({-20.5 + shift_mm, -20.5, -95.75}, {-10.5 + shift_mm, -10.5, -80.75}));
  };
  // Shifted by 4 of 10 mm they share 60 of 140, by 7 mm 30 of 170.
  fixture.read(fixture.raters[0], item, {fixture.quality(item), box(0)});
  fixture.read(fixture.raters[1], item, {fixture.quality(item), box(4)});
  fixture.read(fixture.raters[2], item, {fixture.quality(item), box(-7)});
  CHECK(fixture.said()["lymph_node"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
  fixture.check_rebuilt();
}

TEST_CASE("an area on a turned plane is the place of one on a frame that it lies along") {
  Scans fixture(1, with_cuboids);
  const ItemId item = fixture.scans[0];
  // Slice 3 lies at z = -95.5. The second leans by 2 mm over its 20; the third stands upright on
  // it.
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item),
                fixture.region(item, "lymph_node", "box", {{9.5, 9.5}, {29.5, 29.5}})});
  fixture.read(fixture.raters[1], item,
               {fixture.quality(item), fixture.in_space(item, "lymph_node", "polygon",
                                                        {{-22.5, -22.5, -96.5},
                                                         {-2.5, -22.5, -94.5},
                                                         {-2.5, -2.5, -94.5},
                                                         {-22.5, -2.5, -96.5}})});
  fixture.read(
      fixture.raters[2], item,
      {fixture.quality(item),
       fixture.in_space(
           item, "lymph_node", "polygon",
           {{-22.5, -12.5, -99}, {-2.5, -12.5, -99}, {-2.5, -12.5, -79}, {-22.5, -12.5, -79}})});
  CHECK(fixture.said()["lymph_node"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
}

TEST_CASE("points and lengths in space are near in the patient, on frames or not") {
  Scans fixture(1, with_cuboids);
  const ItemId item = fixture.scans[0];
  // The frame's point lies at (-12, -12, -95.5): 4.58 mm from the second, 5.2 from the third.
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item), fixture.region(item, "lymph_node", "point", {{20, 20}}, 3),
                fixture.in_space(item, "lymph_node", "length", {{0, 0, -90}, {6, 8, -80}})});
  fixture.read(
      fixture.raters[1], item,
      {fixture.quality(item), fixture.in_space(item, "lymph_node", "point", {{-10, -8, -94.5}}),
       fixture.in_space(item, "lymph_node", "length", {{6, 8, -76}, {0, 4, -90}})});
  fixture.read(
      fixture.raters[2], item,
      {fixture.quality(item), fixture.in_space(item, "lymph_node", "point", {{-15, -15, -98.5}}),
       fixture.in_space(item, "lymph_node", "length", {{0, 0, -90}, {6, 8, -85.5}})});
  auto said = fixture.said();
  CHECK(said["lymph_node@point"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
  // Drawn the other way round it is the same line; an end 5.5 mm off makes it another.
  CHECK(said["lymph_node@line"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
}

namespace {

// Beside the first series of 64 x 64 x 40 voxels of 1 x 1 x 1.5 mm a second one of the same place:
// 32 x 32 x 13 voxels of 2 x 2 x 4.5 mm, whose slice k lies at the first one's slice 3 k.
struct TwoSeries : Scans {
  TwoSeries() {
    MadeImageSeries second = made_series("MRN-0", 13, 32);
    second.patient_study.study_instance_uid += "1";
    second.series_instance_uid = "2.25.10010001000100010009";
    second.series_number = 2;
    second.frame_of_reference_uid += "1";
    second.grid.frame_of_reference_uid = second.frame_of_reference_uid;
    second.grid.affine = affine_from_axes({-31.5, -31.5, -100}, {2, 0, 0}, {0, 2, 0}, {0, 0, 4.5});
    write_made_series(folder.path() / "second", second);
    import({folder.path() / "second"});
  }
  json::object on_second(const std::string& kind, std::vector<std::pair<double, double>> points,
                         std::size_t slice) {
    const json::object shown = must(items_->show(lead, project, scans[0]));
    const json::array& series =
        shown.at("source").at("studies").as_array()[0].at("series").as_array();
    REQUIRE(series.size() == 2);
    json::object made = region(scans[0], "lymph_node", kind, std::move(points));
    json::object& target = made.at("target").as_object();
    target["series_id"] = series[1].at("id");
    target["instance_uid"] =
        series[1].at("volume").at("slices").as_array()[slice].at("instance_uid");
    return made;
  }
};

}  // namespace

TEST_CASE(
    "areas on series of one frame of reference are one place where they are it in the patient") {
  TwoSeries fixture;
  const ItemId item = fixture.scans[0];
  // From -22.5 to -2.5 mm at z = -95.5 on both; the third reader's lies a thick slice above.
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item),
                fixture.region(item, "lymph_node", "box", {{9.5, 9.5}, {29.5, 29.5}}, 3)});
  fixture.read(fixture.raters[1], item,
               {fixture.quality(item), fixture.on_second("box", {{4.5, 4.5}, {14.5, 14.5}}, 1)});
  fixture.read(fixture.raters[2], item,
               {fixture.quality(item), fixture.on_second("box", {{4.5, 4.5}, {14.5, 14.5}}, 2)});
  CHECK(fixture.said()["lymph_node"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
  fixture.check_rebuilt();
}

TEST_CASE("points on series of one frame of reference are near in the patient") {
  TwoSeries fixture;  // 5 mm are allowed
  const ItemId item = fixture.scans[0];
  // At (-12, -12, -95.5): 0.7 mm from the second, 9 mm from the third.
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item), fixture.region(item, "lymph_node", "point", {{20, 20}}, 3)});
  fixture.read(fixture.raters[1], item,
               {fixture.quality(item), fixture.on_second("point", {{10, 10}}, 1)});
  fixture.read(fixture.raters[2], item,
               {fixture.quality(item), fixture.on_second("point", {{10, 10}}, 3)});
  CHECK(fixture.said()["lymph_node@point"] ==
        Rows{"lymph_node lymph_node absent", "absent absent lymph_node"});
}

TEST_CASE("who finished without a place says absent; unsure is a vote, not evaluable is none") {
  Scans fixture;
  const ItemId item = fixture.scans[0];
  fixture.read(fixture.raters[0], item,
               {fixture.quality(item), fixture.answer(item, "malignancy", "not_evaluable"),
                fixture.region(item, "lymph_node", "box", {{10, 10}, {20, 20}})});
  fixture.read(fixture.raters[1], item,
               {fixture.quality(item, "limited"), fixture.answer(item, "nodules_present", false),
                fixture.answer(item, "malignancy", "unsure")});
  fixture.take(fixture.raters[2], item);  // has drawn and not submitted: says nothing
  fixture.put(fixture.raters[2], item,
              fixture.region(item, "lymph_node", "box", {{10, 10}, {20, 20}}));
  auto said = fixture.said();
  CHECK(lines(said["lymph_node"]) == lines(Rows{"lymph_node absent -"}));
  CHECK(lines(said["study_quality"]) == lines(Rows{"not_diagnostic limited -"}));
  CHECK(lines(said["malignancy"]) == lines(Rows{"- unsure -"}));
  CHECK(lines(said["nodules_present"]) == lines(Rows{"- false -"}));
}

TEST_CASE("a mask's presence is the vote of whoever finished the item") {
  Scans fixture;
  const ItemId item = fixture.scans[0];
  const std::string grid = grid_id_of(first_series(fixture, item));
  const TaskId task = fixture.take(fixture.raters[0], item);
  fixture.put(
      fixture.raters[0], item,
      fixture.labelled(item, "lymph_node", {{"type", "mask"}, {"grid_id", grid}, {"segment", 1}}));
  draw_first(fixture, fixture.masks, fixture.raters[0], item, grid,
             made_layer({{.first = {4, 8, 5}, .length = 4, .segment = 1}}));
  fixture.put(fixture.raters[0], item, fixture.quality(item));
  fixture.submit(fixture.raters[0], task);
  fixture.read(fixture.raters[1], item, {fixture.quality(item)});
  CHECK(lines(fixture.said()["lymph_node@mask"]) == lines(Rows{"lymph_node absent -"}));
}

TEST_CASE("beats are one place within the window, intervals when they overlap enough") {
  Readers fixture("ecg-beats-rhythm", {});
  write_made_record(fixture.folder.path() / "ecg", "rec1", "MRN-1");
  fixture.import({fixture.folder.path() / "ecg"});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("signal")[0]);
  const auto beat = [&](const std::string& label, int tick) {
    return fixture.labelled(item, label,
                            {{"type", "sample"}, {"tick", tick}, {"channel", nullptr}});
  };
  // 250 ticks a second: 150 ms are 37.5 ticks.
  const TaskId first = fixture.take(fixture.raters[0], item);
  for (const int tick : {250, 500, 750}) {
    fixture.put(fixture.raters[0], item, beat("beat_normal", tick));
  }
  const TaskId second = fixture.take(fixture.raters[1], item);
  fixture.put(fixture.raters[1], item, beat("beat_normal", 287));  // 37 ticks: the same beat
  fixture.put(fixture.raters[1], item, beat("beat_pvc", 510));     // another class
  fixture.put(fixture.raters[1], item, beat("beat_normal", 788));  // 38 ticks: another beat
  const auto rhythm = [&](const std::string& label, int begin, int end) {
    return fixture.labelled(item, label,
                            {{"type", "interval"},
                             {"begin_tick", begin},
                             {"end_tick", end},
                             {"channels", json::array{}}});
  };
  // Of both times the shared one is 0.52, then 0.25; half is asked for.
  fixture.put(fixture.raters[0], item, rhythm("rhythm_afib", 2500, 7500));
  fixture.put(fixture.raters[1], item, rhythm("rhythm_afl", 4900, 7500));
  fixture.put(fixture.raters[0], item, rhythm("rhythm_vt", 10'000, 11'000));
  fixture.put(fixture.raters[1], item, rhythm("rhythm_vt", 10'600, 11'600));
  const auto finish = [&](const Access& access, const TaskId& task) {
    fixture.put(access, item, fixture.answer(item, "recording_quality", "good"));
    fixture.put(access, item, fixture.answer(item, "predominant_rhythm", "sinus"));
    fixture.put(access, item, fixture.answer(item, "atrial_fibrillation_any", false));
    fixture.submit(access, task);
  };
  finish(fixture.raters[0], first);
  finish(fixture.raters[1], second);
  const ProjectVotes votes = fixture.votes();
  // What the two said of each place of the unit whose id begins so.
  const auto said = [&](const std::string& begin) {
    Rows rows;
    for (const VotingUnit& unit : votes.units) {
      if (!unit.id.starts_with(begin)) continue;
      for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
        std::map<RaterId, std::string> by_rater;
        for (std::size_t v = 0; v < unit.table.labels_of(row).size(); ++v) {
          by_rater[votes.raters[unit.table.raters_of(row)[v]].rater.id] =
              unit.classes[unit.table.labels_of(row)[v]].id;
        }
        rows.push_back(by_rater[fixture.raters[0].rater()] + ' ' +
                       by_rater[fixture.raters[1].rater()]);
      }
    }
    return lines(rows);
  };
  CHECK(said("beat_normal") == lines(Rows{"beat_normal beat_normal", "beat_normal beat_pvc",
                                          "beat_normal absent", "absent beat_normal"}));
  CHECK(said("rhythm_") ==
        lines(Rows{"rhythm_afib rhythm_afl", "rhythm_vt absent", "absent rhythm_vt"}));
}

TEST_CASE("the panel's Dice is that of the exported masks, lowest items first") {
  Scans fixture(3);
  // By scan and reader: how long a bar is drawn; 0 is a finished item without a mask.
  const std::uint32_t lengths[3][3] = {{10, 10, 5}, {8, 2, 0}, {6, 6, 6}};
  for (std::size_t i = 0; i < 3; ++i) {
    const ItemId item = fixture.scans[i];
    const std::string grid = grid_id_of(first_series(fixture, item));
    for (std::size_t r = 0; r < 3; ++r) {
      const Access& access = fixture.raters[r];
      const TaskId task = fixture.take(access, item);
      fixture.put(access, item, fixture.quality(item));
      if (lengths[i][r] > 0) {
        fixture.put(access, item,
                    fixture.labelled(item, "lymph_node",
                                     {{"type", "mask"}, {"grid_id", grid}, {"segment", 1}}));
        draw_first(fixture, fixture.masks, access, item, grid,
                   made_layer({{.first = {4, 8, 5}, .length = lengths[i][r], .segment = 1}}));
      }
      fixture.submit(access, task);
    }
  }
  const json::object panel = must(fixture.panels.show(fixture.lead, fixture.project));
  const json::object& masks = unit_of(panel, "lymph_node@mask").at("masks").as_object();
  CHECK(masks.at("items") == 3);
  CHECK(unit_of(panel, "lymph_node@mask").at("agreement").at("metric") == "dice");
  const json::array& lowest = masks.at("lowest").as_array();
  REQUIRE(lowest.size() == 3);
  CHECK(lowest[0].at("number") == 2);
  CHECK(lowest[1].at("number") == 1);
  CHECK(lowest[2].at("number") == 3);
  CHECK(lowest[2].at("dice") == 1.0);
  // Of 10, 10 and 5 voxels: 1, 2/3, 2/3.
  CHECK(lowest[1].at("dice").to_number<double>() == (1.0 + 10.0 / 15 + 10.0 / 15) / 3);
  CHECK(lowest[0].at("dice").to_number<double>() == doctest::Approx(4.0 / 10 / 3));
  CHECK(masks.at("dice").at("value") == lowest[1].at("dice"));
  CHECK(masks.at("dice").at("low") == lowest[0].at("dice"));
  CHECK(masks.at("dice").at("high") == 1.0);

  JobQueue jobs;
  Exports exports(*fixture.store_, jobs, fixture.folder.path() / "exports", *fixture.clock,
                  *fixture.random);
  const auto out = fixture.folder.path() / "masks";
  std::filesystem::create_directories(out);
  ExportRequest request;
  request.format = ExportFormat::Nifti;
  must(exports.write_to(fixture.operator_, fixture.project, request, out));
  // By item number and rater, read as `consilium compare` reads them.
  std::map<std::pair<std::int64_t, std::string>, std::vector<std::uint16_t>> exported;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    if (entry.path().extension() != ".gz") continue;
    const std::string bytes = bytes_in(entry.path());
    const NiftiVolume volume = must(read_nifti(bytes_of(bytes)));
    REQUIRE(volume.sample_type == SampleType::U8);
    std::vector<std::uint16_t> labels;
    for (const std::byte sample : volume.samples) {
      labels.push_back(std::to_integer<std::uint16_t>(sample));
    }
    const std::string name = entry.path().filename().string();
    exported[{std::stoll(name.substr(name.find('_') + 1)),
              entry.path().parent_path().filename().string()}] = std::move(labels);
  }
  CHECK(exported.size() == 8);
  const std::vector<std::uint16_t> nothing(std::size_t{64} * 64 * 40);
  int compared = 0;
  for (const json::value& item : lowest) {
    for (const json::value& pair : item.at("pairs").as_array()) {
      std::vector<const std::vector<std::uint16_t>*> volumes;
      for (const char* side : {"first", "second"}) {
        const RaterId rater = must(parse_id<RaterId>(pair.at(side).as_string()));
        const auto found =
            exported.find({item.at("number").as_int64(), rater_pseudonym(*fixture.store_, rater)});
        volumes.push_back(found == exported.end() ? &nothing : &found->second);
      }
      const auto metrics = must(compare_labels(*volumes[0], *volumes[1],
                                               {.dims = {64, 64, 40}, .spacing_mm = {1, 1, 1.5}}));
      REQUIRE(metrics.size() == 1);
      CHECK(pair.at("dice").to_number<double>() == metrics.front().metrics.overlap.dice);
      ++compared;
    }
  }
  CHECK(compared == 9);
  fixture.check_rebuilt();
}
